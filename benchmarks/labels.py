"""Holds SGAN on Fashion-MNIST with few labels against a plain classifier: its own discriminator, without a generator.

Run, in a clone of its own (it changes params.yaml): python -m benchmarks.labels [WAY ...]
Each way is trained with 25, 50, 100 and 1,000 labels and three seeds. Each training leaves one file in
docs/results/labels, and docs/results.md is written anew. What is there, of as many steps, is not made again, and a
training that was interrupted goes on from its checkpoint. Started twice it makes two at a time; then give each one
thread: TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OMP_NUM_THREADS=1.
"""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from benchmarks import recorded
from benchmarks.asked import asked
from benchmarks.tables import head
from ganline.catalogue.presets import compose_params
from ganline.core.files import write_json
from ganline.datasets.prepared import read_facts, read_split
from ganline.settings import paths
from ganline.settings.schema import Params

FOLDER = Path("docs/results/labels")
WORK = Path(".ganline/labels")
"""Where trainings are under way."""
EXPERIMENT = "sgan-fashion-mnist"
IMAGES = 60_000
LABELS = (25, 50, 100, 1000)
SEEDS = (1, 2, 3)
STEPS = 3000
BFLOAT16 = "compute.precision=mixed_bfloat16"
PLAIN, SGAN, REPEATED = "plain", "sgan", "sgan-repeated"
WAYS = {PLAIN: "plain classifier", SGAN: "SGAN", REPEATED: "SGAN, labelled images repeated"}
SOURCE = {25: (0.750, 0.802), 50: (0.859, 0.883), 100: (0.895, 0.928), 1000: (0.965, 0.964)}
"""A plain network and SGAN, on MNIST: The GAN Book (Chaudhary 2024), after Odena (2016)."""


def changes(labels: int, seed: int, steps: int) -> list[str]:
    """Return what differs from the preset."""
    return [f"train.labelled_fraction={labels / IMAGES!r}", f"train.steps={steps}", f"seed={seed}", BFLOAT16]


def shown(way: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a way is trained on, of a training's data whose labels are -1 where they are not used.

    The plain classifier: the images with labels alone. SGAN: all. "sgan-repeated": all, those with labels so many times
    that they are about half of what is drawn.
    """
    if way == SGAN:
        return dict(data)
    known, unknown = (np.flatnonzero(found) for found in (data["label"] >= 0, data["label"] < 0))
    rows = known if way == PLAIN else np.concatenate([unknown, np.tile(known, len(unknown) // len(known))])
    return {name: values[rows] for name, values in data.items()}


def run(way: str, labels: int, seed: int, steps: int) -> None:
    """Train one way and see what its classes are worth on the test images, unless a file tells of as many steps."""
    path = FOLDER / f"{way}-{labels}-{seed}.json"
    try:
        with FileLock(WORK / f"{path.stem}.lock", timeout=0):
            if path.exists() and json.loads(path.read_text())["steps"] == steps:
                print(f"{path} is there", flush=True)
                return
            overrides = changes(labels, seed, steps)
            found = _trained(way, compose_params(EXPERIMENT, overrides))
            command = {"command": shlex.join(["ganline", "use", EXPERIMENT, *overrides])} if way == SGAN else {}
            write_json(path, {"way": way, "labels": labels, "seed": seed, "steps": steps} | command | found)
            print(f"{path}: test accuracy {found['test_accuracy']:.3f}", flush=True)
    except Timeout:
        print(f"{path} is being made", flush=True)


def _trained(way: str, params: Params) -> dict[str, Any]:
    """Train as the stage does, but on what the way is shown, and without looks at samples; return what it came to."""
    import tensorflow as tf

    from benchmarks.plain_classifier import Plain
    from ganline import models
    from ganline.core.determinism import configure
    from ganline.line.code import code
    from ganline.training import checkpoint, material
    from ganline.training.loop import train

    configure(params.compute.precision, params.compute.deterministic)
    tf.get_logger().setLevel("ERROR")  # it warns of functions made anew in a loop, as each training's are
    tf.keras.backend.clear_session()  # or the graphs of all trainings before stay
    facts = read_facts(folder := paths.prepared(params))
    data = shown(way, material.training_data(params, facts))
    decide = material.decisive(params, facts, data) | {"way": way}
    known = checkpoint.deciding(decide, material.picture_files(params), code("train", params))
    settings, shape, classes = params.train, tuple(facts["image_shape"]), len(facts["classes"])
    build = Plain if way == PLAIN else models.build
    model = build(settings, shape, params.seed, classes)
    workdir = WORK / checkpoint.fingerprint(known)
    trained = train(model, data, settings, workdir, params.compute.xla)
    test, labels = read_split(folder, "test")
    found = model.measure(test, labels) | {"trained": trained.step, "verdict": trained.verdict.verdict}
    shutil.rmtree(workdir)
    return found | {
        "test_images": len(test),
        "labelled_share": float(f"{(data['label'] >= 0).mean():.4g}"),
        "batch_size": settings.batch_size,
        "core_minutes": round(trained.cost["train_core_minutes"], 1),
        "processor": recorded.processor(),
    }


def section() -> str:
    """Return the part of docs/results.md about few labels, made of what the runs left; "" where there is none."""
    found = {(way, labels): _runs(way, labels) for way in WAYS for labels in LABELS}
    every = [facts for runs in found.values() for facts in runs.values()]
    if not every:
        return ""
    steps = sorted({facts["steps"] for facts in every})
    return SECTION.format(
        head=HEAD,
        rows="\n".join(_line(labels, {way: found[way, labels] for way in WAYS}) for labels in LABELS),
        steps=" or ".join(f"{count:,}" for count in steps),
        batch=every[0]["batch_size"],
        images=f"{every[0]['test_images']:,}",
    )


def _runs(way: str, labels: int) -> dict[int, dict[str, Any]]:
    """Return what each seed's run left, by seed."""
    files = {seed: FOLDER / f"{way}-{labels}-{seed}.json" for seed in SEEDS}
    return {seed: json.loads(path.read_text()) for seed, path in files.items() if path.exists()}


def _line(labels: int, found: Mapping[str, Mapping[int, dict[str, Any]]]) -> str:
    accuracies = {way: {seed: facts["test_accuracy"] for seed, facts in runs.items()} for way, runs in found.items()}
    plain = accuracies[PLAIN]
    cells = [_spread(list(plain.values()))]
    for way in (SGAN, REPEATED):
        gains = [value - plain[seed] for seed, value in accuracies[way].items() if seed in plain]
        cells += [_spread(list(accuracies[way].values())), _spread(gains, "+")]
    minutes = [_spread([facts["core_minutes"] for facts in runs.values()], digits=1) for runs in found.values()]
    source = ", ".join(f"{value:.3f}" for value in SOURCE[labels])
    return f"| {labels:,} | {' | '.join(cells)} | {'; '.join(minutes)} | {source} |"


def _spread(values: Sequence[float], sign: str = "", digits: int = 3) -> str:
    """Return the mean, and the standard deviation and number of several values; "-" of none."""
    if not values:
        return "-"
    mean = f"{np.mean(values):{sign}.{digits}f}"
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f} ({len(values)})" if len(values) > 1 else mean


HEADS = (
    *("labels", WAYS[PLAIN], WAYS[SGAN], "its gain", WAYS[REPEATED], "its gain", "core-minutes of the three"),
    "the book's, of MNIST: plain, SGAN",
)
HEAD = head(HEADS)
SECTION = """## SGAN with few labels

The share of the {images} test images of Fashion-MNIST that each names rightly, and what SGAN gains over the plain
classifier of the same seed: means and standard deviations over the seeds, in brackets how many. All see the same
labels, a seed's own, of each class as many, give or take one. The plain classifier is the trunk and the class head of
SGAN's discriminator, with its first weights and its optimizer. Each takes as many steps, {steps}, a batch of {batch}
real images a step, in bfloat16, and is judged by its last weights: no labels are left over to choose a better stop by.
The plain classifier's batches are of labelled images alone. SGAN as it stands (`train.labelled_fraction`) draws its
batches from all images: of 25 labels it meets one in 48 steps. Therefore the third: its labelled images are repeated
until they are half of what it draws. The book's figures are of another dataset, and of networks and trainings that it
does not tell: its gains are to be held against ours, not its levels.

Made by `python -m benchmarks.labels`; each run is in docs/results/labels.

{head}
{rows}

"""


def main() -> None:
    """Make what is asked for, and docs/results.md anew after each."""
    from benchmarks import results
    from ganline.training.stop import Stopped
    from pipelines.choosing import choose

    ways = asked("benchmarks.labels", __doc__ or "", "WAY", WAYS)
    WORK.mkdir(parents=True, exist_ok=True)
    with FileLock(WORK / "preparing.lock"):
        choose(EXPERIMENT, [])
        subprocess.run([sys.executable, "-m", "dvc", "repro", "dvc.yaml:prepare"], check=True)
    try:
        for labels in LABELS:
            for seed in SEEDS:
                for way in ways or WAYS:
                    run(way, labels, seed, STEPS)
                    results.render()
    except Stopped:
        sys.exit("stopped; the same command goes on")


if __name__ == "__main__":
    main()
