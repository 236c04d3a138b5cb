"""Makes of what was measured the table of docs/metrics.md that says which measures to trust.

Run: python -m benchmarks.choosing.table
"""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.asked import asked
from benchmarks.choosing.corrupted import AGAIN, KINDS
from benchmarks.choosing.measured import COUNTS, KEPT
from ganline.core.files import write_text
from ganline.evaluation import measures as suite
from ganline.evaluation.docs import PAGE

RECORDS = Path("benchmarks/diagnosis/records.csv")
BEGIN, END = "<!-- made by python -m benchmarks.choosing.table -->", "<!-- end of what was measured -->"
HEADER = (
    "| number | ranks right, of 500 / 2,000 / 10,000 images | sees, of 500 | takes for better | seconds | repeats |\n"
    "|---|---|---|---|---|---|"
)
RIGHT = 0.6
"""Share of pairs of degrees in the right order, less that in the wrong one, from which a number ranks right."""
FULL = COUNTS[0]
"""The count at which every measure saw every corruption."""
LUCK = 2.0
"""Standard deviations over draws of uncorrupted images by which two values must differ to be ordered at all."""
ALIKE = 0.8
"""Rank correlation from which two numbers repeat each other."""
FEWEST = 20
"""Runs or corrupted sets in which both of two numbers are known, for how they go together."""


def main() -> None:
    """Write the table into the page."""
    asked("benchmarks.choosing.table", __doc__)
    made = re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{table()}\n{END}", PAGE.read_text(), flags=re.DOTALL)
    write_text(PAGE, made)


def table() -> str:
    """Return the Markdown table: a row a number, those of the default set in bold."""
    kept = pd.read_csv(KEPT, keep_default_na=False)
    recorded, corrupted = alike(_recorded()), alike(_corrupted(kept))
    rows = []
    for measure in suite.known():
        mine = kept[kept["measure"] == measure]
        for number in mine["number"].unique():
            its = mine[mine["number"] == number]
            right = {count: ranked(its[its["count"] == count], luck_of(its, count)) for count in COUNTS}
            shares = " / ".join(_share(right[count]) for count in COUNTS)
            sees, wrong = _listed(right[FULL], 1), _listed(right[FULL], -1)
            name = f"**`{number}`**" if measure in suite.DEFAULT else f"`{number}`"
            repeats = nearest(number, recorded) or f"{nearest(number, corrupted)}*"
            rows.append(
                f"| {name} | {shares} | {sees} | {wrong} | {_seconds(mine)} | {repeats.strip('*') and repeats} |"
            )
    return "\n".join([HEADER, *rows])


def ranked(rows: pd.DataFrame, luck: float) -> dict[str, float]:
    """Return for each corruption how a number of one count ranks its degrees: 1 all right, 0 by chance, -1 all wrong.

    Two values that are less than `luck` apart count as equal.
    """
    plain = rows[rows["kind"] == ""]
    found = {}
    for kind in KINDS:
        some = pd.concat([plain, rows[rows["kind"] == kind]]).sort_values("degree")
        if len(some) == len(plain) or plain.empty:
            continue
        values, better = some["value"].to_numpy(float), rows["better"].iloc[0]
        worse = {"lower": values, "higher": -values}.get(better, np.abs(values - values[0]))
        apart = np.array([worse[j] - worse[i] for i, j in combinations(range(len(worse)), 2)])
        found[kind] = float(np.mean(np.sign(apart) * (np.abs(apart) > luck)))
    return found


def luck_of(rows: pd.DataFrame, count: int) -> float:
    """Return how far two values of uncorrupted images of this count may be apart by the luck of the draw."""
    plain = rows[rows["kind"].isin(["", AGAIN]) & (rows["count"] <= count)]
    spreads = plain.groupby("count")["value"].std()[lambda found: plain["count"].value_counts()[found.index] > 2]
    if spreads.empty:
        return 0.0
    return float(LUCK * spreads.iloc[-1] * (spreads.index[-1] / count) ** 0.5)


def alike(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return Spearman's correlations of any two columns, without sign; NaN where fewer than FEWEST rows have both."""
    return numbers.corr(method="spearman", min_periods=FEWEST).abs()


def nearest(number: str, ranks: pd.DataFrame) -> str:
    """Return which other number goes with this one most, and the correlation of the two, where 0.8 or more."""
    if number not in ranks:
        return ""
    others = ranks[number].drop(number)
    return f"`{others.idxmax()}` {others.max():.2f}" if others.max() >= ALIKE else ""


def _recorded() -> pd.DataFrame:
    """Return the numbers of the recorded runs, a column each; those that only accompany one are left out."""
    records = pd.read_csv(RECORDS)
    names = {name: name.removeprefix("final.") for name in records if name.startswith("final.")}
    beside = ("_stderr", "_mean", "_cov", "_std", "_nn_fake", "_nn_real", "_at_least")
    kept = {old: new for old, new in names.items() if not new.startswith("floor_") and not new.endswith(beside)}
    return records[[*kept]].rename(columns=kept).apply(pd.to_numeric, errors="coerce")


def _corrupted(kept: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers of the corrupted sets of 500 images, a column each."""
    some = kept[kept["count"] == FULL]
    found = some.pivot_table(index=["kind", "degree"], columns="number", values="value")
    return found.loc[:, found.nunique() > 1]


def _share(right: dict[str, float]) -> str:
    return f"{sum(value >= RIGHT for value in right.values())} of {len(right)}" if right else "-"


def _listed(right: dict[str, float], sign: int) -> str:
    return ", ".join(kind for kind, value in right.items() if sign * value >= RIGHT)


def _seconds(rows: pd.DataFrame) -> str:
    most = rows[rows["count"] == rows["count"].max()]
    return f"{most['seconds'].median():.1f}" + ("" if most["count"].iloc[0] == COUNTS[-1] else f" ({COUNTS[1]:,})")


if __name__ == "__main__":
    main()
