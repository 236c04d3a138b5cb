"""The curves of a run: what training steps told, and what the watch saw beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ganline.core.files import write_text

Row = dict[str, float]


class History:
    """The curves of a run: one row each `every` steps, each value the mean since the row before.

    The window that is still open is part of the state, so that a resumed run writes the same rows.
    """

    def __init__(self, every: int, columns: Sequence[str]) -> None:
        """Start with no rows; `columns` are the metric names of the model."""
        self.every, self.columns = every, list(columns)
        self.rows: list[list[float]] = []
        self.window: list[list[float]] = []
        self.looks: list[tuple[int, Row]] = []
        """What the watch saw, at steps of its own."""

    def add(self, values: Mapping[str, np.ndarray]) -> list[tuple[int, Row]]:
        """Take per-step values (one array a name, all of one length) and return the rows they complete."""
        done = []
        for step_values in np.stack([values[name] for name in self.columns], axis=1).astype(np.float64).tolist():
            self.window.append(step_values)
            if len(self.window) == self.every:
                self.rows.append(np.mean(self.window, axis=0).tolist())
                self.window = []
                done.append((len(self.rows) * self.every, dict(zip(self.columns, self.rows[-1], strict=True))))
        return done

    def close(self) -> None:
        """End with the window that is still open, if there is one: its mean is the last that a broken-off run says."""
        if self.window:
            self.rows.append(np.mean(self.window, axis=0).tolist())
            self.window = []

    def look(self, step: int, values: Row) -> None:
        """Keep what the watch saw after `step` steps."""
        self.looks.append((step, values))

    def state(self) -> dict[str, np.ndarray]:
        """Return what `restore` takes."""
        width = len(self.columns)
        seen = list(self.looks[0][1]) if self.looks else []
        return {
            "history/rows": np.array(self.rows, np.float64).reshape(-1, width),
            "history/window": np.array(self.window, np.float64).reshape(-1, width),
            "history/seen": np.array(seen, np.str_),
            "history/looks": np.array([[step, *values.values()] for step, values in self.looks], np.float64),
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state."""
        self.rows, self.window = state["history/rows"].tolist(), state["history/window"].tolist()
        seen = state["history/seen"].tolist()
        self.looks = [(int(step), dict(zip(seen, values, strict=True))) for step, *values in state["history/looks"]]

    def table(self) -> dict[str, np.ndarray]:
        """Return the columns of history.csv: `step`, the model's metrics and what the watch saw, each float64 (rows,).

        NaN stands where a step has a row of one kind only: the two have steps of their own.
        """
        rows: dict[int, Row] = {}
        for number, row in enumerate(self.rows, 1):
            rows[number * self.every] = dict(zip(self.columns, row, strict=True))
        for step, seen in self.looks:
            rows[step] = rows.get(step, {}) | seen
        columns = [*self.columns, *(self.looks[0][1] if self.looks else ())]
        steps = sorted(rows)
        table = {name: np.array([rows[step].get(name, np.nan) for step in steps], np.float64) for name in columns}
        return {"step": np.array(steps, np.float64)} | table

    def write(self, path: Path) -> None:
        """Write history.csv: the table with 6 significant digits, and nothing where there is no value."""
        table = self.table()
        lines = [",".join(table)]
        measured = {number * self.every for number in range(1, len(self.rows) + 1)}
        for step, *values in zip(*table.values(), strict=True):
            # What was measured and is no number stays visible: it is how a run diverges.
            cells = [
                "nan" if np.isnan(value) and step in measured and name in self.columns else _cell(value)
                for name, value in zip(list(table)[1:], values, strict=True)
            ]
            lines.append(",".join([str(int(step)), *cells]))
        write_text(path, "\n".join(lines) + "\n")


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6g}"
