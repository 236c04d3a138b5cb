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
    """Return a number with what resampled data made of it, float (D,); at the end of its scale it is an end itself."""
    low, high = np.quantile(draws, ENDS)
    return Interval(float(value), float(min(low, value)), float(max(high, value)), float(np.std(draws)))


def rate(hits: Sequence[int] | np.ndarray, totals: Sequence[int] | np.ndarray, random: np.random.Generator) -> Interval:
    """Return the share of hits among all trials, 0 to 1; of trials of several kinds the mean over kinds.

    Judges are drawn with replacement, and the rate of each from what its trials leave open: Beta(hits + h, misses + h),
    where h is half a trial in all, shared among judges and kinds: more would pull the rates of many judges of few
    trials towards a half. Of one judge this is Jeffreys' interval, which does not shrink to nothing where all answers
    are alike.

    Args:
        hits: by judge, (J,), or by judge and kind, (J, K).
        totals: trials of the same shape; by judge, and by kind, there is one or more.
        random: decides the draws.
    """
    k, n = (np.asarray(counts, float).reshape(len(counts), -1) for counts in (hits, totals))
    who, half = random.integers(0, len(n), (DRAWS, len(n))), 0.5 / n.size
    rates = random.beta(k[who] + half, n[who] - k[who] + half)
    found, of = (rates * n[who]).sum(1), n[who].sum(1)
    # Of judges drawn none may have had trials of a kind: the others stand for it.
    shares = np.divide(found, of, out=np.full_like(of, np.nan), where=of > 0)
    return interval((k.sum(0) / n.sum(0)).mean(), np.nanmean(shares, 1))


def mean(
    values: Sequence[np.ndarray], scale: tuple[float, float], step: float, random: np.random.Generator
) -> Interval:
    """Return the mean over judges of each one's mean.

    Judges are drawn with replacement, and the weights of each one's values from what these leave open (Rubin 1981, "The
    Bayesian Bootstrap"), with half a value in all, shared among judges, a step above their mean and half a one below:
    where all are alike, the next might have been another.

    Args:
        values: by judge, float (n,), n >= 1, within the scale.
        scale: the least and the most that a value can be.
        step: from one value to the next.
        random: decides the draws.
    """
    means = np.stack([_reweighted(np.asarray(v, float), scale, step, 0.5 / len(values), random) for v in values], 1)
    who = random.integers(0, len(values), (DRAWS, len(values)))
    draws = np.take_along_axis(means, who, 1).mean(1)
    return interval(np.mean([np.mean(v) for v in values]), draws)


def _reweighted(
    values: np.ndarray, scale: tuple[float, float], step: float, half: float, random: np.random.Generator
) -> np.ndarray:
    """Return means of values under weights that are drawn, float64 (D,); see `mean`."""
    beside = np.clip([values.mean() - step, values.mean() + step], *scale)
    weights = random.standard_gamma([1.0] * len(values) + [half] * 2, (DRAWS, len(values) + 2))
    return weights @ np.concatenate([values, beside]) / weights.sum(1)


def numbers_of(name: str, label: str, reading: str, better: str) -> dict[str, Number]:
    """Return the records of what `Interval.numbers` and `Heard.counts` give under a name."""
    made = "judges resampled with replacement, and what the answers of each leave open"
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
