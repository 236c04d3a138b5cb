"""What deceives one classifier, shown to the other: whoever attacks in the dark relies on it."""

import numpy as np

from ganline.models.outcome import outcome
from ganline.robustness.attacks import attack
from ganline.studies.finding import Finding, Number, Table
from ganline.studies.robustness.base import FIRST, SECOND, Ground, Share, share

TITLE = "Transfer between the two classifiers"


def find(ground: Ground) -> Finding:
    """Return how many images that deceive the one classifier deceive the other, both ways, for each attack."""
    found = {name: (_across(ground, name, False), _across(ground, name, True)) for name in ground.attacks}
    columns = ("attack", f"{FIRST} to {SECOND}, %", f"{SECOND} to {FIRST}, %")
    rows = [[attack(name).label, *(_told(each) for each in both)] for name, both in found.items()]
    title = f"Of the images that deceive the one attacked, of {len(ground.few)}, how many deceive the other, too"
    numbers = {
        name: Number(
            there.value,
            f"Transfer of {attack(name).label}",
            "lower",
            f"0 to 1: share of the images that deceive the {FIRST} classifier which deceive the {SECOND} one, too.",
        )
        for name, (there, _) in found.items()
        if there.trials
    }
    return Finding(numbers=numbers, words=_words(found), tables=[Table(title, columns, rows)])


def _across(ground: Ground, name: str, back: bool) -> Share:
    """Return the share of successes on the one that deceive the other, of images that both had right."""
    one, other = (ground.second, ground.victim) if back else (ground.victim, ground.second)
    few = ground.few
    images, labels = ground.images[few], ground.labels[few]
    made = ground.attack(name, one, few, f"the {SECOND} one").images if back else ground.attacked(name).images[few]
    deceived = outcome(one, images, made, labels).succeeded
    there = outcome(other, images, made, labels)
    return share(there.succeeded[deceived & there.had_right])


def _told(found: Share) -> str:
    return f"{found}, of {found.trials}" if found.trials else "none deceived"


def _words(found: dict[str, tuple[Share, Share]]) -> list[str]:
    told = {name: there for name, (there, _) in found.items() if there.trials}
    if not told:
        return ["No attack deceived the first classifier, so nothing could transfer."]
    most = max(told, key=lambda name: told[name].value)
    return [
        f"What transfers best is {attack(most).label}: {100 * told[most].value:.0f} % of what deceives the {FIRST} "
        f"classifier deceives the {SECOND} one; the mean over attacks is "
        f"{100 * np.mean([each.value for each in told.values()]):.0f} %."
    ]
