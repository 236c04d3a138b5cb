"""Training curves as inline SVG that takes its colours and its typeface from the page around it."""

import io
import re
from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from ganline.models.facts import loss_facts

INK, LINE, BAD = "#010101", "#020202", "#060606"
SERIES = {"real": "#030303", "fake": "#040404", "judge": "#050505"}
# Colours that stand for the page's own, so that one drawing suits light and dark.
PAGE_COLOURS = {INK: "soft", LINE: "line", BAD: "bad"} | {colour: name for name, colour in SERIES.items()}


class Curve(NamedTuple):
    """One line of a chart."""

    column: str
    label: str
    colour: str
    """A key of SERIES."""


class Chart(NamedTuple):
    """One chart: what it shows and how to read it."""

    title: str
    curves: tuple[Curve, ...]
    note: str
    says: tuple[str, ...] = ()
    """What the scores of the loss must be for the note to be right (see ganline.models.losses.Loss.says); any where
    empty."""
    level: float | None = None
    """Where a dashed line of comparison lies."""
    limits: tuple[float, float | None] | None = None
    log: bool = False
    """Whether the axis of values is logarithmic."""


SHARES = (-0.03, 1.03)

LOSSES = (
    Curve("d_loss", "Discriminator", "judge"),
    Curve("g_loss", "Generator", "fake"),
    Curve("g_adversarial_loss", "Generator, adversarial term", "real"),
)
BELIEFS = (Curve("d_real", "Real images", "real"), Curve("d_fake", "Generated images", "fake"))

CHARTS = (
    Chart(
        "Losses",
        LOSSES,
        "Two players, so neither loss has to fall. What matters is that both stay in the game: "
        "a discriminator loss near zero means that the generator no longer learns.",
        ("probabilities", "scores"),
    ),
    Chart(
        "Losses",
        LOSSES,
        "The critic's scores have no scale of their own, and so neither have the losses. What matters is the distance "
        "between real and generated images, drawn as the Wasserstein estimate.",
        ("distances",),
    ),
    Chart(
        "Losses",
        LOSSES,
        "The discriminator is an autoencoder: its loss is its error on real images, less its error on generated ones "
        "times the balance k. The generator's loss is its error on generated images.",
        ("errors",),
    ),
    Chart(
        "Pixel loss",
        (Curve("g_l1", "Generator", "fake"),),
        "The mean absolute difference of outputs and targets, where pixels go from -1 to 1. While it falls, a "
        "discriminator that is nearly always right is no failure.",
    ),
    Chart(
        "Success against the classifier",
        (Curve("g_success", "Changed images", "fake"),),
        "The share of training images that the classifier tells wrong once they are changed, or to be of the target. "
        "While it rises, a discriminator that is nearly always right is no failure.",
        limits=SHARES,
    ),
    Chart(
        "Lost there and back",
        (Curve("g_cycle_a", "Source domain", "real"), Curve("g_cycle_b", "Target domain", "fake")),
        "The mean absolute difference of training images and what comes back of them, where pixels go from -1 to 1. It "
        "falls as well where translations hide their inputs: the looks below tell.",
    ),
    Chart(
        "Discriminator accuracy",
        (Curve("d_accuracy_real", "Real images", "real"), Curve("d_accuracy_fake", "Generated images", "fake")),
        "Half (dashed) is guessing: the best a generator can force. All right, all the time, is a game that is over.",
        level=0.5,
        limits=SHARES,
    ),
    Chart(
        "What the discriminator believes",
        BELIEFS,
        "Its mean probability that an image is real. The closer the lines, the harder the images are to tell apart.",
        ("probabilities",),
        level=0.5,
        limits=SHARES,
    ),
    Chart(
        "What the discriminator says",
        BELIEFS,
        "Its mean score, higher for images it takes for real. The closer the lines, the harder the images are to tell "
        "apart.",
        ("scores", "distances"),
    ),
    Chart(
        "How well the discriminator redraws",
        BELIEFS,
        "The autoencoder's mean error. At balance that on generated images is a fixed share of that on real ones.",
        ("errors",),
    ),
    Chart(
        "Wasserstein estimate",
        (Curve("wasserstein_estimate", "Real less generated", "judge"),),
        "The critic's mean score of real images less that of generated ones. It should shrink as images get better.",
    ),
    Chart(
        "Gradient penalty",
        (Curve("gradient_penalty", "Before its weight", "judge"),),
        "How far the norm of the discriminator's gradient is from 1, squared. Near zero, its slope is kept in bounds.",
    ),
    Chart(
        "Balance",
        (Curve("balance", "k", "judge"),),
        "The weight k of generated images in the discriminator's loss, 0 to 1. It rises while their error is small.",
    ),
    Chart(
        "Convergence",
        (Curve("convergence", "M", "judge"),),
        "The error on real images plus the distance from balance: in this kind of GAN it falls as images get better.",
    ),
    Chart(
        "Class losses",
        (Curve("d_class_loss", "Discriminator", "judge"), Curve("g_class_loss", "Generator", "fake")),
        "Cross-entropy of the class that the discriminator names. Both players want it low.",
    ),
    Chart(
        "Class accuracy",
        (Curve("d_class_accuracy", "Real images", "real"),),
        "The share of labelled training images whose class the discriminator names.",
        limits=SHARES,
    ),
    Chart(
        "Mutual information",
        (Curve("mutual_information", "Lower bound", "judge"),),
        "How much of the code can be read from an image, in nats. At most ln of the number of codes: 2.303 for ten.",
    ),
    Chart("Loss", (Curve("loss", "Training", "judge"),), "What training minimises: it should fall, then level out."),
    Chart(
        "The loss in its two parts",
        (Curve("reconstruction", "Reconstruction", "real"), Curve("kl", "KL divergence", "fake")),
        "What redrawing an image from its latent gets wrong, and how far latents stray from the prior. A divergence of "
        "zero means that latents say nothing.",
    ),
    Chart(
        "Bits per dimension",
        (Curve("bits_per_dim", "Training", "judge"),),
        "Bits needed to store one pixel with this model's predictions. Lower is better.",
    ),
    Chart(
        "Gradients",
        (
            Curve("gradient_norm_generator", "Generator", "fake"),
            Curve("gradient_norm_discriminator", "Discriminator", "judge"),
            Curve("gradient_norm_critic", "Critic", "judge"),
        ),
        "The norm of each network's recent gradients. One that falls towards zero no longer learns; one that grows "
        "without end is about to diverge.",
        log=True,
    ),
)
"""What the players say while they train."""

LOOKS = (
    Chart(
        "Error",
        (Curve("probe_error", "Distance to the targets", "judge"),),
        "The mean difference of outputs and targets, over that of the better of two baselines (dashed): the input "
        "copied, and the targets' mean colour. Lower is better.",
        level=1,
        log=True,
    ),
    Chart(
        "Copies and averages",
        (
            Curve("probe_copied", "Distance to the input", "judge"),
            Curve("probe_saturation", "Colourfulness", "fake"),
        ),
        "Over those of the targets (dashed). A translator that copies its input comes near to it; one whose colours "
        "average out has little colour.",
        level=1,
        limits=(0, None),
    ),
    Chart(
        "Distance to the domains",
        (Curve("probe_domain", "Target domain", "fake"), Curve("probe_domain_back", "Source domain, back", "real")),
        "The Fréchet distance of translations to the domain they are to be of, over that of the inputs copied "
        "(dashed). Lower is better.",
        level=1,
        log=True,
    ),
    Chart(
        "There and back",
        (
            Curve("probe_cycle", "Does not come back", "judge"),
            Curve("probe_cycle_back", "The other way round", "real"),
            Curve("probe_hidden", "Lost by faint noise", "fake"),
        ),
        "The cycle error over that of the mean image (dashed: nothing comes back), and the share of what comes back "
        "that a faint noise halfway destroys: high, translations hide their inputs.",
        level=1,
        limits=(0, None),
    ),
    Chart(
        "Quality",
        (Curve("probe_frechet", "Fréchet distance", "judge"),),
        "The distance of the samples to real images, over that of other real images: lower is better, and 1 (dashed) "
        "is as good as real.",
        level=1,
        log=True,
    ),
    Chart(
        "Likeness",
        (Curve("probe_likeness", "Likeness", "judge"),),
        "The correlation of samples with the real image most like each, over that of other real images (dashed): "
        "noise stays low, whatever its Fréchet distance.",
        level=1,
        limits=(0, None),
    ),
    Chart(
        "Variety",
        (
            Curve("probe_coverage", "Coverage", "real"),
            Curve("probe_spread", "Spread", "judge"),
            Curve("probe_duplicates", "Near-duplicates", "fake"),
        ),
        "Coverage: the share of real images with a sample nearby. Spread: the distance between samples, over that of "
        "real images. Both fall in a mode collapse, and the share of near-duplicates among the samples rises.",
    ),
    Chart(
        "Movement",
        (
            Curve("probe_sensitivity", "When the latent moves", "real"),
            Curve("probe_drift", "Since the look before", "fake"),
        ),
        "How far samples move, over the spread of real images. When their latents move a little: at zero the generator "
        "ignores them. Since the look before, with latents kept: this should settle.",
        limits=(0, None),
    ),
)
"""What was seen of the samples while the model trained."""


def drawable(chart: Chart, history: pd.DataFrame, loss: str) -> Chart | None:
    """Return the chart with only the curves that the history holds; None without any, or where `loss` is another."""
    curves = tuple(curve for curve in chart.curves if curve.column in history and len(_points(chart, curve, history)))
    fits = not chart.says or loss_facts().get(loss, {}).get("says") in chart.says
    return chart._replace(curves=curves) if curves and fits else None


def svg(chart: Chart, history: pd.DataFrame, failing_since: int | None = None) -> str:
    """Draw a chart over training steps; equal arguments give equal text.

    Args:
        chart: what to draw.
        history: column "step" and the columns of the chart's curves, which may have gaps.
        failing_since: step that is marked, if any.

    Returns:
        An <svg> element for a page that defines the colours --soft, --line, --real, --fake, --judge and --bad.
    """
    # The salt makes the ids inside the drawing fixed, and different from those of the other drawings on the page.
    with matplotlib.rc_context({"svg.hashsalt": chart.title, "svg.fonttype": "none", "font.size": 11.5}):
        text = _saved(_drawing(chart, history, failing_since))
    failing = "" if failing_since is None else f", failing since step {failing_since:,}"
    return _themed(text, f"{chart.title} over {history['step'].max():,} steps{failing}")


def _drawing(chart: Chart, history: pd.DataFrame, failing_since: int | None) -> Figure:
    figure = Figure(figsize=(4.2, 2.7), layout="constrained")
    axes = figure.add_subplot()
    if chart.level is not None:
        axes.axhline(chart.level, color=INK, linewidth=1, linestyle=(0, (4, 4)))
    for curve in chart.curves:
        points = _points(chart, curve, history)
        marker = "o" if len(points) == 1 else None  # a line through one point shows nothing
        axes.plot(points["step"], points[curve.column], color=SERIES[curve.colour], linewidth=1.6, marker=marker)
    if failing_since is not None:
        _mark(axes, failing_since)
    if chart.log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter("{x:g}")
    if chart.limits:
        axes.set_ylim(*chart.limits)
    axes.set_xlabel("step", color=INK)
    axes.tick_params(colors=INK, length=0)
    axes.grid(color=LINE, linewidth=0.8)
    axes.spines[:].set_visible(False)
    return figure


def _points(chart: Chart, curve: Curve, history: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in which the curve has a point to draw: others break no line."""
    values = history[curve.column]
    return history[np.isfinite(values) & (values > 0) if chart.log else np.isfinite(values)]


def _mark(axes: Axes, step: int) -> None:
    """Draw the moment since when the run fails, its label above the curves and inside the drawing's sides."""
    axes.axvline(step, color=BAD, linewidth=1, linestyle=(0, (3, 3)))
    left, right = axes.get_xlim()
    side = "left" if step < (left + right) / 2 else "right"
    axes.annotate("failing", (step, 1.02), xycoords=("data", "axes fraction"), color=BAD, ha=side, va="bottom")


def _saved(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return buffer.getvalue()


def _themed(text: str, label: str) -> str:
    inner = text[text.index("<svg") :]
    inner = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<g id=\"[^\"]*\"/>", "", inner, flags=re.DOTALL)
    inner = re.sub(r'<g id="[^"]*">', "<g>", inner)  # never referred to, and the same in every drawing
    inner = re.sub(r"font-family: [^;]*; ", "", inner)
    for colour, name in PAGE_COLOURS.items():
        inner = inner.replace(colour, f"var(--{name})")
    view = re.search(r'viewBox="[^"]*"', inner)
    assert view, "Matplotlib writes a viewBox"
    return re.sub(r"<svg[^>]*>", f'<svg {view[0]} role="img" aria-label="{label}">', inner, count=1)
