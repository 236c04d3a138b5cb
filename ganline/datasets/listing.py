"""What lies in a folder: its files in a fixed order, and what is no file of the dataset."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ganline.core import words
from ganline.core.errors import UserError
from ganline.datasets.damage import reading, shown
from ganline.datasets.kinds import why_no_picture

MAC_EXTRAS = "__MACOSX"
UNDECODED = re.compile("[\udc80-\udcff]")
"""What Python makes of bytes in a name that are not UTF-8."""
FIRST = 10
"""Of many names, those that a message shows."""


class Listing(NamedTuple):
    """The files of a folder, as sorted paths relative to it with forward slashes."""

    files: list[str]
    ignored: dict[str, str]
    """What is passed over, and why; a folder ends in a slash."""


def files(folder: Path) -> Listing:
    """Return all files below `folder` but hidden ones. Links are followed where they stay inside.

    Raises:
        UserError: there are no files, a link leads out, nowhere or round in a circle, or a name is not UTF-8.
    """
    listing, refused = Listing([], {}), dict[str, str]()
    _walk(folder, "", [folder.resolve()], listing, refused)
    if refused:
        raise UserError(
            f"{folder}: {len(refused)} name(s) cannot be taken; allowed are files with names in UTF-8, and links that "
            f"stay inside the folder\n" + "\n".join(first(f"  {name} {why}" for name, why in sorted(refused.items())))
        )
    if not listing.files:
        raise UserError(f"{folder}: there are no files in this folder")
    return Listing(sorted(listing.files), dict(sorted(listing.ignored.items())))


def pictures(folder: Path) -> Listing:
    """Return the pictures below `folder`; all other files (lists, licences, Thumbs.db) are among the ignored.

    Raises:
        UserError: as `files`, or there are no pictures.
    """
    everything = files(folder)
    found, others = [], dict(everything.ignored)
    for file in everything.files:
        with reading(folder / file):
            why = why_no_picture(folder / file)
        if why:
            others[file] = why
        else:
            found.append(file)
    if not found:
        raise UserError(
            f"{folder}: there are no pictures in this folder, only other files:\n"
            + "\n".join(first(f"  {name}: {why}" for name, why in sorted(others.items())))
        )
    return Listing(found, dict(sorted(others.items())))


def hidden(name: str) -> bool:
    """Return whether systems hide a file or folder of this name, or made it for themselves."""
    return name.startswith(".") or name == MAC_EXTRAS


def first(lines: Iterable[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    return words.first(lines, FIRST, indent="  ")


def told(ignored: Mapping[str, str]) -> list[str]:
    """Return a sentence for each reason, with the first names: "left out as hidden: .DS_Store, .git/ and 3 more"."""
    sentences = []
    for reason in sorted(set(ignored.values())):
        names = [name for name, why in ignored.items() if why == reason]
        sentences.append(f"left out as {reason}: {words.listed(names, FIRST)}")
    return sentences


def _walk(folder: Path, below: str, inside: list[Path], listing: Listing, refused: dict[str, str]) -> None:
    """Sort what lies in `folder`, whose path from the root is `below`; `inside` are the root and all folders down."""
    with reading(folder):
        entries = list(os.scandir(folder))
    for entry in entries:
        path = below + entry.name
        if hidden(entry.name):
            listing.ignored[shown(path) + "/" * entry.is_dir()] = "hidden"
        elif why := _unfit(entry, inside):
            refused[shown(path)] = why
        elif entry.is_dir():
            _walk(Path(entry.path), f"{path}/", [*inside, Path(entry.path).resolve()], listing, refused)
        elif entry.is_file():
            listing.files.append(path)
        else:
            listing.ignored[path] = "neither a file nor a folder"


def _unfit(entry: os.DirEntry[str], inside: list[Path]) -> str:
    """Return why an entry cannot be taken, or ""."""
    if not entry.name.isascii() and UNDECODED.search(entry.name):
        return "is not UTF-8"
    if not entry.is_symlink():
        return ""
    try:
        target = Path(entry.path).resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: links that lead to each other
        return f"is a link that leads nowhere ({shown(Path(entry.path).readlink())})"
    if not target.is_relative_to(inside[0]):
        return f"is a link that leads out of the folder, to {shown(target)}"
    return f"is a link to a folder that it lies in ({shown(target)})" if target in inside else ""
