"""What each attack does to the victim that nobody defends."""

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.models.outcome import Outcome, outcome
from ganline.robustness.attacks import attack
from ganline.studies.finding import Figure, Finding, Number, Table
from ganline.studies.robustness.base import Attacked, Ground, share

TITLE = "Attacks on a classifier without defence"
SHOWN = 4
COLUMNS = (
    "attack", "accuracy, %", "success, %", "mean L0", "mean L2", "mean Linf", "queries an image",
)  # fmt: skip


def find(ground: Ground) -> Finding:
    """Return a table of all attacks, aimed at nothing and at targets, and pictures of what they make."""
    every = np.arange(len(ground.images))
    made = {name: ground.attacked(name) for name in ground.attacks}
    outcomes = {name: _outcome(ground, found, every, False) for name, found in made.items()}
    rows = [_row(ground, name, found, every, outcomes[name]) for name, found in made.items()]
    tables = [Table(f"Aimed at nothing, on {len(every)} images, with 95 % intervals", COLUMNS, rows)]
    if aimed := _at_targets(ground):
        tables.append(Table(f"Aimed at a random wrong class, on {len(ground.few)} images", COLUMNS, aimed))
    return Finding(
        _pictures(ground, made), _numbers(ground, made, outcomes), _words(outcomes), tables=tables,
        clock={f"{name}_seconds": found.seconds for name, found in made.items()},
    )  # fmt: skip


def _outcome(ground: Ground, made: Attacked, places: np.ndarray, targeted: bool) -> Outcome:
    targets = ground.targets[places] if targeted else None
    return outcome(ground.victim, ground.images[places], made.images, ground.labels[places], targets)


def _at_targets(ground: Ground) -> list[list[str]]:
    rows = []
    for name in ground.attacks:
        if attack(name).targeted:
            made = ground.attack(name, ground.victim, ground.few, "the victim", targeted=True)
            rows.append(_row(ground, name, made, ground.few, _outcome(ground, made, ground.few, True)))
    return rows


def _row(ground: Ground, name: str, made: Attacked, places: np.ndarray, found: Outcome) -> list[str]:
    right = share(ground.victim.predict(made.images) == ground.labels[places])
    means = [f"{found.mean(norm):.3g}" if found.succeeded.any() else "none" for norm in ("l0", "l2", "linf")]
    success = share(found.succeeded[found.had_right])
    return [attack(name).label, str(right), str(success), *means, f"{made.queries:,.0f}"]


def _numbers(ground: Ground, made: dict[str, Attacked], outcomes: dict[str, Outcome]) -> dict[str, Number]:
    numbers = {}
    for name, found in outcomes.items():
        label = attack(name).label
        right = share(ground.victim.predict(made[name].images) == ground.labels)
        numbers[f"{name}_accuracy"] = Number(
            right.value, f"Accuracy under {label}", "higher", "0 to 1: what the classifier still tells right."
        )
        numbers[f"{name}_success"] = Number(
            share(found.succeeded[found.had_right]).value,
            f"Success of {label}",
            "lower",
            "0 to 1: share of the images that the classifier had right and now tells wrong.",
        )
        for norm in ("l0", "l2", "linf") if found.succeeded.any() else ():
            numbers[f"{name}_{norm}"] = Number(
                found.mean(norm),
                f"Mean {norm.capitalize()} of {label}",
                "",
                "How far its successes lie from the originals: pixels changed (L0), length of the change (L2), largest "
                "change of a value from 0 to 1 (Linf). Failures count in no mean.",
            )
    return numbers


def _words(outcomes: dict[str, Outcome]) -> list[str]:
    by_rate = sorted(outcomes, key=lambda name: -outcomes[name].success_rate)
    told = [f"{attack(name).label} {100 * outcomes[name].success_rate:.0f} %" for name in by_rate]
    return [f"Of the images that the classifier had right, it tells wrong under {', under '.join(told)}."]


def _pictures(ground: Ground, made: dict[str, Attacked]) -> dict[str, Figure]:
    places = np.linspace(0, len(ground.images) - 1, min(SHOWN, len(ground.images))).astype(int)
    rows = []
    for found in made.values():
        for before, after in zip(ground.images[places], found.images[places], strict=True):
            change = after - before
            rows += [before, 0.5 + 0.5 * change / max(float(np.abs(change).max()), 1e-6), after]
    columns = ["original", "change", "attacked"] * len(places)
    grid = labelled_grid(as_bytes(np.stack(rows)), [attack(name).label for name in made], columns)
    return {
        "pictures": Figure(
            grid,
            "What the attacks make",
            "In threes: a held-out image; what an attack changes of it, magnified to the full range about mid-grey; "
            "and the attacked image, which the classifier was to tell wrong.",
        )
    }


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Return images, float (N, H, W, C) in 0 to 1, as uint8."""
    return np.rint(255 * np.clip(images, 0, 1)).astype(np.uint8)
