"""Accuracy against the size of the change, for the victim and each defence."""

import numpy as np

from ganline.report.plots import COLOURS, curves
from ganline.robustness.defences import defence
from ganline.studies.finding import Figure, Finding, Table
from ganline.studies.robustness.base import Ground, share, withstood

TITLE = "Accuracy against epsilon"
NAME = "fgsm"


def find(ground: Ground) -> Finding:
    """Return how accuracy falls as FGSM, which does not know the defence, moves pixels farther."""
    epsilons, labels = ground.settings.epsilons, ground.labels[ground.few]
    lines: dict[str, list[float]] = {"no defence": []}
    lines |= {defence(name).label: [] for name in ground.defended}
    for epsilon in [0.0, *epsilons]:
        images = _moved(ground, epsilon)
        lines["no defence"].append(share(ground.victim.predict(images) == labels).value)
        for name, found in ground.defended.items():
            lines[defence(name).label].append(share(withstood(found, images, labels)).value)
    rows = [[name, *(f"{100 * value:.0f}" for value in line)] for name, line in lines.items()]
    title = f"Told right or rejected of {len(labels)} images under FGSM, %"
    table = Table(title, ("", *(f"{epsilon:g}" for epsilon in [0.0, *epsilons])), rows)
    return Finding(_figures([0.0, *epsilons], lines), words=_words(lines, epsilons), tables=[table])


def _moved(ground: Ground, epsilon: float) -> np.ndarray:
    if not epsilon:
        return ground.images[ground.few]
    settings = ground.settings.fgsm.model_copy(update={"epsilon": epsilon})
    return ground.attack(NAME, ground.victim, ground.few, f"the victim, epsilon {epsilon:g}", settings).images


def _figures(x: list[float], lines: dict[str, list[float]]) -> dict[str, Figure]:
    """Return charts of the victim and a few defences each, as many as can be told apart by colour."""
    first, *others = lines
    size = len(COLOURS) - 1
    groups = [others[at : at + size] for at in range(0, max(1, len(others)), size)]
    return {
        f"curves-{number}": Figure(
            curves(x, {name: lines[name] for name in (first, *group)}, "epsilon: how far each pixel is moved, 0 to 1"),
            f"Accuracy against epsilon: {', '.join(group) or first}",
            "Share of images told right or rejected as FGSM on the undefended classifier moves pixels farther. At 0 "
            "stands accuracy on unharmed images; a defence earns its keep where its line stays up longer than the "
            "first.",
        )
        for number, group in enumerate(groups, 1)
    }


def _words(lines: dict[str, list[float]], epsilons: list[float]) -> list[str]:
    fallen = [at for at, value in zip([0.0, *epsilons], lines["no defence"], strict=True) if value < 0.5]
    where = f"below a half at epsilon {fallen[0]:g}" if fallen else f"never below a half up to epsilon {epsilons[-1]:g}"
    return [f"Without defence accuracy is {where}."]
