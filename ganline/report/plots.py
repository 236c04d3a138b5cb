"""Charts as pictures, for findings that are kept as PNG files: distributions, curves and clouds of points."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK, LINE = "#5a606b", "#e3e1dc"
COLOURS = ("#2563c9", "#c2521a", "#7447c4", "#1d7a4a")
BINS = 50
DOTS_PER_INCH = 150
MOST_COLUMNS = 30


def histograms(groups: Mapping[str, np.ndarray], label: str, mark: tuple[float, str] | None = None) -> np.ndarray:
    """Return the distributions of groups of values, drawn over each other, as uint8 (h, w, 3).

    Each is scaled to an area of 1, so that groups of different sizes compare.

    Args:
        groups: name -> finite values (N,), one to four groups.
        label: what the values are.
        mark: a value to be marked, and what it is.
    """
    figure, axes = _axes()
    everything = np.concatenate(list(groups.values()))
    edges = np.linspace(everything.min(), max(everything.max(), everything.min() + 1e-9), BINS + 1)
    for (name, values), colour in zip(groups.items(), COLOURS, strict=False):
        axes.hist(values, edges, density=True, histtype="step", linewidth=1.6, color=colour, label=name)
    if mark:
        axes.axvline(mark[0], color=INK, linewidth=1, linestyle=(0, (3, 3)), label=mark[1])
    axes.set_xlabel(label, color=INK)
    axes.set_yticks([])
    return _picture(figure, axes)


def curves(x: Sequence[float], lines: Mapping[str, Sequence[float]], label: str) -> np.ndarray:
    """Return lines over a common axis, 0 to 1 upwards, with a dot at each value, as uint8 (h, w, 3).

    Args:
        x: values along the axis.
        lines: name -> as many values, one to four lines.
        label: what `x` is.
    """
    figure, axes = _axes()
    for (name, values), colour in zip(lines.items(), COLOURS, strict=False):
        axes.plot(x, values, color=colour, linewidth=1.6, marker="o", markersize=4, label=name)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel(label, color=INK)
    return _picture(figure, axes)


def scatter(
    points: np.ndarray, labels: np.ndarray | None, names: Sequence[str], axis_names: tuple[str, str]
) -> np.ndarray:
    """Return points (N, 2) as a cloud, uint8 (h, w, 3), coloured by integer labels (N,) into `names` where given."""
    figure, axes = _axes(square=True)
    if labels is None:
        axes.scatter(points[:, 0], points[:, 1], s=3, linewidths=0, color=COLOURS[0], alpha=0.6)
    else:
        colours = colormaps["tab10" if len(names) <= 10 else "gist_rainbow"]
        for label in np.unique(labels):
            colour = colours(int(label)) if len(names) <= 10 else colours(label / len(names))
            x, y = points[labels == label].T
            axes.scatter(x, y, s=3, linewidths=0, color=colour, alpha=0.6, label=names[label])
    axes.set_xlabel(axis_names[0], color=INK)
    axes.set_ylabel(axis_names[1], color=INK)
    axes.set_aspect("equal", adjustable="datalim")
    return _picture(figure, axes, beside=labels is not None)


def rates(
    names: Sequence[str], groups: Mapping[str, Sequence[tuple[float, tuple[float, float]]]], most: float = 1.0
) -> np.ndarray:
    """Return shares with their intervals, a line a name, as uint8 (h, w, 3).

    Args:
        names: of the lines, from the top.
        groups: name -> for each line its share and the interval of it, in 0 to 1; one to four groups.
        most: where the axis ends, 0 to 1.
    """
    figure, axes = _axes(height=0.9 + 0.3 * len(names))
    for place, ((group, found), colour) in enumerate(zip(groups.items(), COLOURS, strict=False)):
        y = np.arange(len(names)) + 0.24 * (place - (len(groups) - 1) / 2)
        for at, (_, (low, high)) in zip(y, found, strict=True):
            axes.plot([low, high], [at, at], color=colour, linewidth=2, alpha=0.5)
        axes.plot([share for share, _ in found], y, "o", markersize=4, color=colour, label=group)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(-0.02 * most, 1.02 * most)
    return _picture(figure, axes)


def heat(values: np.ndarray, rows: Sequence[str], columns: Sequence[str], label: str) -> np.ndarray:
    """Return signed values (R, C) as a map of colours, blue below 0 and orange above, as uint8 (h, w, 3).

    Args:
        values: finite.
        rows: names, R.
        columns: names, C; too many to be read are not written.
        label: what the values are.
    """
    figure, axes = _axes(height=1.9 + 0.22 * len(rows))
    axes.grid(visible=False)
    limit = max(float(np.abs(values).max()), 1e-9)
    picture = axes.imshow(values, cmap="PuOr_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(len(rows)), rows)
    if len(columns) <= MOST_COLUMNS:
        axes.set_xticks(range(len(columns)), columns, rotation=60, ha="right", rotation_mode="anchor")
    bar = figure.colorbar(picture, ax=axes)
    bar.set_label(label, color=INK)
    bar.ax.tick_params(colors=INK, length=0)
    bar.outline.set_visible(False)  # type: ignore[operator]
    return _picture(figure, axes)


def _axes(square: bool = False, height: float = 3.2) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6, 5) if square else (6, height), dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    axes.tick_params(colors=INK, length=0)
    axes.grid(color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    return figure, axes


def _picture(figure: Figure, axes: Axes, beside: bool = False) -> np.ndarray:
    handles, names = axes.get_legend_handles_labels()
    if len(names) > 1:
        look: dict[str, Any] = {"markerscale": 4} if beside else {"ncols": 2}
        place: Any = "outside right upper" if beside else "outside upper left"
        figure.legend(handles, [str(name) for name in names], loc=place, frameon=False, labelcolor=INK, **look)
    return pixels(figure)


def pixels(figure: Figure) -> np.ndarray:
    """Return a figure as it is drawn, uint8 (h, w, 3)."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
