"""Times our attacks on MNIST beside those of the adversarial-robustness-toolbox, in turns: the same victim and images.

Run: make bench, or python -m benchmarks.attacks [ATTACK ...] (after `dvc repro prepare` of an experiment on MNIST)
Both get the same budget: steps, values changed, binary search steps x iterations, queries. A time is the middle one of
some rounds, without compiling: each attack ran before. It is the processor's, which other work on the machine changes
little. Mean distances are of the images that both deceived with, and queries count images shown to the victim: an
iteration of the toolbox's Carlini & Wagner shows several, for its line search; its DeepFool takes ten gradients of
each, which ours counts as ten queries. Of ZOO's equal queries ours uses fewer: it ends early with images that come no
nearer. Compare ratios, not times.
"""

import copy
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from benchmarks.asked import asked
from ganline.datasets.prepared import read_split
from ganline.models.outcome import outcome
from ganline.models.victims import Victim, as_floats, train_victim
from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import Aim, attacked
from ganline.settings import attacks as settings
from ganline.settings.section import Section

DATA = Path("data/prepared/mnist")
SHOWN = 400
"""Test images of which those are attacked that the victim has right."""


class Row(NamedTuple):
    """An attack of both on one budget."""

    name: str
    """Of the attack."""
    budget: str
    """As the table says it."""
    ours: Section
    theirs: dict[str, Any]
    """The same budget in the toolbox's words."""
    images: int = 20
    rounds: int = 5
    targeted: bool = False


def searches(constants: int, iterations: int, rounds: int, targeted: bool = False) -> Row:
    """Return Carlini and Wagner's with so many binary search steps, each of so many iterations."""
    ours = settings.CarliniWagner(constants=constants, iterations=iterations)
    theirs = {"binary_search_steps": constants, "max_iter": iterations}
    aimed = ", aimed" if targeted else ""
    return Row("carlini_wagner", f"{constants} x {iterations}{aimed}", ours, theirs, 10, rounds, targeted)


ROWS = (
    Row("fgsm", "0.3", settings.Fgsm(epsilon=0.3), {"eps": 0.3}, 100, 15),
    Row(
        "pgd",
        "0.3, 40 steps",
        settings.Pgd(epsilon=0.3, step=0.01, iterations=40),
        {"eps": 0.3, "eps_step": 0.01, "max_iter": 40, "num_random_init": 1},
        100,
    ),
    Row(
        "deepfool",
        "50 steps at most",
        settings.DeepFool(iterations=50, overshoot=0.02),
        {"max_iter": 50, "epsilon": 0.02},
    ),
    searches(10, 10, 2),
    searches(10, 10, 2, True),
    searches(5, 60, 1),
    Row("jsma", "14.5 % of values, aimed", settings.Jsma(gamma=0.145), {"theta": 1.0, "gamma": 0.145}, 100, 3, True),
    Row(
        "zoo",
        "7,710 queries at most",
        settings.Zoo(iterations=59, coordinates=128, learning_rate=0.1, first_constant=1.0, difference=0.01),
        {
            "max_iter": 30,
            "nb_parallel": 128,
            "learning_rate": 0.1,
            "initial_const": 1.0,
            "variable_h": 0.01,
            "binary_search_steps": 1,
            "use_resize": False,
            "use_importance": False,
            "abort_early": False,
        },
        10,
        1,
    ),
)
"""Aimed at the class after the true one, as JSMA's paper aims at classes; the others at any error."""


def main() -> None:
    """Print a table of seconds, successes, mean distances and queries: ours / the toolbox's."""
    names = asked("benchmarks.attacks", str(__doc__), "ATTACK", dict.fromkeys(row.name for row in ROWS))
    victim, aim = ground()
    table = Table("attack", "processor s an image", "times faster", "success", "mean distance", "queries an image")
    for row in ROWS:
        if not names or row.name in names:
            table.add_row(*measured(row, victim, _first(aim, row)))
            Console().print(table)


def ground() -> tuple[Victim, Aim]:
    """Return a victim that learned MNIST, and test images that it has right with targets."""
    images, labels = read_split(DATA, "train")
    victim = train_victim("pooled", images, np.asarray(labels), 10, seed=0)
    images, labels = (np.asarray(each[:SHOWN]) for each in read_split(DATA, "test"))
    right = np.flatnonzero(victim.predict(as_floats(images)) == labels)
    shown, classes = as_floats(images[right]), labels[right].astype(np.int64)
    return victim, Aim(shown, classes, (classes + 1) % 10, 0, shown, "")


def measured(row: Row, victim: Victim, aim: Aim) -> list[str]:
    """Return one row of the table: what both made of an aim's images, and how long that took."""
    makers = (_ours(row, victim), _toolbox(row, victim))
    seconds, made = _timed(makers, aim, row.rounds)
    told = [outcome(victim, aim.images, each, aim.labels, aim.targets) for each, _ in made]
    norm, both = attack(row.name).norm, told[0].succeeded & told[1].succeeded
    return [
        f"{row.name}, {row.budget}: {len(aim.images)} images",
        " / ".join(f"{each / len(aim.images):.4f}" for each in seconds),
        f"{seconds[1] / seconds[0]:.1f}",
        " / ".join(f"{each.success_rate:.0%}" for each in told),
        f"{norm} " + " / ".join(f"{getattr(each.distances, norm)[both].mean():.3f}" for each in told)
        if both.any()
        else "-",
        " / ".join(f"{each:,.0f}" for _, each in made),
    ]


Maker = Callable[[Aim], tuple[np.ndarray, float]]
"""What makes adversarial images, and tells how often it showed one of them to the victim."""


def _ours(row: Row, victim: Victim) -> Maker:
    def make(aim: Aim) -> tuple[np.ndarray, float]:
        found = attacked(attack(row.name), victim, aim.images, aim.labels, row.ours, aim.targets)
        return found.images, float(found.queries.mean())

    return make


def _toolbox(row: Row, victim: Victim) -> Maker:
    from benchmarks import toolbox  # here, not above: --help does without it

    def make(aim: Aim) -> tuple[np.ndarray, float]:
        counted, shown = copy.copy(victim), tf.Variable(0, dtype=tf.int64)

        def logits(images: tf.Tensor) -> tf.Tensor:
            shown.assign_add(tf.shape(images, tf.int64)[0])  # it calls the victim inside compiled functions, too
            return victim.logits(images)

        counted.logits = logits
        found = toolbox.run(row.name, counted, aim, **row.theirs)
        return found, int(shown) / len(aim.images)

    return make


def _timed(makers: tuple[Maker, ...], aim: Aim, rounds: int) -> tuple[list[float], list[tuple[np.ndarray, float]]]:
    """Return the middle one of each maker's seconds, and what it made; they take turns, after one image each."""
    for make in makers:
        make(_cut(aim, slice(0, 1)))
    seconds: list[list[float]] = [[] for _ in makers]
    made = []
    for _ in range(rounds):
        made = []
        for make, taken in zip(makers, seconds, strict=True):
            start = time.process_time()
            made.append(make(aim))
            taken.append(time.process_time() - start)
    return [statistics.median(each) for each in seconds], made


def _first(aim: Aim, row: Row) -> Aim:
    aim = _cut(aim, slice(0, row.images))
    return aim if row.targeted else aim._replace(targets=None)


def _cut(aim: Aim, few: slice) -> Aim:
    targets = None if aim.targets is None else aim.targets[few]
    return aim._replace(images=aim.images[few], labels=aim.labels[few], targets=targets, own=aim.own[few])


if __name__ == "__main__":
    main()
