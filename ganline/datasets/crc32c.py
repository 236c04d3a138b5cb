"""CRC-32C (Castagnoli), the checksum of TFRecords, in NumPy: nothing that is installed computes it without TensorFlow.

A long message is cut into strips that go through the table side by side, a byte of each at a time; what a strip leaves
is then moved over the strips behind it by a linear map (as zlib's crc32_combine does).
"""

from functools import cache

import numpy as np

POLYNOMIAL = 0x82F63B78
"""Reversed."""
ONES = 0xFFFFFFFF
STRIP = 128
"""Bytes of a strip: as many table look-ups in a row, each of all strips together."""
MASK = 0xA282EAD8


def _table() -> np.ndarray:
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = np.where(values & 1, (values >> np.uint32(1)) ^ np.uint32(POLYNOMIAL), values >> np.uint32(1))
    return values


TABLE = _table()


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of bytes, 0 of none."""
    register = ONES
    strips = len(data) // STRIP
    if strips:
        for rest in _strips(np.frombuffer(data, np.uint8, strips * STRIP).reshape(strips, STRIP)).tolist():
            register = _moved(register) ^ rest
    for byte in data[strips * STRIP :]:
        register = int(TABLE[(register ^ byte) & 0xFF]) ^ (register >> 8)
    return register ^ ONES


def masked(data: bytes) -> int:
    """Return the CRC-32C as TFRecords have it: turned by 15 bits, and something added, so that it can be of itself."""
    value = crc32c(data)
    return (((value >> 15) | (value << 17)) + MASK) & ONES


def _strips(strips: np.ndarray) -> np.ndarray:
    """Return what each strip, uint8 (N, STRIP), leaves in a register of zeros, uint32 (N,)."""
    registers = np.zeros(len(strips), np.uint32)
    for column in np.ascontiguousarray(strips.T):
        registers = TABLE[(registers ^ column) & np.uint32(0xFF)] ^ (registers >> np.uint32(8))
    return registers


def _moved(register: int) -> int:
    """Return what a strip of zeros leaves of a register: the map is linear, so that each byte of it is looked up."""
    one, two, three, four = _moves()
    return one[register & 0xFF] ^ two[register >> 8 & 0xFF] ^ three[register >> 16 & 0xFF] ^ four[register >> 24]


@cache
def _moves() -> tuple[list[int], ...]:
    """Return, for each byte of a register, what a strip of zeros leaves of its 256 values."""
    tables = []
    for place in range(4):
        registers = np.arange(256, dtype=np.uint32) << np.uint32(8 * place)
        for _ in range(STRIP):
            registers = TABLE[registers & np.uint32(0xFF)] ^ (registers >> np.uint32(8))
        tables.append(registers.tolist())
    return tuple(tables)
