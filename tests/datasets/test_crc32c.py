import numpy as np
import pytest

from ganline.datasets.crc32c import STRIP, TABLE, crc32c


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # RFC 3720, appendix B.4, and the check value of the CRC catalogue
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_known_values(data: bytes, expected: int) -> None:
    assert crc32c(data) == expected


@pytest.mark.parametrize("length", [STRIP - 1, STRIP, STRIP + 1, 3 * STRIP, 20 * STRIP + 77])
def test_strips_are_put_together_as_if_there_were_none(length: int) -> None:
    data = np.random.default_rng(length).bytes(length)
    register = 0xFFFFFFFF
    for byte in data:
        register = int(TABLE[(register ^ byte) & 0xFF]) ^ (register >> 8)
    assert crc32c(data) == register ^ 0xFFFFFFFF
    changed = bytes([data[0] ^ 1]) + data[1:]
    assert crc32c(changed) != crc32c(data)
