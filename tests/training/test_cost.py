import numpy as np

from ganline.training import cost
from ganline.training.cost import Cost


def test_what_was_spent_before_a_checkpoint_counts_and_what_came_after_it_does_not(monkeypatch):
    now = np.zeros(2)
    monkeypatch.setattr(cost, "_now", now.copy)
    first = Cost()
    now += (60, 90)
    saved = first.state()
    now += (600, 900)  # of a try that is killed
    second = Cost()
    now += (6, 6)  # until the checkpoint is read, of which only the second knows
    second.restore(saved)
    now += (30, 60)
    assert second.minutes() == {"train_minutes": 1.5, "train_core_minutes": 2.5}


def test_where_an_early_checkpoint_does_not_say_nothing_is_told():
    resumed = Cost()
    resumed.restore({})
    assert resumed.minutes() == {} and np.isnan(resumed.state()["cost/seconds"]).all()
