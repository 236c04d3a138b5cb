"""Training curves as inline SVG that takes its colours and its typeface from the page around it."""

import io
import re
from typing import NamedTuple

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

INK, LINE = "#010101", "#020202"
SERIES = {"real": "#030303", "fake": "#040404", "judge": "#050505"}
# Colours that stand for the page's own, so that one drawing suits light and dark.
PAGE_COLOURS = {INK: "soft", LINE: "line"} | {colour: name for name, colour in SERIES.items()}


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
    level: float | None
    """Where a dashed line of comparison lies."""
    limits: tuple[float, float] | None
    note: str


CHARTS = (
    Chart(
        "Losses",
        (Curve("d_loss", "Discriminator", "judge"), Curve("g_loss", "Generator", "fake")),
        None,
        None,
        "Two players, so neither loss has to fall. What matters is that both stay in the game: "
        "a discriminator loss near zero means that the generator no longer learns.",
    ),
    Chart(
        "Discriminator accuracy",
        (Curve("d_accuracy_real", "Real images", "real"), Curve("d_accuracy_fake", "Generated images", "fake")),
        0.5,
        (-0.03, 1.03),
        "Half (dashed) is guessing: the best a generator can force. All right, all the time, is a game that is over.",
    ),
    Chart(
        "What the discriminator believes",
        (Curve("d_real", "Real images", "real"), Curve("d_fake", "Generated images", "fake")),
        0.5,
        (-0.03, 1.03),
        "Its mean probability that an image is real. The closer the lines, the harder the images are to tell apart.",
    ),
)


def drawable(chart: Chart, history: pd.DataFrame) -> Chart | None:
    """Return the chart with only the curves that the history holds, or None where it holds none of them."""
    curves = tuple(curve for curve in chart.curves if curve.column in history and history[curve.column].notna().any())
    return chart._replace(curves=curves) if curves else None


def svg(chart: Chart, history: pd.DataFrame) -> str:
    """Draw a chart over training steps; equal arguments give equal text.

    Args:
        chart: what to draw.
        history: column "step" and the columns of the chart's curves.

    Returns:
        An <svg> element for a page that defines the colours --soft, --line, --real, --fake and --judge.
    """
    # The salt makes the ids inside the drawing fixed, and different from those of the other drawings on the page.
    with matplotlib.rc_context({"svg.hashsalt": chart.title, "svg.fonttype": "none", "font.size": 11.5}):
        text = _saved(_drawing(chart, history))
    return _themed(text, f"{chart.title} over {history['step'].max():,} steps")


def _drawing(chart: Chart, history: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(4.2, 2.7), layout="constrained")
    axes = figure.add_subplot()
    if chart.level is not None:
        axes.axhline(chart.level, color=INK, linewidth=1, linestyle=(0, (4, 4)))
    for curve in chart.curves:
        axes.plot(history["step"], history[curve.column], color=SERIES[curve.colour], linewidth=1.6)
    if chart.limits:
        axes.set_ylim(*chart.limits)
    axes.set_xlabel("step", color=INK)
    axes.tick_params(colors=INK, length=0)
    axes.grid(color=LINE, linewidth=0.8)
    axes.spines[:].set_visible(False)
    return figure


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
