"""Intervals of what several judges said, by resampling: judges first, then what each of them left open.

Judges differ more than trials do, so a hundred answers of one say less than ten of each of ten. All intervals are of
95 %.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ganline.metrics.record import Number, error_of

DRAWS = 4000
ENDS = (0.025, 0.975)


class Interval(NamedTuple):
    """A number, how far it can be trusted, and its standard error."""

    value: float
    low: float
    high: float
    error: float

    def numbers(self, name: str) -> dict[str, float]:
        """Return the four as metrics.json has them."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high, f"{name}_stderr": self.error}


def interval(value: float, draws: np.ndarray) -> Interval:
    """Return a number with what resampled data made of it, float (D,)."""
    low, high = np.quantile(draws, ENDS)
    return Interval(float(value), float(low), float(high), float(np.std(draws)))


def rate(hits: Sequence[int], totals: Sequence[int], random: np.random.Generator) -> Interval:
    """Return the share of hits among all trials, 0 to 1.

    Judges are drawn with replacement, and the rate of each from what its trials leave open: Beta(hits + 1/2, misses +
    1/2). Of one judge this is Jeffreys' interval, which does not shrink to nothing where all answers are alike.

    Args:
        hits: by judge.
        totals: trials by judge, each 1 or more.
        random: decides the draws.
    """
    k, n = np.asarray(hits, float), np.asarray(totals, float)
    who = random.integers(0, len(n), (DRAWS, len(n)))
    rates = random.beta(k[who] + 0.5, n[who] - k[who] + 0.5)
    return interval(k.sum() / n.sum(), (rates * n[who]).sum(1) / n[who].sum(1))


def mean(values: Sequence[np.ndarray], random: np.random.Generator) -> Interval:
    """Return the mean over judges of each one's mean.

    Args:
        values: by judge, float (n,), n >= 1: drawn with replacement within judges, who are drawn so themselves.
        random: decides the draws.
    """
    # Each judge's means of resampled values first, then judges.
    means = np.stack([v[random.integers(0, len(v), (DRAWS, len(v)))].mean(1) for v in map(np.asarray, values)], 1)
    who = random.integers(0, len(values), (DRAWS, len(values)))
    draws = np.take_along_axis(means, who, 1).mean(1)
    return interval(np.mean([np.mean(v) for v in values]), draws)


def numbers_of(name: str, label: str, reading: str, better: str) -> dict[str, Number]:
    """Return the records of what `Interval.numbers` and `Heard.counts` give under a name."""
    made = "judges resampled with replacement, then the answers of each"
    beside = {
        f"{name}_low": Number(f"{label}, lower end", "people", "", f"95 % interval of {name}: {made}.", ranks=False),
        f"{name}_high": Number(f"{label}, upper end", "people", "", f"95 % interval of {name}: {made}.", ranks=False),
        f"{name}_stderr": error_of(label, name, made, "people"),
        f"{name}_judges": Number(f"{label}: judges", "people", "", "People whose answers count.", ranks=False),
        f"{name}_answers": Number(f"{label}: answers", "people", "", "Answers that count.", ranks=False),
        f"{name}_judges_failed": Number(
            f"{label}: judges left out", "people", "", "They missed obvious cases, and count for nothing.", ranks=False
        ),
        f"{name}_trials_off_time": Number(
            f"{label}: trials left out", "people", "", "Off by more than a frame of the screen.", ranks=False
        ),
    }  # fmt: skip
    return {name: Number(label, "people", better, reading)} | beside  # type: ignore[arg-type]
