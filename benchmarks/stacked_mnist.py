"""Counts the modes of Stacked MNIST that GANs find: each row with three seeds, beside what is published.

Run: python -m benchmarks.stacked_mnist [ROW ...]
Trainings are rows of docs/results (benchmarks.rows) without pictures, as many at a time as there are cores, each on one
thread; each leaves docs/results/stacked-mnist/ROW/EXPERIMENT-SEED.json, and docs/results.md is written anew. Stopped,
it goes on where it was.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import rows
from benchmarks.asked import asked
from benchmarks.tables import head, left

FOLDER = Path("stacked-mnist")
"""Below docs/results."""
SEEDS = (1, 2, 3)
JUDGE = "evaluate.metrics=[modes]"
"""The table shows nothing else, and KID and the like of 26,000 images take longer."""
WANTED = (950, 990)
"""Modes; the table says what it took to find so many."""


class GAN(NamedTuple):
    """One row of the table."""

    what: str
    experiment: str
    overrides: Sequence[str] = ()
    published: str = ""
    """Modes and KL, and whose they are."""


def _rates(generator: str, discriminator: str, beta_1: float, beta_2: float) -> list[str]:
    rules = (("generator", generator), ("discriminator", discriminator))
    return [
        f"train.optimizers.{name}.{key}={value}"
        for name, rate in rules
        for key, value in (("learning_rate", rate), ("beta_1", beta_1), ("beta_2", beta_2))
    ]


WIDE = (
    *("train.model=stacked_mnist.Wide", "train.latent_dim=100", "train.noise=uniform", "train.sampling=shuffle"),
    *("train.batch_size=64", "train.generator_batch_size=64", "train.generator_steps=2"),
    *_rates("2e-4", "2e-4", 0.5, 0.999),
    *("train.steps=2000", "train.sample_every=500", "train.checkpoint_every=250", "compute.precision=mixed_bfloat16"),
)
"""Table 2 of PacGAN: DCGAN as VEEGAN has it. Two generator updates a step, "to make sure that d_loss does not go to
zero", as its code says."""
PRESET = "dcgan-stacked-mnist"


def _packed(count: int, of: int) -> list[str]:
    """Return what packs images, as many packs as there were images."""
    return [f"train.packing={count}", *(f"train.{key}={count * of}" for key in ("batch_size", "generator_batch_size"))]


GANS: dict[str, GAN] = {
    "gan": GAN("MLP GAN", "gan-mnist", ["dataset=stacked_mnist", "train.steps=50000"]),
    "small": GAN(
        "small DCGAN", PRESET, (), "30.6 ± 20.7, 5.99 ± .42 (Metz et al.); 78.5 ± 17.6, 5.21 ± .19 (PacGAN)"
    ),
    "small-packing-2": GAN(
        "small DCGAN, packed by 2", PRESET, [*_packed(2, 128)], "484.5 ± 33.0, 2.61 ± .22 (PacGAN)"
    ),
    "small-packing-4": GAN(
        "small DCGAN, packed by 4", PRESET, [*_packed(4, 128)], "667.4 ± 29.0, 1.81 ± .15 (PacGAN)"
    ),
    "small-unrolling-5": GAN(
        "small DCGAN, unrolled by 5", PRESET, ["train.unrolled_steps=5"],
        "236.4 ± 63.3, 4.67 ± .43 (Metz et al.)",
    ),
    "small-minibatch-deviation": GAN(
        "small DCGAN, minibatch deviation", PRESET, ["train.minibatch_stddev=true"]
    ),
    "small-wgan-gp": GAN(
        "small DCGAN's networks, WGAN-GP", PRESET,
        [
            *("train.loss=wasserstein_gp", "train.discriminator_steps=5", *_rates("1e-4", "1e-4", 0.0, 0.9)),
            *("train.discriminator_normalization=none", "train.frozen_batch_norm=moving"),
        ],
        "959, .73 (other networks; as reprinted)",
    ),
    "wide": GAN("wide DCGAN", PRESET, WIDE, "99, 3.40 (VEEGAN); 78.9 ± 6.5, 4.50 ± .13 (PacGAN)"),
    "wide-packing-2": GAN(
        "wide DCGAN, packed by 2", PRESET, [*WIDE, *_packed(2, 64)], "1,000 ± 0, .06 ± .003 (PacGAN)"
    ),
    "r3gan": GAN("R3GAN", "r3gan-stacked-mnist", (), "1,000, .078 (Huang et al. 2024; as reprinted)"),
    "r3gan-r1": GAN("R3GAN, R1 alone", "r3gan-stacked-mnist-r1", (), "diverges (as reprinted)"),
}  # fmt: skip
"""In the order of the table."""
OTHERS = (
    "Published of others: ALI 16, 5.40; Unrolled GAN 48.7, 4.32; VEEGAN 150, 2.95 (PacGAN's table 2, wide networks); "
    "MEG 1,000, .031; GAN with R1 and R2 693, .927 (as reprinted)."
)


def row(name: str, seed: int) -> rows.Row:
    """Return a training."""
    gan = GANS[name]
    values = (*rows.of_named_precision(gan.overrides), JUDGE, f"seed={seed}")
    return rows.Row(gan.experiment, values, None, seed, FOLDER / name, curve="modes")


def section(results: Path) -> str:
    """Return the part of docs/results.md about Stacked MNIST, made of what the runs left; "" where there is none."""
    found = {name: left(results / row(name, seed).file for seed in SEEDS) for name in GANS}
    every = [facts for kept in found.values() for facts in kept]
    if not every:
        return ""
    floor = {name: _spread([facts["metrics"][f"floor_{name}"] for facts in every], digits) for name, digits in NUMBERS}
    lines = [_line(GANS[name], kept) for name, kept in found.items() if kept]
    return SECTION.format(
        head=HEAD, rows="\n".join(lines), others=OTHERS, floor_modes=floor["modes"], floor_kl=floor["modes_kl_even"],
        samples=f"{min(facts['images'] for facts in every):,}",
        accuracy=f"{100 * min(facts['judge']['channel_accuracy'] for facts in every):.2f}",
    )  # fmt: skip


NUMBERS = (("modes", 1), ("modes_kl_even", 3))


def _line(gan: GAN, kept: Sequence[Mapping[str, Any]]) -> str:
    values = [_spread([facts["metrics"][name] for facts in kept], digits) for name, digits in NUMBERS]
    steps = ", ".join(f"{steps:,}" for steps in sorted({facts["trained"] for facts in kept}))
    cells = [
        *(gan.what, *values, str(len(kept)), f"{steps} x {kept[0]['batch_size']}"),
        _spread([facts["core_minutes"] for facts in kept], 0, error=False),
        *(", ".join(_minutes(facts, modes) for facts in kept) for modes in WANTED),
        *(", ".join(sorted({facts["verdict"] for facts in kept})), gan.published),
    ]
    return f"| {' | '.join(cells)} |"


def _minutes(facts: Mapping[str, Any], modes: int) -> str:
    """Return the core-minutes at the first step looked at where so many modes were found; "-" where they never were."""
    points = (point for point in facts["curve"]["points"] if point["modes"] >= modes)
    return next((f"{point['core_minutes']:.0f}" for point in points), "-")


def _spread(values: Sequence[float], digits: int, error: bool = True) -> str:
    """Return the mean, and its standard error where there are several."""
    mean = f"{np.mean(values):,.{digits}f}"
    if not error or len(values) < 2:
        return mean
    return f"{mean} ± {np.std(values, ddof=1) / np.sqrt(len(values)):,.{digits}f}"


HEADS = (
    *("GAN", "modes", "KL", "seeds", "steps", "core-minutes"),
    *(f"core-minutes to {modes} modes" for modes in WANTED),
    *("verdict", "published: modes, KL"),
)
HEAD = head(HEADS)
SECTION = """## Modes of Stacked MNIST

How many of 1,000 modes are found among {samples} samples, and KL(generated || even), both as PacGAN's code has them
(`modes` of [docs/metrics.md](metrics.md), and its `modes_kl_even`). Who judges is a classifier of single digits that
knows {accuracy} % of held-out ones. Training images in the samples' place: {floor_modes} modes, KL {floor_kl}. Means
over the seeds, with standard errors where there are several, after so many steps of so many real images, on one thread;
core-minutes are of the training alone, and those after which so many modes were found are of the first of eight steps,
evenly spaced, each seed's, as many of all minutes as there are steps of all steps.
Published runs are longer: 500,000 steps of 128 for the small networks (25,600 samples), 100,000 of 64 for the wide
ones; theirs are standard errors, too. The small networks are those of PacGAN's table 3, whose discriminator is too
narrow, the wide ones those of its table 2.

Made by `python -m benchmarks.stacked_mnist`; each run is in docs/results/stacked-mnist.

{head}
{rows}

{others}

"""


def main() -> None:
    """Make what is missing, seed after seed, and docs/results.md anew after each."""
    from benchmarks import results

    names = asked("benchmarks.stacked_mnist", __doc__ or "", "ROW", GANS)
    wanted = (row(name, seed) for seed in SEEDS for name in names or GANS)
    sys.exit(not results.made("stacked_mnist", wanted, bool(names)))


if __name__ == "__main__":
    main()
