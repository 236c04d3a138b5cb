import sys

import psutil
import pytest

from ganline.core.memory import give_back

linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems' C libraries are not told")


def held():
    return psutil.Process().memory_info().rss / 2**20


@linux
def test_what_is_free_goes_back_to_the_system_though_what_is_above_it_is_not():
    pieces = [bytes(2000) for _ in range(50_000)]  # some 100 MiB, too small to be the system's own from the start
    full, last = held(), pieces[-1]
    pieces.clear()
    give_back()
    assert held() < full - 50
    assert last == bytes(2000)


@linux
def test_what_tensors_took_goes_back_from_a_process_of_the_tests():
    """Not so without conftest's word on the allocator: TensorFlow would keep it for later tensors."""
    import tensorflow as tf

    tensors = [tf.ones((2**20, 4)) for _ in range(20)]  # 16 MiB each
    full = held()
    tensors.clear()
    give_back()
    assert held() < full - 200


def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("ctypes.CDLL", None)
    give_back()
