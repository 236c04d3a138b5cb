"""Every experiment trains to the bits that are recorded for this kind of machine (tests/same_bits.py)."""

import pytest
from same_bits import golden, machine, weights

KNOWN = golden()
QUICK = ("vae-mnist", "mode-collapse-mnist", "lsgan-mnist")
"""Seconds each; all others are slow."""


@pytest.mark.skipif(not KNOWN, reason=f"no bits are recorded for {machine()}: python -m tests.same_bits")
@pytest.mark.parametrize(
    "experiment",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in KNOWN.get("weights", [""])],
)
def test_the_weights_after_50_steps_are_the_recorded_ones(experiment):
    assert weights(experiment) == KNOWN["weights"][experiment]
