"""What The GAN Book's logs print of single steps, beside what ours tells of the same steps: not means over windows."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

LOGS = Path(__file__).parents[1] / "tests/diagnosis/gan_book_logs.csv"
"""All rows that the book (Chaudhary 2024) prints of these trainings: run, epoch, step of the epoch, and the values."""
RUNS = {
    "mode-collapse-mnist": "mode_collapse", "convergence-failure-mnist": "convergence_failure",
    "gan-mnist": "mlp_gan_mnist", "cgan-mnist": "cgan_mnist", "dcgan-fashion-mnist": "dcgan_fashion",
    "dcgan-human-faces": "dcgan_human", "dcgan-anime-faces": "dcgan_anime",
}  # fmt: skip
"""Names in the logs, by experiment."""
EPOCH = 500
"""Steps of an epoch, in all of them."""
EVERY_STEP = ["train.log_every=1", "train.steps_per_call=1"]
"""What has a training tell of single steps."""
VALUES = {"d_loss": "loss of D", "d_accuracy": "accuracy of D", "g_loss": "loss of G"}


def source(experiment: str) -> pd.DataFrame:
    """Return what the book prints: a row a step, numbered from 1 as in history.csv, with VALUES, accuracy 0 to 1."""
    logs = pd.read_csv(LOGS)
    logs = logs[logs["run"] == RUNS[experiment]]
    told = logs.assign(step=logs["epoch"] * EPOCH + logs["step"] + 1, d_accuracy=logs["d_acc_pct"] / 100)
    return told.set_index("step")[list(VALUES)]


def beside(experiment: str, history: pd.DataFrame) -> list[dict[str, float]]:
    """Return the steps that both tell of: "step", VALUES of the book, and ours as "our_d_loss" and so on.

    Args:
        experiment: one of RUNS.
        history: of history.csv, with a row a step.
    """
    ours = history.set_index("step").dropna(subset=["d_loss"])
    ours = ours.assign(d_accuracy=(ours["d_accuracy_real"] + ours["d_accuracy_fake"]) / 2)[list(VALUES)]
    both = source(experiment).join(ours.add_prefix("our_"), how="inner")
    rounded = both.map(lambda value: float(f"{value:.4g}"))
    return [
        {"step": int(step)} | dict(row) for step, row in zip(rounded.index, rounded.to_dict("records"), strict=True)
    ]


def lines(found: Mapping[str, list[dict[str, float]]]) -> list[str]:
    """Return a table's rows: of the first epochs, and of the last ones where ours came so far, medians and extremes."""
    rows = []
    for experiment, told in found.items():
        table = pd.DataFrame(told).set_index("step")
        early = table.index <= 3 * EPOCH
        for part in (table[early], table[~early]):
            if len(part):
                steps = f"{len(part)}, {part.index[0]:,} to {part.index[-1]:,}"
                cells = [f"{_spread(part[name])} | {_spread(part[f'our_{name}'])}" for name in VALUES]
                rows.append(f"| {experiment} | {steps} | {' | '.join(cells)} |")
    return rows


def _spread(values: "pd.Series[float]") -> str:
    return f"{values.median():.3g} ({values.min():.3g} to {values.max():.3g})"
