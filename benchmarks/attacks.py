"""Times our attacks on MNIST beside those of the adversarial-robustness-toolbox: the same victim, images and budgets.

Run: make bench, or python -m benchmarks.attacks [ATTACK ...] (after `dvc repro prepare` of an experiment on MNIST)
A row's times come one after the other on the same machine, without compiling: each attack ran on two images before.
ZOO's budgets cannot be made equal: the row says what each needs with its own settings, and what comes of it.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.asked import asked
from ganline.datasets.prepared import read_split
from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import Aim, attacked
from ganline.robustness.outcome import outcome
from ganline.robustness.victims import Victim, as_floats, train_victim
from ganline.settings import attacks as settings
from ganline.settings.section import Section

DATA = Path("data/prepared/mnist")
IMAGES = 20
Row = tuple[Section, dict[str, Any]]
ROWS: dict[str, Row] = {
    "fgsm": (settings.Fgsm(epsilon=0.3), {"eps": 0.3}),
    "pgd": (settings.Pgd(epsilon=0.3, step=0.01, iterations=40), {"eps": 0.3, "eps_step": 0.01, "max_iter": 40}),
    "deepfool": (settings.DeepFool(iterations=50, overshoot=0.02), {"max_iter": 50, "epsilon": 0.02}),
    "carlini_wagner": (
        settings.CarliniWagner(iterations=10, constants=10),
        {"max_iter": 10, "binary_search_steps": 10},
    ),
    "jsma": (settings.Jsma(theta=1.0, gamma=0.145), {"theta": 1.0, "gamma": 0.145}),
    "zoo": (
        settings.Zoo(),
        {
            "max_iter": 500,
            "binary_search_steps": 3,
            "learning_rate": 0.1,
            "initial_const": 1.0,
            "use_resize": False,
            "use_importance": False,
            "abort_early": False,
        },
    ),
}
"""Attack -> our settings and the toolbox's."""


def main() -> None:
    """Print a table of seconds, successes and mean distances."""
    names = asked("benchmarks.attacks", str(__doc__), "ATTACK", ROWS) or list(ROWS)
    victim, aim = ground()
    table = Table("attack", "ours, s an image", "toolbox, s an image", "times faster", "success", "mean distance")
    for name in names:
        table.add_row(*row(name, victim, aim))
        Console().print(table)


def ground() -> tuple[Victim, Aim]:
    """Return a victim that learned MNIST, and test images that it has right with targets."""
    images, labels = read_split(DATA, "train")
    victim = train_victim("pooled", images, np.asarray(labels), 10, seed=0)
    images, labels = (np.asarray(each[:200]) for each in read_split(DATA, "test"))
    right = np.flatnonzero(victim.predict(as_floats(images)) == labels)[:IMAGES]
    shown, classes = as_floats(images[right]), labels[right].astype(np.int64)
    return victim, Aim(shown, classes, (classes + 1) % 10, 0, shown, "")


def row(name: str, victim: Victim, aim: Aim) -> list[str]:
    """Return one row of the table; JSMA aims at targets, as its paper does, the others at any error."""
    from benchmarks import toolbox  # here, not above: --help does without it

    ours, theirs = ROWS[name]
    aim = aim if name == "jsma" else aim._replace(targets=None)
    seconds, told = [], []
    for make in (_ours(name, victim, ours), lambda aim: toolbox.run(name, victim, aim, **theirs)):
        taken, made = _timed(make, aim, name == "zoo")
        seconds.append(taken)
        told.append(outcome(victim, aim.images, made, aim.labels, aim.targets))
    norm = attack(name).norm
    distances = " / ".join(f"{each.mean(norm):.3f}" for each in told)
    successes = " / ".join(f"{each.success_rate:.0%}" for each in told)
    ratio = f"{seconds[1] / seconds[0]:.1f}"
    return [name, f"{seconds[0]:.4f}", f"{seconds[1]:.4f}", ratio, successes, f"{norm} {distances}"]


def _ours(name: str, victim: Victim, ours: Section) -> Callable[[Aim], np.ndarray]:
    return lambda aim: attacked(attack(name), victim, aim.images, aim.labels, ours, aim.targets).images


def _timed(make: Callable[[Aim], np.ndarray], aim: Aim, slow: bool) -> tuple[float, np.ndarray]:
    """Return seconds an image, and the images; `slow` ones are compiled on one image alone."""
    few = slice(0, 1 if slow else 2)
    targets = None if aim.targets is None else aim.targets[few]
    make(aim._replace(images=aim.images[few], labels=aim.labels[few], targets=targets, own=aim.own[few]))
    start = time.perf_counter()
    made = make(aim)
    return (time.perf_counter() - start) / len(made), made


if __name__ == "__main__":
    main()
