"""What is kept of a row of docs/results: its numbers and its picture; and the pictures of all rows, curves and logs."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from benchmarks import printed, zoo
from ganline.catalogue.check import load
from ganline.catalogue.presets import compose_params
from ganline.core.figures import beside, cut_grid, image_grid, write_png
from ganline.core.files import write_json
from ganline.datasets import prepared
from ganline.metrics import naming
from ganline.report.plots import COLOURS, INK, LINE, pixels
from ganline.settings import paths

RESULTS = Path("docs/results")
CURVES = "curves.png"
EXAMPLES = [paths.STUDY / f"figures/examples-{name}.png" for name in ("median", "there")]
"""Of a translator: held-out inputs, what it makes of them, and what should have come out, or where nobody knows what
should have, what comes back.
"""
ACCURACIES = ("test_accuracy", "channel_accuracy", "rotation_accuracy")
"""Of a judge that was trained here, what it knows of held-out images."""
COLUMNS, ROWS = 8, 8
"""Of the strip: steps, evenly chosen, and latents."""
PANELS = 4
"""Curves in a row of their picture."""


def facts(experiment: str, command: str) -> dict[str, Any]:
    """Return the numbers of the run that the workspace holds."""
    metrics = json.loads((paths.EVALUATE / "metrics.json").read_text())
    protocol = json.loads((paths.EVALUATE / "protocol.json").read_text())
    diagnosis = json.loads((paths.TRAIN / "diagnosis.json").read_text())
    history, network = pd.read_csv(paths.TRAIN / "history.csv"), naming.network_of(protocol)
    params = load()
    kinds = params.extractor.kinds
    judge = json.loads((paths.extractor(params) / "extractor.json").read_text())
    single = experiment in printed.RUNS and params.train.log_every == 1
    beside = next((kind for kind in kinds if kind != network), None)
    return {
        "experiment": experiment,
        "command": command,
        "steps": params.train.steps,
        "batch_size": params.train.batch_size,
        "trained": diagnosis["steps"],
        "cores": os.cpu_count(),  # of the machine: a row is on one thread
        "dataset": params.download.dataset,
        "digest": prepared.digest(paths.prepared(params)),
        "extractor": network,
        "beside": beside,
        "judge": {name: judge[name] for name in ACCURACIES if name in judge},
        "protocol": zoo.kept(protocol, (network, beside)),
        "images": judged(protocol, network),
        "verdict": diagnosis["verdict"],
        "metrics": {name: float(f"{value:.4g}") for name, value in metrics.items()},
        "last": last(history),
        "printed": printed.beside(experiment, history) if single else [],
    }


def judged(protocol: Mapping[str, Mapping[str, Any]], network: str) -> int:
    """Return how many made images a network judged; entries of baselines say how many stood in their place."""
    return next(e["n_fake"] for e in protocol.values() if e.get("extractor") == network and "n_fake" in e)


def last(history: pd.DataFrame) -> dict[str, float]:
    """Return the last value of each column: what training tells and what looks see need not be of one step."""
    return {str(name): float(f"{value:.4g}") for name, value in history.ffill().iloc[-1].dropna().items()}


def full_steps(experiment: str) -> int:
    """Return the steps of a preset."""
    return compose_params(experiment, ["download.source=."]).train.steps


def steps_of(facts: dict[str, Any]) -> str:
    """Return a row's steps, and those of its preset where these are others."""
    full = full_steps(facts["experiment"])
    if facts["steps"] > full:
        return f"{facts['steps']:,} (preset: {full:,})"
    return f"{facts['steps']:,}" if facts["steps"] == full else f"{facts['steps']:,} of {full:,}"


def keep(found: dict[str, Any], path: Path, picture: bool) -> None:
    """Write the numbers to a JSON file, and beside it, where asked for, the picture of the run the workspace holds."""
    if picture:
        held_out = [path for path in EXAMPLES if path.exists()]
        write_png(path.with_suffix(".png"), _image(held_out[0]) if held_out else strip())
    write_json(path, found)


def processor() -> str:
    """Return the model name that the processor is sold under; "" where Linux does not say."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def strip() -> np.ndarray:
    """Return a few latents, one a row, through training from left to right, uint8 (h, w, C)."""
    height, width, _ = json.loads((paths.GAN / "model.json").read_text())["image_shape"]
    files = sorted(paths.TRAIN.glob("samples/*.png"))
    chosen = np.unique(np.linspace(0, len(files) - 1, COLUMNS).round().astype(int))
    grids = [cut_grid(_image(files[i]), height, width) for i in chosen]
    rows = np.linspace(0, len(grids[0]) - 1, ROWS).round().astype(int)  # of a conditional model: its classes
    return beside([image_grid(grid[rows], 1) for grid in grids], gap=2)


def _image(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return image[:, :, None] if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def curves(found: Sequence[dict[str, Any]]) -> np.ndarray:
    """Return each row's Frechet distance against its core-minutes, uint8 (h, w, 3): a panel a row, scales their own.

    A dashed line is the floor, where the network of the curve is that of the row.
    """
    lines = math.ceil(len(found) / PANELS)
    figure = Figure(figsize=(2.4 * PANELS, 1.8 * lines), dpi=100, layout="constrained")
    for place, each in enumerate(found, 1):
        axes: Axes = figure.add_subplot(lines, PANELS, place)
        points = each["curve"]["points"]
        x, y = ([point[name] for point in points] for name in ("core_minutes", "frechet"))
        axes.plot(x, y, "o-", color=COLOURS[0], linewidth=1.2, markersize=3)
        if floor := each["metrics"].get(f"floor_{naming.frechet(each['curve']['extractor'])}"):
            axes.axhline(floor, color=INK, linewidth=0.8, linestyle="--")
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1, 0.4)))  # names some where decades are few
        axes.set_xlim(left=0)
        panel(axes, each["experiment"])
    figure.supxlabel("core-minutes of training", fontsize=8, color=INK)
    figure.supylabel("Frechet distance", fontsize=8, color=INK)
    return pixels(figure)


def logs(found: Mapping[str, list[dict[str, float]]]) -> np.ndarray:
    """Return the losses at the steps that the book prints, ours over the book's, uint8 (h, w, 3): a line a training.

    Args:
        found: what printed.beside returned, by experiment.
    """
    figure = Figure(figsize=(9.6, 1.7 * len(found)), dpi=100, layout="constrained")
    grid: Any = figure.subplots(len(found), 2, squeeze=False)
    for (experiment, told), pair in zip(found.items(), grid, strict=True):
        table = pd.DataFrame(told)
        for name, axes in zip(("d_loss", "g_loss"), pair, strict=True):
            # Their places in the log, not their steps: the book prints both ends and leaves out what is between.
            axes.plot(table[name], ".", color=INK, markersize=5, label="the book")
            axes.plot(table[f"our_{name}"], "-", color=COLOURS[0], linewidth=1.2, label="ours")
            ticks = np.unique(np.linspace(0, len(table) - 1, 6).round().astype(int))
            axes.set_xticks(ticks, [f"{table['step'][i]:,}" for i in ticks])
            panel(axes, f"{experiment}: {printed.VALUES[name]}")
    grid[0][0].legend(fontsize=7, frameon=False)
    figure.supxlabel("step, of those that the book prints", fontsize=8, color=INK)
    return pixels(figure)


def panel(axes: Axes, title: str) -> None:
    """Give one panel of a picture its title and quiet lines."""
    axes.set_title(title, fontsize=8, color=INK)
    axes.tick_params(colors=INK, labelsize=7, length=2, which="both")
    axes.grid(color=LINE, linewidth=0.6)
    axes.spines[:].set_visible(False)
