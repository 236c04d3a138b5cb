"""Counts the modes of Stacked MNIST that GANs find: each row with three seeds, beside what is published.

Run, in a clone of its own (it changes params.yaml): python -m benchmarks.stacked_mnist [ROW ...]
Each run leaves docs/results/stacked-mnist/ROW-SEED.json, and docs/results.md is written anew. What is there is not run
again, and a training that was interrupted goes on from its checkpoint.
"""

import json
import os
import shlex
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.asked import asked
from ganline.catalogue import presets as catalogue
from ganline.catalogue.check import load
from ganline.core.files import write_json
from ganline.settings import paths

FOLDER = Path("docs/results/stacked-mnist")
SEEDS = (1, 2, 3)
JUDGE = "evaluate.metrics=[modes]"
"""The table shows nothing else, and KID and the like of 26,000 images take longer."""


class Row(NamedTuple):
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


ROWS: dict[str, Row] = {
    "gan": Row("MLP GAN", "gan-mnist", ["dataset=stacked_mnist", "train.steps=50000", "compute.precision=float32"]),
    "small": Row(
        "small DCGAN", PRESET, (), "30.6 ± 20.7, 5.99 ± .42 (Metz et al.); 78.5 ± 17.6, 5.21 ± .19 (PacGAN)"
    ),
    "small-packing-2": Row(
        "small DCGAN, packed by 2", PRESET, [*_packed(2, 128)], "484.5 ± 33.0, 2.61 ± .22 (PacGAN)"
    ),
    "small-packing-4": Row(
        "small DCGAN, packed by 4", PRESET, [*_packed(4, 128)], "667.4 ± 29.0, 1.81 ± .15 (PacGAN)"
    ),
    "small-unrolling-5": Row(
        "small DCGAN, unrolled by 5", PRESET, ["train.unrolled_steps=5"],
        "236.4 ± 63.3, 4.67 ± .43 (Metz et al.)",
    ),
    "small-minibatch-deviation": Row(
        "small DCGAN, minibatch deviation", PRESET, ["train.minibatch_stddev=true"]
    ),
    "small-wgan-gp": Row(
        "small DCGAN's networks, WGAN-GP", PRESET,
        [
            *("train.loss=wasserstein_gp", "train.discriminator_steps=5", *_rates("1e-4", "1e-4", 0.0, 0.9)),
            *("train.discriminator_normalization=none", "train.frozen_batch_norm=moving"),
        ],
        "959, .73 (other networks; as reprinted)",
    ),
    "wide": Row("wide DCGAN", PRESET, WIDE, "99, 3.40 (VEEGAN); 78.9 ± 6.5, 4.50 ± .13 (PacGAN)"),
    "wide-packing-2": Row(
        "wide DCGAN, packed by 2", PRESET, [*WIDE, *_packed(2, 64)], "1,000 ± 0, .06 ± .003 (PacGAN)"
    ),
    "r3gan": Row("R3GAN", "r3gan-stacked-mnist", (), "1,000, .078 (Huang et al. 2024; as reprinted)"),
    "r3gan-r1": Row("R3GAN, R1 alone", "r3gan-stacked-mnist-r1", (), "diverges (as reprinted)"),
}  # fmt: skip
"""In the order of the table."""
OTHERS = (
    "Published of others: ALI 16, 5.40; Unrolled GAN 48.7, 4.32; VEEGAN 150, 2.95 (PacGAN's table 2, wide networks); "
    "MEG 1,000, .031; GAN with R1 and R2 693, .927 (as reprinted)."
)


def changes(row: Row, seed: int) -> list[str]:
    """Return what is given to `dvc exp run`."""
    return [f"experiment={row.experiment}", *row.overrides, JUDGE, f"seed={seed}"]


def run(name: str, seed: int) -> None:
    """Train and judge one row with one seed, unless its file is there."""
    if (path := FOLDER / f"{name}-{seed}.json").exists():
        print(f"{path} is there", flush=True)
        return
    command = ["dvc", "exp", "run", *(part for value in changes(ROWS[name], seed) for part in ("-S", value))]
    subprocess.run([*command, "extractor"], check=True)
    start = time.monotonic()
    subprocess.run(["dvc", "repro", "train"], check=True)
    minutes = (time.monotonic() - start) / 60
    subprocess.run(["dvc", "repro", "evaluate"], check=True)
    write_json(path, _facts(name, seed) | {"command": shlex.join(command), "minutes": round(minutes, 1)})


def _facts(name: str, seed: int) -> dict[str, Any]:
    """Return what the run that the workspace holds shows."""
    params = load()
    metrics = json.loads((paths.EVALUATE / "metrics.json").read_text())
    protocol = json.loads((paths.EVALUATE / "protocol.json").read_text())
    judge = json.loads((paths.extractor(params) / "extractor.json").read_text())
    return {
        "row": name,
        "seed": seed,
        "steps": params.train.steps,
        "batch_size": params.train.batch_size,
        "samples": protocol["modes"]["n_fake"],
        "cores": len(os.sched_getaffinity(0)),
        "judge": {key: judge[key] for key in ("test_accuracy", "channel_accuracy", "weights_sha256")},
        "verdict": json.loads((paths.TRAIN / "diagnosis.json").read_text())["verdict"],
        "metrics": metrics,
    }


def section() -> str:
    """Return the part of docs/results.md about Stacked MNIST, made of what the runs left; "" where there is none."""
    found = {name: _runs(name) for name in ROWS}
    if not any(found.values()):
        return ""
    every = [facts for runs in found.values() for facts in runs]
    floor = {name: _spread([facts["metrics"][f"floor_{name}"] for facts in every], digits) for name, digits in NUMBERS}
    judges = [facts["judge"]["channel_accuracy"] for facts in every]
    lines = [_line(ROWS[name], runs) for name, runs in found.items() if runs]
    return SECTION.format(
        rows="\n".join(lines), others=OTHERS, floor_modes=floor["modes"], floor_kl=floor["modes_kl_even"],
        samples=f"{min(facts['samples'] for facts in every):,}", cores=min(facts["cores"] for facts in every),
        accuracy=f"{100 * min(judges):.2f}",
    )  # fmt: skip


NUMBERS = (("modes", 1), ("modes_kl_even", 3))


def _runs(name: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for seed in SEEDS if (path := FOLDER / f"{name}-{seed}.json").exists()]


def _line(row: Row, runs: list[dict[str, Any]]) -> str:
    values = [_spread([facts["metrics"][name] for facts in runs], digits) for name, digits in NUMBERS]
    minutes = _spread([facts["minutes"] for facts in runs], 0, error=False)
    verdicts = ", ".join(sorted({facts["verdict"] for facts in runs}))
    length = f"{runs[0]['steps']:,} x {runs[0]['batch_size']}"
    return f"| {row.what} | {' | '.join(values)} | {len(runs)} | {length} | {minutes} | {verdicts} | {row.published} |"


def _spread(values: Sequence[float], digits: int, error: bool = True) -> str:
    """Return the mean, and its standard error where there are several."""
    mean = f"{np.mean(values):,.{digits}f}"
    if not error or len(values) < 2:
        return mean
    return f"{mean} ± {np.std(values, ddof=1) / np.sqrt(len(values)):,.{digits}f}"


SECTION = """## Modes of Stacked MNIST

How many of 1,000 modes are found among {samples} samples, and KL(generated || even), both as PacGAN's code has them
(`modes` and `modes_kl_even` of [docs/metrics.md](metrics.md)). Who judges is a classifier of single digits that knows
{accuracy} % of held-out ones. Training images in the samples' place: {floor_modes} modes, KL {floor_kl}. Means over the
seeds, with standard errors, after so many steps of so many real images, on {cores} cores that may also have done other
work; minutes are of the training alone. Published runs are longer: 500,000 steps of 128 for the small networks (25,600
samples), 100,000 of 64 for the wide ones; theirs are standard errors, too. The small networks are those of PacGAN's
table 3, whose discriminator is too narrow, the wide ones those of its table 2.

Made by `python -m benchmarks.stacked_mnist`; each run is in docs/results/stacked-mnist.

| GAN | modes | KL | seeds | steps | minutes | verdict | published: modes, KL |
|---|---|---|---|---|---|---|---|
{rows}

{others}

"""


def main() -> None:
    """Run the rows that are asked for, or all of which there is a preset, and write docs/results.md after each run."""
    from benchmarks import results

    for name in asked("benchmarks.stacked_mnist", __doc__ or "", "ROW", ROWS) or ROWS:
        if ROWS[name].experiment not in catalogue.names("experiment"):
            print(f"{name} is left out: there is no experiment {ROWS[name].experiment}")
            continue
        for seed in SEEDS:
            run(name, seed)
            results.render()


if __name__ == "__main__":
    main()
