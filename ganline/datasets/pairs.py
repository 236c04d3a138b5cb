"""Pictures in pairs: two folders with equal names, or two halves of each file."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from ganline.core.errors import UserError
from ganline.datasets import decode, layout, listing
from ganline.datasets.damage import reading
from ganline.settings.schema import Pairs

Sides = dict[str, dict[str, str]]
"""For each of two folders' names its files, each with its path without that folder: of trainA/1.png, train/1.png."""


class View:
    """One side of a translation: its files, and the bytes and pixels of each."""

    def __init__(self, folder: Path, files: Sequence[str], half: str | None) -> None:
        """Show whole files, or the half "left" or "right" of each."""
        self.files, self._folder, self._half = list(files), folder, half

    def read(self, index: int) -> bytes:
        """Return the bytes of one file; UserError where it cannot be read."""
        path = self._folder / self.files[index]
        with reading(path):
            return path.read_bytes()

    def decode(self, data: bytes) -> np.ndarray:
        """Return the picture; see `ganline.datasets.decode.read`. Files are cut at half their width, rounded down."""
        pixels = decode.read(data)
        if self._half is None:
            return pixels
        middle = pixels.shape[1] // 2
        return pixels[:, :middle] if self._half == "left" else pixels[:, middle:]


class PairedPictures:
    """The pairs of a folder, in the order of their paths.

    Attributes: `images` are what a translator is to make, `partners` what it is given; the i-th of one belongs to the
    i-th of the other. `labels`, `splits`, `said` and `ignored` as in ganline.datasets.pictures.PictureFolder.

    Raises:
        UserError: there are no pictures, a picture has no partner or several, or lies in neither folder.
    """

    def __init__(self, folder: Path, settings: Pairs) -> None:
        files, self.ignored = listing.pictures(folder)
        if settings.layout == "side_by_side":
            self.images, self.partners = (View(folder, files, half) for half in (settings.images, settings.partners))
            named = files
        else:
            found = sides(folder, files, (settings.images, settings.partners))
            keyed = {name: _by_key(folder, side) for name, side in found.items()}
            _refuse_single(folder, keyed)
            keys = sorted(keyed[settings.images], key=lambda key: keyed[settings.images][key])
            self.images, self.partners = (View(folder, [side[key] for key in keys], None) for side in keyed.values())
            named = [found[settings.images][file] for file in self.images.files]
        told = layout.read(str(folder), named)
        self.labels, self.splits, self.said = told.labels, told.splits, told.said


def sides(folder: Path, files: Iterable[str], names: tuple[str, str]) -> Sides:
    """Tell the files of the two folders `names` apart.

    Raises:
        UserError: a folder has no pictures, or there are some in neither.
    """
    found: Sides = {name: {} for name in names}
    beside: list[str] = []
    for file in files:
        side, rest = _place(file, names)
        if side is None:
            beside.append(file)
        else:
            found[side][file] = rest
    told = " and ".join(f"{len(found[name])} below a folder {name!r}" for name in names)
    for name in names:
        if not found[name]:
            raise UserError(
                f"{folder}: no picture lies below a folder {name!r}, so there is but one side of a translation "
                f"({told}); prepare.pairs.images and prepare.pairs.partners name the two folders, such as A and B "
                "(A/1.png, B/1.png, or trainA/1.png, trainB/1.png), and download.category = both takes them both"
            )
    if beside:
        raise UserError(
            f"{folder}: {len(beside)} picture(s) lie below neither of the two folders, such as {beside[0]} ({told}); "
            "prepare.pairs.images and prepare.pairs.partners name the two folders"
        )
    return found


def _by_key(folder: Path, side: dict[str, str]) -> dict[str, str]:
    """Return one folder's files by what they have in common with their partners': their paths without endings."""
    keyed: dict[str, str] = {}
    for file, rest in side.items():
        other = keyed.setdefault(str(PurePosixPath(rest).with_suffix("")), file)
        if other != file:
            raise UserError(f"{folder}: {other} and {file} have one name; allowed is one picture of a name in a folder")
    return keyed


def _place(file: str, names: tuple[str, str]) -> tuple[str | None, str]:
    """Return which of the two folders a file lies below, and its path without that folder."""
    *folders, name = PurePosixPath(file).parts
    for i, part in enumerate(folders):
        for side in names:
            if part == side:
                return side, "/".join([*folders[:i], *folders[i + 1 :], name])
            if found := re.fullmatch(f"({'|'.join(layout.SPLITS)})[_-]?{re.escape(side)}", part, re.IGNORECASE):
                return side, "/".join([*folders[:i], found[1], *folders[i + 1 :], name])
    return None, ""


def _refuse_single(folder: Path, keyed: Sides) -> None:
    """Refuse pictures that miss a partner; the message names them."""
    (first, ours), (second, theirs) = keyed.items()
    lines = [
        *(f"  {ours[key]} has none below {second!r}" for key in sorted(ours.keys() - theirs.keys())),
        *(f"  {theirs[key]} has none below {first!r}" for key in sorted(theirs.keys() - ours.keys())),
    ]
    if lines:
        raise UserError(
            f"{folder}: {len(lines)} picture(s) miss a partner; allowed are pairs of equal names (endings such as .png "
            "and .jpg may differ)\n" + "\n".join(listing.first(lines))
        )


def pictures_shown(views: Iterable[Sequence[str]]) -> np.ndarray:
    """Return a number for each pair, integer (N,), equal for all that are to stay together in one split.

    Pairs stay together that have a file in common, on either side, or through others: 1-2 and 3-2, 3-4.

    Args:
        views: the sha256 of each pair's file, for each view.
    """
    parents: dict[tuple[int, str], tuple[int, str]] = {}

    def root(node: tuple[int, str]) -> tuple[int, str]:
        while parents.setdefault(node, node) != node:
            parents[node] = node = parents[parents[node]]
        return node

    pairs = [[(i, digest) for i, digest in enumerate(digests)] for digests in zip(*views, strict=True)]
    for first, *others in pairs:
        for other in others:
            parents[root(other)] = root(first)
    roots = [root(first) for first, *_ in pairs]
    numbers = {node: number for number, node in enumerate(dict.fromkeys(roots))}
    return np.array([numbers[node] for node in roots], int)
