"""TFRecords of tf.train.Example, read without TensorFlow: where each record lies, and what is in it.

A record is its length (8 bytes, little-endian), the masked CRC-32C of these, its content, and the masked CRC-32C of
that. The content is a protocol buffer: Example { Features { map: name -> Feature { bytes | floats | int64s } } }.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ganline.datasets.crc32c import masked
from ganline.datasets.damage import UnreadableError

HEAD, TAIL = struct.Struct("<QI"), struct.Struct("<I")
VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5
"""How a field of a protocol buffer is written."""


class Place(NamedTuple):
    """Where the content of a record lies in its file, bytes."""

    start: int
    length: int


def places(path: Path) -> list[Place]:
    """Return where the records of a file lie. Only what says their lengths is read, and checked.

    Raises:
        UnreadableError: it holds no records, is cut off, or a length is damaged: what lies behind it cannot be found.
    """
    found: list[Place] = []
    size, at = path.stat().st_size, 0
    with path.open("rb") as source:
        while at < size:
            source.seek(at)
            place = _place(path, source.read(HEAD.size), at, len(found))
            if (at := place.start + place.length + TAIL.size) > size:
                raise UnreadableError(
                    f"{path}: cut off in record {len(found) + 1:,}, {at - size:,} bytes before its end "
                    f"({len(found):,} whole records come before it)"
                )
            found.append(place)
    if not found:
        raise UnreadableError(f"{path}: holds no records (0 bytes)")
    return found


def _place(path: Path, head: bytes, at: int, before: int) -> Place:
    if len(head) < HEAD.size:
        raise UnreadableError(f"{path}: cut off in the length of record {before + 1:,}, at byte {at:,}")
    length, checksum = HEAD.unpack(head)
    if masked(head[:8]) != checksum:
        what = "damaged" if before else "damaged, or no TFRecords"
        raise UnreadableError(
            f"{path}: {what}: the length of record {before + 1:,}, at byte {at:,}, has another checksum; what comes "
            "after it cannot be found"
        )
    return Place(at + HEAD.size, length)


def checked(record: bytes) -> bytes:
    """Return the content of a record that is given with its checksum.

    Raises:
        ValueError: the checksum is another.
    """
    content, (checksum,) = record[: -TAIL.size], TAIL.unpack(record[-TAIL.size :])
    if masked(content) != checksum:
        raise ValueError("another checksum")
    return content


def features(content: bytes) -> dict[str, list[bytes] | list[int]]:
    """Return the features of a tf.train.Example by their names: bytes, or integers. Floats are left out.

    Raises:
        ValueError: it is no such message.
    """
    found: dict[str, list[bytes] | list[int]] = {}
    for number, group in _fields(memoryview(content)):
        for entry in (value for field, value in _fields(_part(group)) if field == 1) if number == 1 else ():
            parts = dict(_fields(_part(entry)))
            for kind, values in _fields(_part(parts.get(2, memoryview(b"")))):
                name = bytes(_part(parts.get(1, memoryview(b"")))).decode()
                if kind == 1:
                    found[name] = [bytes(_part(value)) for _, value in _fields(_part(values))]
                elif kind == 3:
                    found[name] = list(_integers(_part(values)))
    return found


def _integers(values: memoryview) -> Iterator[int]:
    """Yield the values of an Int64List, which may be written one by one or packed."""
    for _, value in _fields(values):
        if isinstance(value, int):
            yield value
            continue
        at = 0
        while at < len(value):
            number, at = _varint(value, at)
            yield number


def _part(value: "memoryview | int") -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where a message should be")
    return value


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Yield the number and the value of each field of a message: an integer, or bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        if kind == LENGTH:
            length, at = _varint(message, at)
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            length = 8 if kind == EIGHT_BYTES else 4
        else:
            raise ValueError(f"no field is written as {kind}")
        if at + length > len(message):
            raise ValueError("a field is longer than its message")
        yield tag >> 3, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the integer that is written from `at` on, seven bits a byte, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("a number is cut off")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number has no end")
