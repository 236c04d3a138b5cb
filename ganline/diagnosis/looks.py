"""What is known at each step of a training at which its samples were looked at, read off the columns of history.csv."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

Table = Mapping[str, np.ndarray]
"""The columns of history.csv, float64 (rows,): "step", and NaN where a row has no value."""

LOOKED = ("probe_", "gradient_norm_", "update_ratio_")
"""What columns are called that a look fills; the others are the model's curves."""
LOOKS = 3
"""Of which the median is judged."""


SAMPLED = ("probe_frechet", "probe_error", "probe_domain")
"""The column that every look fills: of a generator that draws from latents (ganline/diagnosis/probe.py), of a
translator that learns from pairs (ganline/diagnosis/pair_probe.py), or of one that learns without
(ganline/diagnosis/unpaired_probe.py). The others of a look begin with probe_ too."""
CURVES = ("d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake", "g_l1", "g_deceit")


@dataclass(frozen=True)
class Look:
    """What is known at one step: medians over the last looks, means of the curves over a window up to here."""

    step: int
    since: int
    """Step of the first look that the medians are of."""
    seen: Mapping[str, float]
    curves: Mapping[str, float]

    @property
    def window(self) -> str:
        """The steps it is about, in words."""
        return f"steps {self.since} to {self.step}"


def sampled(table: Table) -> str:
    """Return the column of SAMPLED that a run has, "" where its samples were not looked at."""
    return next((name for name in SAMPLED if name in table), "")


def looks(table: Table) -> Iterator[Look]:
    """Yield the looks of a run, or where there are none its rows, after the first."""
    steps, distance = np.asarray(table["step"]), sampled(table)
    rows = np.flatnonzero(~np.isnan(np.asarray(table[distance]))) if distance else np.arange(len(steps))
    names = [name for name in table if name.startswith("probe_")]
    untrained = float(table[distance][rows[0]]) if distance else 0.0
    for i in range(1, len(rows)):
        recent = rows[max(1, i - LOOKS + 1) : i + 1]
        seen = {name.removeprefix("probe_"): _median(table[name][recent]) for name in names}
        if seen:
            seen["unlearned"] = seen[distance.removeprefix("probe_")] / max(untrained, 1e-12)
        step = int(steps[rows[i]])
        yield Look(step, int(steps[recent[0]]), seen, _curves(table, steps, step))


def _curves(table: Table, steps: np.ndarray, step: int) -> dict[str, float]:
    """Return the means of the curves over the last tenth of the steps so far, and 500 at least."""
    inside = (steps > step - max(500, 0.1 * step)) & (steps <= step)
    means = {
        name: float(np.nanmean(values[inside]))
        for name, values in table.items()
        if name in CURVES and np.isfinite(values[inside]).any()
    }
    if "d_accuracy_real" in means:
        means["d_accuracy"] = (means["d_accuracy_real"] + means["d_accuracy_fake"]) / 2
    return means


def _median(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
