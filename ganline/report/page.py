"""The report: one HTML page that holds everything it shows and asks nothing of the network."""

import base64
import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ganline.core import yaml_files
from ganline.core.figures import GUTTER, cut_grid, image_grid, png_bytes
from ganline.report.charts import CHARTS, LOOKS, Chart, drawable, svg
from ganline.report.wording import GROUPS, HEADLINES, certainty, command, remarks, since, tone

BANNER = 16
STRIP_STEPS = 8
STRIP_LATENTS = 8
FRAMES_BYTES = 2_000_000
HEAVY = 120_000  # bytes of a file
LARGE = 1_000_000  # bytes in memory: not worth trying to make a small exact file of
FLOOR, STDERR = "floor_", "_stderr"
WORDS = {"label", "group", "better", "ranks", "how_to_read", "measure"}
"""What a protocol entry says of a number beside how it was made."""
Protocol = Mapping[str, Mapping[str, Any]]


class Sample(NamedTuple):
    """The sample grid of one training step."""

    step: int
    grid: np.ndarray
    """uint8 (h, w, C), laid out by `figures.image_grid`."""


class MetricRow(NamedTuple):
    """One line of the table of metrics."""

    name: str
    label: str
    better: str
    """"lower", "higher", or "" where neither is."""
    note: str
    group: str
    value: float
    error: float | None
    """Its standard error."""
    floor: float | None
    """The same metric of real images against real images."""


class Part(NamedTuple):
    """What one part of the study stage found."""

    title: str
    left_out: str
    """Why there is nothing to show; "" where there is."""
    words: Sequence[str]
    tables: Sequence[Mapping[str, Any]]
    """Each with "title", "columns" (names) and "rows" (of texts)."""
    figures: Sequence[tuple[np.ndarray | bytes, Mapping[str, str]]]
    """Image uint8 (h, w, C), or the bytes of a GIF; and its "title" and "caption"."""
    numbers: Sequence[MetricRow]


@dataclass(frozen=True)
class Content:
    """All that the page shows."""

    params: Mapping[str, Any]
    """params.yaml as plain dicts and values."""
    dataset: Mapping[str, Any]
    """dataset.json of the prepared data."""
    extractor: Mapping[str, Any]
    """extractor.json."""
    history: pd.DataFrame
    """Training curves; column "step" and any of those in `charts.CHARTS` and `charts.LOOKS`, with gaps."""
    samples: Sequence[Sample]
    """In the order of their steps; may be empty."""
    diagnosis: Mapping[str, Any]
    """diagnosis.json."""
    metrics: Mapping[str, float]
    """metrics.json; a metric's floor is called floor_<name>."""
    protocol: Protocol
    """protocol.json."""
    real: np.ndarray
    """Held-out images, uint8 (N, H, W, C)."""
    generated: np.ndarray
    """As many samples, uint8 (N, H, W, C)."""
    conditions: int
    """Classes or codes that `generated` is sorted by, equally many of each; 0 where the generator takes none."""
    latent: Sequence[Part]


def render(content: Content) -> str:
    """Return the page; equal content gives equal text."""
    metrics = metric_rows(content.metrics, content.protocol)
    loss, failing_since = content.params["train"]["loss"], since(content.diagnosis)
    return (
        environment()
        .get_template("page.html")
        .render(
            content=content,
            params=content.params,
            banner=image_grid(np.stack(evenly(list(content.generated), BANNER)), min(BANNER, len(content.generated))),
            headlines=[row for row in metrics if row.name in HEADLINES],
            metrics=in_groups(metrics),
            protocols=grouped(content.protocol),
            left_out=left_out(content.protocol),
            panels=[("Real", content.real), ("Generated", content.generated)],
            panel=lambda images: panel(images, content.conditions),
            strip=strip(content.samples, content.dataset["image_shape"], content.conditions > 0),
            frames=frames(content.samples),
            charts=charts(CHARTS, content.history, loss, failing_since),
            looks=charts(LOOKS, content.history, loss, failing_since),
            tone=tone(content.diagnosis),
            certainty=certainty(content.diagnosis),
            remarks=remarks(content.diagnosis),
            params_yaml=yaml_files.dump(dict(content.params)),
        )
    )


def environment() -> Environment:
    """Return what renders the templates of this folder: strict, escaping, and with the filters that they use."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    templates.filters |= {"number": number, "words": words, "score": score, "picture": picture, "command": command_line}
    return templates


def metric_rows(metrics: Mapping[str, float], protocol: Protocol) -> list[MetricRow]:
    """Return the metrics, each with its standard error and its floor beside it."""
    return [
        _row(name, metrics, protocol.get(name, {}))
        for name in metrics
        if not name.startswith(FLOOR) and name.removesuffix(STDERR) not in metrics.keys() - {name}
    ]


def _row(name: str, metrics: Mapping[str, float], entry: Mapping[str, Any]) -> MetricRow:
    return MetricRow(
        name,
        entry.get("label", words(name)),
        entry.get("better", ""),
        entry.get("how_to_read", ""),
        entry.get("group", "own"),
        metrics[name],
        metrics.get(name + STDERR),
        metrics.get(FLOOR + name),
    )


def in_groups(rows: Sequence[MetricRow]) -> list[tuple[str, list[MetricRow]]]:
    """Return the rows of each group under its title, in the order of `wording.GROUPS`."""
    groups = [(title, [row for row in rows if row.group == name]) for name, title in GROUPS.items()]
    return [(title, inside) for title, inside in groups if inside]


def grouped(protocol: Protocol) -> list[tuple[list[str], Mapping[str, Any]]]:
    """Return each different protocol once, with the names of the metrics that were made under it."""
    groups: list[tuple[list[str], Mapping[str, Any]]] = []
    for name, entry in protocol.items():
        if name.startswith(FLOOR) or "left_out" in entry:
            continue
        facts = {key: value for key, value in entry.items() if key not in WORDS}
        same = next((names for names, known in groups if known == facts), None)
        if same is None:
            groups.append(([name], facts))
        else:
            same.append(name)
    return groups


def left_out(protocol: Protocol) -> dict[str, str]:
    """Return the measures that could not be made of the generated images, each with the reason."""
    return {
        entry["measure"]: entry["left_out"]
        for name, entry in protocol.items()
        if "left_out" in entry and not name.startswith(FLOOR)
    }


def panel(images: np.ndarray, conditions: int) -> np.ndarray:
    """Return images as a grid: one row a condition where there are any (and several images of each), else square."""
    columns = len(images) // conditions if conditions else 0
    return image_grid(images, columns if columns > 1 else math.ceil(math.sqrt(len(images))))


def charts(
    known: Sequence[Chart], history: pd.DataFrame, loss: str, failing_since: int | None = None
) -> list[tuple[Chart, Markup]]:
    """Return those charts that this history of a training with `loss` can fill, each with its drawing."""
    filled = [chart for chart in (drawable(chart, history, loss) for chart in known) if chart]
    return [(chart, Markup(svg(chart, history, failing_since))) for chart in filled]


def strip(samples: Sequence[Sample], image_shape: Sequence[int], by_row: bool) -> list[Sample]:
    """Return a few fixed latents as columns of images, one column for each of some evenly chosen steps.

    They are the first images of a grid, or (by_row) the first of each row, where each row is a class of its own.
    """
    height, width, _ = image_shape

    def few(grid: np.ndarray) -> np.ndarray:
        columns = (grid.shape[1] + GUTTER) // (width + GUTTER)
        return cut_grid(grid, height, width)[:: columns if by_row else 1][:STRIP_LATENTS]

    return [Sample(step, image_grid(few(grid), 1)) for step, grid in evenly(samples, STRIP_STEPS)]


def frames(samples: Sequence[Sample]) -> list[Sample]:
    """Return the grids for the slider: all of them, or as many evenly chosen ones as keep the page light."""
    if not samples:
        return []
    size = len(_encoded(samples[-1].grid)[1])
    return evenly(samples, max(STRIP_STEPS, FRAMES_BYTES // size))


def evenly(items: Sequence[Any], count: int) -> list[Any]:
    """Return at most `count` items, evenly spaced, the first and the last among them."""
    places = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[place] for place in places]


def picture(image: np.ndarray | bytes, alt: str) -> Markup:
    """Return an <img> that holds its image in itself; small ones are enlarged without blur.

    Args:
        image: uint8 (H, W, C), or the bytes of a GIF.
        alt: what stands for it where it is not seen.
    """
    if isinstance(image, bytes):
        kind, data, (width, height) = "gif", image, struct.unpack("<HH", image[6:10])
    else:
        (kind, data), (height, width, _) = _encoded(image), image.shape
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    look = "pixels" if width < 600 else "photo"
    return Markup('<img class="{}" width="{}" height="{}" alt="{}" src="{}">').format(look, width, height, alt, source)


def command_line(change: Sequence[str]) -> Markup:
    """Return the command that makes these changes; a browser breaks its lines before a change, not in one."""
    return Markup(" ").join(Markup("<span>{}</span>").format(part) for part in re.split(" (?=-S )", command(change)))


def _encoded(image: np.ndarray) -> tuple[str, bytes]:
    """Return the format and the bytes: PNG, which is exact, or JPEG where that would make the page heavy."""
    if image.nbytes <= LARGE and len(exact := png_bytes(image)) <= HEAVY:
        return "png", exact
    ordered = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.shape[2] == 3 else image
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(ordered), [cv2.IMWRITE_JPEG_QUALITY, 88])
    return "jpeg", data.tobytes()


def number(value: Any) -> str:
    """Return a value as people write it: four significant digits, thousands set apart, no exponent for large ones."""
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (isinstance(value, float) and abs(value) >= 1000):
        return f"{value:,.0f}"
    if isinstance(value, list):
        return ", ".join(number(item) for item in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def score(value: float) -> str:
    """Return a metric with as many decimals as are worth reading; a count has none."""
    if isinstance(value, int):
        return f"{value:,}"
    size = abs(value)
    return f"{value:.{1 if size >= 100 else 2 if size >= 1 else 3 if size >= 0.01 or not size else 5}f}"


def words(name: str) -> str:
    """Return an identifier as words: "d_loss" as "D loss"."""
    text = name.replace("_", " ").replace("/", ": ")
    return text[:1].upper() + text[1:]
