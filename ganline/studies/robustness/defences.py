"""What attacks that do not know of a defence leave of it: every attack on the victim, shown to every defence."""

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.robustness.attacks import attack
from ganline.robustness.defences import defence
from ganline.studies.finding import Figure, Finding, LeftOut, Number, Table
from ganline.studies.robustness.attacks import as_bytes
from ganline.studies.robustness.base import Ground, Share, share, usable, withstood

TITLE = "Defences against attacks that do not know them"
SHOWN = 3


def find(ground: Ground) -> Finding:
    """Return a table attack by defence, what each costs on unharmed images, and what it makes of attacked ones."""
    if not ground.defended:
        raise LeftOut("; ".join(ground.missing.values()) or "robustness.defences names none")
    plain = share(ground.victim.predict(ground.images) == ground.labels)
    clean = {name: share(usable(found, ground.images, ground.labels)) for name, found in ground.defended.items()}
    kept = {
        name: {each: share(withstood(found, ground.attacked(each).images, ground.labels)) for each in ground.attacks}
        for name, found in ground.defended.items()
    }
    nobody = {
        each: share(ground.victim.predict(ground.attacked(each).images) == ground.labels) for each in ground.attacks
    }
    return Finding(
        {"seen": _seen(ground)},
        _numbers(clean, kept),
        [*_words(clean, kept), *ground.missing.values()],
        tables=[_withstood(ground, nobody, kept), _costs(ground, plain, clean)],
    )


def _withstood(ground: Ground, nobody: dict[str, Share], kept: dict[str, dict[str, Share]]) -> Table:
    labels = [attack(each).label for each in ground.attacks]
    rows = [["no defence", *map(str, nobody.values())]]
    rows += [[defence(name).label, *map(str, found.values())] for name, found in kept.items()]
    return Table(
        f"Told right or rejected of {len(ground.images)} attacked images, %, with 95 % intervals", ("", *labels), rows
    )


def _costs(ground: Ground, plain: Share, clean: dict[str, Share]) -> Table:
    columns = ("", "unharmed told right, %", "points lost", "unharmed rejected, %")
    rows = [["no defence", str(plain), "0.0", "0.0"]]
    for name, found in clean.items():
        rejected = share(ground.defended[name].detects(ground.images))
        rows.append([defence(name).label, str(found), f"{100 * (plain.value - found.value):.1f}", str(rejected)])
    return Table(f"What a defence costs: {len(ground.images)} unharmed images", columns, rows)


def _numbers(clean: dict[str, Share], kept: dict[str, dict[str, Share]]) -> dict[str, Number]:
    numbers = {}
    for name, found in clean.items():
        label = defence(name).label
        numbers[f"{name}_clean"] = Number(
            found.value,
            f"{label}: unharmed images told right",
            "higher",
            "0 to 1: share of unharmed images that it tells right and does not reject. Its loss is the price.",
        )
        for each, left in kept[name].items():
            numbers[f"{name}_{each}"] = Number(
                left.value,
                f"{label} under {attack(each).label}",
                "higher",
                "0 to 1: share of attacked images told right or rejected, where the attack does not know the defence. "
                "High says little: read it beside the attack that does.",
            )
    return numbers


def _words(clean: dict[str, Share], kept: dict[str, dict[str, Share]]) -> list[str]:
    weakest = {name: min(found, key=lambda each: found[each].value) for name, found in kept.items()}
    told = [
        f"{defence(name).label} {100 * kept[name][each].value:.0f} % ({attack(each).label})"
        for name, each in weakest.items()
    ]
    return [f"Told right or rejected, under the attack that each is weakest against: {', '.join(told)}."]


def _seen(ground: Ground) -> Figure:
    """Return attacked images as each defence shows them to its classifier."""
    shown = ground.attacks[: max(1, 6 // SHOWN)] if len(ground.attacks) > 1 else ground.attacks
    places = np.linspace(0, len(ground.images) - 1, min(SHOWN, len(ground.images))).astype(int)
    pairs = [(place, each) for each in shown for place in places]
    attacked = np.stack([ground.attacked(each).images[place] for place, each in pairs])
    rows = {"original": ground.images[[place for place, _ in pairs]], "attacked": attacked}
    rows |= {defence(name).label: found.seen(attacked) for name, found in ground.defended.items()}
    grid = labelled_grid(as_bytes(np.concatenate(list(rows.values()))), list(rows), [attack(e).label for _, e in pairs])
    return Figure(
        grid,
        "As the defences see it",
        "One column an attacked image. Below the original and what was made of it stands what each defence hands to "
        "its classifier; those that change the classifier, not the image, show it as it is.",
    )
