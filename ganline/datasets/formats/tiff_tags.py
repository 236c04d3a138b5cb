"""The directories of a TIFF file."""

import struct

from ganline.datasets.unusable import DAMAGED, UnusableError

NAMES = {
    254: "subfile", 256: "width", 257: "height", 258: "bits", 259: "compression", 262: "photometric", 273: "offsets",
    277: "samples", 279: "lengths", 284: "planar", 322: "tile", 324: "offsets", 325: "lengths", 338: "extra",
    339: "format", 34675: "profile", 50706: "dng",
}  # fmt: skip
INTEGERS = {1: "B", 3: "H", 4: "I", 7: "B", 13: "I", 16: "Q"}
CLASSIC, BIG = (2, 12, "HHI", 4, "I"), (8, 20, "HHQ", 8, "Q")
"""Bytes of the count of entries and of an entry, how an entry begins, bytes and letter of an offset."""
MOST_PAGES = 10_000


class Tags(dict[str, tuple[int, ...]]):
    """The integers of one page by the names of NAMES; () for what it lacks."""

    def __missing__(self, name: str) -> tuple[int, ...]:
        return ()

    def number(self, name: str, default: int) -> int:
        """Return the first integer of a tag."""
        return self[name][0] if self[name] else default


def directories(data: bytes) -> list[Tags]:
    """Return the tags of every page, at least one, of a TIFF or BigTIFF file.

    Raises:
        UnusableError: a page lies outside of the file.
    """
    order = "<" if data.startswith(b"II") else ">"
    big = 43 in data[2:4]
    layout = BIG if big else CLASSIC
    pages: list[Tags] = []
    seen: set[int] = set()
    try:
        (at,) = struct.unpack_from(order + layout[4], data, 8 if big else 4)
        while at and at not in seen and len(pages) < MOST_PAGES:
            seen.add(at)
            tags, at = _directory(data, at, order, layout)
            pages.append(tags)
    except (struct.error, OverflowError):  # the latter: an offset of 2**63
        raise UnusableError(DAMAGED) from None
    if not pages:
        raise UnusableError(DAMAGED)
    return pages


def _directory(data: bytes, at: int, order: str, layout: tuple[int, int, str, int, str]) -> tuple[Tags, int]:
    """Return the tags of the page at `at` and where the next one is, 0 after the last."""
    head, size, beginning, width, letter = layout
    count = int.from_bytes(data[at : at + head], "little" if order == "<" else "big")
    tags = Tags()
    for entry in range(at + head, at + head + size * count, size):
        tag, kind, amount = struct.unpack_from(order + beginning, data, entry)
        if tag in NAMES and kind in INTEGERS and amount:
            where = entry + size - width
            if struct.calcsize(f"={amount}{INTEGERS[kind]}") > width:
                (where,) = struct.unpack_from(order + letter, data, where)
            tags[NAMES[tag]] = struct.unpack_from(f"{order}{amount}{INTEGERS[kind]}", data, where)
    (following,) = struct.unpack_from(order + letter, data, at + head + size * count)
    return tags, following
