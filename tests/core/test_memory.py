import sys

import psutil
import pytest

from ganline.core.memory import give_back


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' C libraries are not told")
def test_what_is_free_goes_back_to_the_system_though_what_is_above_it_is_not():
    def held():
        return psutil.Process().memory_info().rss / 2**20

    pieces = [bytes(2000) for _ in range(50_000)]  # some 100 MiB, too small to be the system's own from the start
    full, last = held(), pieces[-1]
    pieces.clear()
    give_back()
    assert held() < full - 50
    assert last == bytes(2000)


def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("ctypes.CDLL", None)
    give_back()
