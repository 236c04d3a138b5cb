"""The npm packages emoji-datasource-<vendor>: emoji.json says what each emoji is, img/<vendor>/64/ has the pictures."""

import json
import shutil
from pathlib import Path, PurePosixPath

from ganline.core.errors import UserError
from ganline.datasets import digests
from ganline.datasets.damage import UnreadableError, reading
from ganline.datasets.fetchers import SourceError

TABLE = "emoji.json"
LEFT_OUT = "Component"
"""The five skin-tone modifiers: patches of plain colour, no emoji of their own."""


def write(found: Path, vendor: str, expected: str, category: str | None, folder: Path) -> None:
    """Copy the pictures below `found` to `folder`/<category>/, of one category or (None) of all.

    Left out are the category Component and the variations of an emoji in five skin tones (half of all pictures, near
    copies of the base emoji, which is kept): they would outweigh the rest and straddle training and test split.

    Args:
        found: a folder with emoji.json and img/<vendor>/64/*.png somewhere below it.
        vendor: twitter, google, apple or facebook.
        expected: what `digest` must give.
        category: a category of emoji.json, such as Flags.
        folder: where to write.

    Raises:
        SourceError: files are missing or have other content.
        UnreadableError: emoji.json is no table of emoji.
        UserError: there is no such category; names those there are.
    """
    package = _package(found)
    content = digest(package, vendor)
    if content != expected:
        raise SourceError(f"{TABLE} and {pictures(vendor)}: expected content with sha256 {expected}, found {content}")
    files = _files(package, vendor)
    if category is not None and category not in files:
        raise UserError(f"download.category = {category!r}: allowed is null (all) or one of {', '.join(sorted(files))}")
    for name in [category] if category else files:
        (folder / name).mkdir()
        for file in files[name]:
            picture = package / f"img/{vendor}/64/{file}"
            with reading(picture):
                shutil.copyfile(picture, folder / name / file)


def digest(package: Path, vendor: str) -> str:
    """Return the sha256 of what `LC_ALL=C sha256sum emoji.json img/<vendor>/64/*.png` prints in the folder `package`.

    Raises:
        SourceError: there are no pictures of this vendor.
    """
    paths = digests.in_order(package.glob(pictures(vendor)))
    if not paths:
        raise SourceError(f"{pictures(vendor)} is not beside {TABLE}")
    return digests.of_files(package, [package / TABLE, *paths])


def pictures(vendor: str) -> str:
    """Return where a vendor's pictures lie in the package."""
    return f"img/{vendor}/64/*.png"


def _package(found: Path) -> Path:
    tables = sorted(found.rglob(TABLE), key=lambda path: (len(path.parts), path))
    if not tables:
        raise SourceError(f"{TABLE} is not in it")
    return tables[0].parent


def _files(package: Path, vendor: str) -> dict[str, list[str]]:
    """Return the picture files of the base emoji that this vendor draws, by category."""
    files: dict[str, list[str]] = {}
    with reading(package / TABLE):
        for emoji in json.loads((package / TABLE).read_text("utf-8")):
            if emoji[f"has_img_{vendor}"] and emoji["category"] != LEFT_OUT:
                files.setdefault(emoji["category"], []).append(emoji["image"])
    if not files:
        raise UnreadableError(f"{package / TABLE}: there is no picture of {vendor} in it")
    # They become paths.
    for name in (name for category, images in files.items() for name in (category, *images)):
        if not isinstance(name, str) or PurePosixPath(name).name != name:
            raise UnreadableError(f"{package / TABLE}: {name!r} is no name of a category or picture")
    return files
