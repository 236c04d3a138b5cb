"""The npm package openmoji: every drawing as lines (black/svg) and in colour (color/svg), and a table of what it is."""

import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path, PurePosixPath

from ganline.core.errors import UserError
from ganline.datasets import digests, drawing
from ganline.datasets.damage import UnreadableError, reading
from ganline.datasets.fetchers import SourceError

TABLE = "data/openmoji.json"
STYLES = {"lines": "black/svg", "colours": "color/svg"}
"""The folders of the dataset, and those of the package that they are drawn from."""
LEFT_OUT = "component"
"""Skin tones and hair by themselves: patches of colour, no drawings of their own."""


def write(found: Path, expected: str, category: str | None, side: int, folder: Path) -> None:
    """Draw each SVG as a PNG of side x side pixels, transparent where nothing is drawn: lines/GROUP/1F600.png.

    Left out are the group "component" and the variations of a drawing in skin tones (nearly half of all, near copies of
    the one that is kept): they would outweigh the rest and straddle training and test split.

    Args:
        found: a folder with the package somewhere below it.
        expected: what `digest` must give.
        category: a group of the table, such as food-drink; None takes all.
        side: of the pictures, pixels.
        folder: where to write lines/ and colours/.

    Raises:
        SourceError: files are missing or have other content.
        UnreadableError: the table is no table of drawings.
        UserError: there is no such group; names those there are.
    """
    package = checked(found, expected)
    draw(package, chosen(groups(package), category), STYLES, side, folder)


def checked(found: Path, expected: str) -> Path:
    """Return the folder of the package below `found`; SourceError where it is not there or has other content."""
    package = _package(found)
    content = digest(package)
    if content != expected:
        raise SourceError(f"{files()}: expected content with sha256 {expected}, found {content}")
    return package


def chosen(groups: Mapping[str, list[str]], category: str | None) -> Mapping[str, list[str]]:
    """Return one group, or with None all; UserError where there is no such group."""
    if category is not None and category not in groups:
        raise UserError(
            f"download.category = {category!r}: allowed is null (all) or one of {', '.join(sorted(groups))}"
        )
    return {category: groups[category]} if category else groups


def draw(package: Path, groups: Mapping[str, list[str]], styles: Mapping[str, str], side: int, folder: Path) -> None:
    """Draw the named SVGs, FOLDER of `styles`/GROUP/NAME.png, side x side pixels."""
    wanted: list[tuple[str | Path, Path]] = [
        (package / svg / f"{name}.svg", folder / style / group / f"{name}.png")
        for style, svg in styles.items()
        for group, names in groups.items()
        for name in names
    ]
    drawing.draw(wanted, side)


def digest(package: Path) -> str:
    """Return the sha256 of what `LC_ALL=C sha256sum data/openmoji.json black/svg/*.svg color/svg/*.svg` prints."""
    drawings = (digests.in_order((package / svg).glob("*.svg")) for svg in STYLES.values())
    return digests.of_files(package, [package / TABLE, *chain(*drawings)])


def files() -> str:
    """Return the files of the package that count, as a shell names them."""
    return " ".join([TABLE, *(f"{svg}/*.svg" for svg in STYLES.values())])


def _package(found: Path) -> Path:
    tables = sorted(found.rglob(TABLE), key=lambda path: (len(path.parts), path))
    if not tables:
        raise SourceError(f"{TABLE} is not in it")
    return tables[0].parents[1]


def groups(package: Path) -> dict[str, list[str]]:
    """Return the names of the drawings to take, by group; UnreadableError where the table is none of drawings."""
    found: dict[str, list[str]] = {}
    with reading(package / TABLE):
        for row in json.loads((package / TABLE).read_text("utf-8")):
            if row["group"] != LEFT_OUT and not row["skintone"]:
                found.setdefault(row["group"], []).append(row["hexcode"])
    # They become paths.
    for name in (name for group, names in found.items() for name in (group, *names)):
        if not isinstance(name, str) or PurePosixPath(name).name != name:
            raise UnreadableError(f"{package / TABLE}: {name!r} is no name of a group or drawing")
    return found
