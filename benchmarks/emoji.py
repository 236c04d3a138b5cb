"""Holds GANs against each other on colour emoji at 64x64 pixels, each given the same minutes: KID as training goes on.

Run: python -m benchmarks.emoji [EXPERIMENT ...]
Trainings are rows of docs/results (benchmarks.rows) without pictures, as many at a time as there are cores, each on one
thread; each leaves docs/results/emoji/EXPERIMENT-1.json, and docs/results.md and docs/results/emoji.png are written
anew. Stopped, it goes on where it was.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from benchmarks import recorded, rows
from benchmarks.asked import asked
from benchmarks.tables import head, left, short
from ganline.core.figures import write_png
from ganline.core.random import purpose_number
from ganline.report.plots import pixels

MINUTES = 30.0
FOLDER = Path("emoji")
"""Below docs/results."""
PICTURE = "emoji.png"
SHARED = (
    "prepare.test_fraction=0.2",  # a tenth of the emoji, 191, would leave KID with a wide error
    "extractor.beside=null",
    "train.steps=100000",  # presets might end before their minutes do
    "compute.precision=mixed_bfloat16",  # 1.5 to 1.6 times the steps: R3GAN, StyleGAN, the workshop's
)
GANS: dict[str, tuple[str, list[str]]] = {
    "r3gan-emoji": ("R3GAN", []),
    "stylegan-emoji": ("StyleGAN", []),
    "flags-emoji": ("DCGAN of flags", ["dataset=emoji"]),
    "dcgan-fashion-mnist-workshop": ("the workshop's DCGAN", ["dataset=emoji", "prepare.size=64"]),
    "quickdraw-apples": ("DCGAN of sketches", ["dataset=emoji", "prepare.size=64", "prepare.channels=3"]),
    "biggan-emoji": ("BigGAN", []),
}
"""By experiment: what it is called, and what differs from its preset. The other DCGANs take no 64 pixels."""


def row(experiment: str) -> rows.Row:
    """Return a training of as many steps as MINUTES allow; its seed is made of its name."""
    _, overrides = GANS[experiment]
    values = rows.of_named_precision([*overrides, *SHARED, f"seed={purpose_number(f'emoji/{experiment}')}"])
    return rows.Row(experiment, tuple(values), MINUTES, folder=FOLDER, curve="quality")


def kept(results: Path) -> dict[str, dict[str, Any]]:
    """Return what trainings left, by what the GANs are called."""
    return {GANS[facts["experiment"]][0]: facts for facts in left(results / row(each).file for each in GANS)}


def section(results: Path) -> str:
    """Return the part of docs/results.md about emoji; "" where there is no training."""
    found = kept(results)
    if not found:
        return ""
    floor = np.mean([facts["metrics"]["floor_kid"] for facts in found.values()])
    images = min(facts["images"] for facts in found.values())
    lines = "\n".join(_line(gan, facts) for gan, facts in found.items())
    missing = [gan for gan, _ in GANS.values() if gan not in found]
    return SECTION.format(
        head=HEAD, rows=lines, floor=short(float(floor)), images=images, picture=PICTURE,
        missing=f" Not there yet: {', '.join(missing)}." if missing else "",
        minutes=MINUTES, thread=rows.SPEED_UP * MINUTES,
    )  # fmt: skip


def _line(gan: str, facts: Mapping[str, Any]) -> str:
    metrics = facts["metrics"]
    points = facts["curve"]["points"]  # none where it diverged early
    best = min(points, key=lambda point: point["kid"]) if points else None
    cells = [
        *(gan, f"{facts['trained']:,} x {facts['batch_size']}", f"{facts['core_minutes']:.0f}"),
        f"{short(metrics['kid'])} ± {short(metrics['kid_stderr'])}",
        f"{short(best['kid'])} (after {best['core_minutes']:.0f})" if best else "-",
        *(short(metrics[name]) for name in ("precision", "recall")),
        facts["verdict"],
    ]
    return f"| {' | '.join(cells)} |"


def picture(results: Path) -> np.ndarray:
    """Return KID against core-minutes, a line a GAN, uint8 (h, w, 3)."""
    figure = Figure(figsize=(7, 4), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    for number, (gan, facts) in enumerate(kept(results).items()):
        x, y = ([point[name] for point in facts["curve"]["points"]] for name in ("core_minutes", "kid"))
        axes.plot(x, y, "o-", color=f"C{number}", linewidth=1.2, markersize=3, label=gan)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.set_xlim(left=0)
    axes.set_xlabel("core-minutes of training", fontsize=8)
    axes.legend(fontsize=8, frameon=False)
    recorded.panel(axes, "KID by EfficientNet-Lite0")
    return pixels(figure)


def render(results: Path) -> None:
    """Write the picture, where there is a training."""
    if kept(results):
        write_png(results / PICTURE, picture(results))


HEADS = ("GAN", "steps", "core-minutes", "KID", "least KID (core-minutes)", "precision", "recall", "verdict")
HEAD = head(HEADS)
SECTION = """## Emoji at 64x64, the same minutes for each

Colour emoji as Twitter draws them, one in five held out, by GANs that were each given {minutes:.0f} minutes on two
cores ({thread:.0f} of one thread), in bfloat16. KID by EfficientNet-Lite0 of {images} images against as many held-out
ones (training images in their place: {floor}): at the end, with its standard error, and at the best of eight steps.
Steps are of so many real images each, as many as were reckoned from the speed of the first: where other work was on the
cores then, they took more or less than those minutes. One seed each.{missing}

Made by `python -m benchmarks.emoji`; each run is in docs/results/emoji.

{head}
{rows}

![KID against core-minutes](results/{picture})

"""


def main() -> None:
    """Make what is missing, and docs/results.md anew after each."""
    from benchmarks import results

    names = asked("benchmarks.emoji", __doc__ or "", "EXPERIMENT", GANS)
    sys.exit(not results.made("emoji", (row(experiment) for experiment in names or GANS), bool(names)))


if __name__ == "__main__":
    main()
