import pytest

from benchmarks import metrics
from benchmarks.metrics import kernels


def test_says_which_kernels_each_library_runs():
    found = kernels()
    for library in ("numpy.libs: openblas 0.3", "scipy.libs: openblas 0.3"):
        assert library in found


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (
            {"version": "0.3.23", "architecture": "Prescott"},
            "numpy.libs: openblas 0.3.23, kernels for Prescott, 2 threads",
        ),
        ({"version": None}, "numpy.libs: openblas of unknown version, kernels for what it does not say, 2 threads"),
    ],
)
def test_says_what_is_known_of_a_library(known, expected, monkeypatch):
    library = {"user_api": "blas", "internal_api": "openblas", "filepath": "/x/numpy.libs/a.so", "num_threads": 2}
    others = {"user_api": "openmp"}
    monkeypatch.setattr(metrics, "threadpool_info", lambda: [library | known, others])
    assert kernels().splitlines()[1:] == [expected]
