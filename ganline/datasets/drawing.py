"""Draw SVGs as PNGs, by resvg, whose version decides the last bits."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ganline.core.progress import track
from ganline.datasets.damage import reading


def draw(drawings: Sequence[tuple[str | Path, Path]], side: int) -> None:
    """Draw SVGs, or those in files, as PNGs of side x side pixels, transparent where nothing is drawn.

    Raises:
        UnreadableError: one is no SVG.
    """
    for _, target in drawings:
        target.parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        drawn = pool.map(lambda pair: _draw(pair[0], pair[1], side), drawings)
        for _ in track(drawn, "draw SVGs", len(drawings), "drawings"):
            pass


def _draw(source: str | Path, target: Path, side: int) -> None:
    import resvg_py  # here: nothing else draws SVGs

    with reading(source if isinstance(source, Path) else target.name):
        svg = source.read_text("utf-8") if isinstance(source, Path) else source
        # With no fonts: those of a machine would be part of the data.
        png = resvg_py.svg_to_bytes(svg_string=svg, width=side, height=side, skip_system_fonts=True)
    target.write_bytes(bytes(png))
