"""The report: one HTML page that holds everything it shows and asks nothing of the network."""

import base64
import math
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ganline.core import yaml_files
from ganline.core.figures import GUTTER, cut_grid, image_grid, png_bytes
from ganline.datasets.resize import like
from ganline.metrics import naming
from ganline.report.charts import CHARTS, LOOKS, Chart, drawable, svg
from ganline.report.content import Content, Pairs, Sample
from ganline.report.numbers import grouped, headlines, in_groups, left_out, metric_rows, number, score, words
from ganline.report.wording import STUDIES, certainty, command, remarks, since, tone

BANNER = 16
STRIP_STEPS = 8
STRIP_ROWS = 8
FRAMES_BYTES = 2_000_000
HEAVY = 120_000  # bytes of a file
LARGE = 1_000_000  # bytes in memory: not worth trying to make a small exact file of
PAIRS = 12  # of a translator: in two blocks side by side, where there is room


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
            headlines=headlines(metrics, content.pairs is not None, naming.network_of(content.protocol)),
            metrics=in_groups(metrics),
            protocols=grouped(content.protocol),
            left_out=left_out(content.protocol),
            panels=[("Real", content.real), ("Generated", content.generated)],
            pairs=pair_blocks(content.pairs) if content.pairs else [],
            targets=content.pairs is not None and content.pairs.targets is not None,
            panel=lambda images: panel(images, content.conditions),
            strip=pair_strip(content.samples, content.pairs)
            if content.pairs
            else strip(content.samples, content.dataset["image_shape"], content.conditions > 0),
            frames=frames(content.samples),
            charts=charts(CHARTS, content.history, loss, failing_since),
            looks=charts(LOOKS, content.history, loss, failing_since),
            tone=tone(content.diagnosis),
            certainty=certainty(content.diagnosis),
            remarks=remarks(content.diagnosis),
            titles={study.name: STUDIES.get(study.name, (words(study.name), "")) for study in content.studies},
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


def panel(images: np.ndarray, conditions: int) -> np.ndarray:
    """Return images as a grid: one row a condition where there are any (and several images of each), else square."""
    columns = len(images) // conditions if conditions else 0
    return image_grid(images, columns if columns > 1 else math.ceil(math.sqrt(len(images))))


def pair_blocks(pairs: Pairs) -> list[list[tuple[str, np.ndarray]]]:
    """Return some pairs in one or two blocks, each its columns from left to right: name and pictures one below another.

    A row is one pair: inputs and styles are brought to the size of what is made of them. The difference of output and
    target is taken channel by channel, black where they are equal.
    """
    columns = {"Input": like(pairs.inputs, pairs.outputs.shape[1:])}
    if pairs.styles is not None:
        columns["Style"] = like(pairs.styles, pairs.outputs.shape[1:])
    columns["Output"] = pairs.outputs
    if pairs.targets is not None:
        apart = np.abs(pairs.outputs.astype(np.int16) - pairs.targets).astype(np.uint8)
        columns |= {"Target": pairs.targets, "Difference": apart}
    rows = np.array(evenly(range(len(pairs.outputs)), PAIRS))
    blocks = np.array_split(rows, 2 if len(rows) > 3 else 1)
    return [[(name, image_grid(images[block], 1)) for name, images in columns.items()] for block in blocks]


def charts(
    known: Sequence[Chart], history: pd.DataFrame, loss: str, failing_since: int | None = None
) -> list[tuple[Chart, Markup]]:
    """Return those charts that this history of a training with `loss` can fill, each with its drawing."""
    filled = [chart for chart in (drawable(chart, history, loss) for chart in known) if chart]
    return [(chart, Markup(svg(chart, history, failing_since))) for chart in filled]


def strip(samples: Sequence[Sample], image_shape: Sequence[int], by_row: bool) -> list[tuple[str, np.ndarray]]:
    """Return a few fixed latents as columns of images, one column for each of some evenly chosen steps, with its name.

    They are the first images of a grid, or (by_row) the first of each row, where each row is a class of its own.
    """
    height, width, _ = image_shape

    def few(grid: np.ndarray) -> np.ndarray:
        columns = (grid.shape[1] + GUTTER) // (width + GUTTER)
        return image_grid(cut_grid(grid, height, width)[:: columns if by_row else 1][:STRIP_ROWS], 1)

    return [(number(step), few(grid)) for step, grid in evenly(samples, STRIP_STEPS)]


def pair_strip(samples: Sequence[Sample], pairs: Pairs) -> list[tuple[str, np.ndarray]]:
    """Return the same for a translator, behind its inputs and styles and before the targets, where there are these.

    Its grids hold input, style, output and target beside each other (see ganline.models.makers.Translator.sheet), all
    in the size of the largest, pair after pair.
    """
    if not samples:
        return []
    every = {"input": pairs.inputs, "style": pairs.styles, "output": pairs.outputs, "target": pairs.targets}
    sets = {name: images for name, images in every.items() if images is not None}
    height, width = (max(images.shape[axis] for images in sets.values()) for axis in (1, 2))

    def column(grid: np.ndarray, name: str) -> np.ndarray:
        return image_grid(cut_grid(grid, height, width)[list(sets).index(name) :: len(sets)][:STRIP_ROWS], 1)

    found = []
    for name in sets:
        shown = evenly(samples, STRIP_STEPS - len(sets) + 1) if name == "output" else samples[-1:]
        found += [(number(step) if name == "output" else name, column(grid, name)) for step, grid in shown]
    return found


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
