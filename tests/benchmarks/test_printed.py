"""The book's logs beside ours: of the same steps, in the same terms."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import printed, recorded, results, rows


def history(steps):
    """A history of single steps, whose values follow from the step."""
    step = np.arange(1, steps + 1)
    told = {"step": step, "d_loss": step / 1e5, "g_loss": 2.0, "d_accuracy_real": 1.0, "d_accuracy_fake": 0.5}
    return pd.concat([pd.DataFrame({"step": [0]}), pd.DataFrame(told)])  # the first row is of samples alone


def test_steps_are_the_books_counted_from_one():
    told = printed.source("gan-mnist")
    assert dict(told.loc[1]) == {"d_loss": 0.798, "d_accuracy": 0.54, "g_loss": 0.519}
    assert len(told) == 34 and told.index[1] == 51 and told.index[-1] == 199 * 500 + 450 + 1


def test_ours_is_of_the_same_steps_as_far_as_it_went():
    told = printed.beside("gan-mnist", history(600))
    assert [row["step"] for row in told] == [*range(1, 500, 50), 501, 551]
    assert told[1] == {
        "step": 51, "d_loss": 0.127, "d_accuracy": 1.0, "g_loss": 3.19,
        "our_d_loss": 0.00051, "our_d_accuracy": 0.75, "our_g_loss": 2.0,
    }  # fmt: skip


def test_the_ends_of_a_log_have_a_line_each():
    first, last = printed.lines({"gan-mnist": printed.beside("gan-mnist", history(100_000))})
    assert first.startswith("| gan-mnist | 25, 1 to 1,201 | 0.106 (0.01 to 0.798) | 0.00601 (1e-05 to 0.012) |")
    assert last.startswith("| gan-mnist | 9, 99,551 to 99,951 | 0.614 (0.552 to 0.674) |")


@pytest.mark.parametrize("name", printed.RUNS)
def test_rows_with_a_printed_log_tell_of_every_step(name):
    train = rows.row(name, results.RUNS[name], 45).params().train
    assert (train.log_every, train.steps_per_call) == (1, 1)


def test_the_picture_has_a_line_for_each_training():
    told = printed.beside("mode-collapse-mnist", history(1000))
    one, two = (recorded.logs(dict.fromkeys(names, told)) for names in (["a"], ["a", "b"]))
    assert two.shape[0] == 2 * one.shape[0] and len(np.unique(one)) > 50
