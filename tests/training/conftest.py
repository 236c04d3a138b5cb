"""Trainings in one process, one after the other."""

import pytest
from tensorflow.python.framework.ops import gradient_registry

from ganline.core.memory import give_back


@pytest.fixture(autouse=True)
def forgotten_gradients():
    """Forget the custom gradients of a test's graphs: TensorFlow keeps them, and so the graphs, for good.

    A worker came to hold 13 GiB.
    """
    kept = gradient_registry._registry
    before = set(kept)
    yield
    if own := kept.keys() - before:
        for name in own:
            del kept[name]
        give_back()
