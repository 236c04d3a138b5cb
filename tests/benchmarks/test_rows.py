"""Rows under a budget: how many steps it allows, what is made again and what not, and what a stop leaves."""

import json
import signal

import pandas as pd
import pytest

from benchmarks import inside, recorded, results, rows
from benchmarks.asked import asked_within
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError

NOW = {"budget": "45 minutes of 2 cores", "parameters": "a", "train": "b", "evaluate": "c"}


@pytest.mark.parametrize(
    ("full", "rate", "minutes", "steps"),
    [(100_000, 10.0, 45, 43_000), (20_000, 10.0, 45, 20_000), (100_000, 2.3456, 1, 220), (9, 1000.0, 1, 9)],
)
def test_steps_are_the_presets_or_what_the_minutes_of_two_cores_allow(full, rate, minutes, steps):
    assert rows.affordable(full, rate, minutes) == steps


def test_a_budget_stops_at_the_steps_that_are_asked_for_not_at_the_presets(tmp_path):
    asked = rows.Row("gan-mnist", ("train.steps=200000",), 45)
    making = rows.Making(asked, {}, tmp_path)
    making._told = lambda what: {"steps_per_core_second": 50.0}
    assert making._values() == ["train.steps=200000", "train.keep=8"]
    making.state.clear()
    making._told = lambda what: {"steps_per_core_second": 30.0}
    assert making._values() == ["train.steps=120000", "train.keep=8"]


def test_a_budget_too_small_for_a_curve_is_refused():
    with pytest.raises(UserError, match="allow 4 steps, fewer than the 8"):
        rows.affordable(1000, 0.1, 0.5)


def test_a_shortened_run_logs_draws_and_saves_as_often_and_a_full_one_is_the_presets():
    preset = compose_params("gan-mnist").train
    assert rows.shortened(preset, 100_000, ()) == ["train.steps=100000", "train.keep=8"]
    assert rows.shortened(preset, 400, ["train.steps=400", "train.log_every=20"]) == [
        "train.keep=8", "train.sample_every=50", "train.checkpoint_every=50"
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["gan-mnist", "quickdraw-apples", "srgan-faces"])
def test_a_row_has_two_judges_and_a_seed_of_its_own(name):
    asked = rows.row(name, results.RUNS[name], 45)
    params = asked.params()
    assert len(params.extractor.kinds) == 2 and params.evaluate.metrics == ["default", "class_histogram"]
    assert params.seed == rows.purpose_number(f"results/{name}") != params.data_seed == 42
    assert asked.minutes == (None if name == "srgan-faces" else 45)
    assert params.compute.precision == ("float32" if name == "gan-mnist" else "mixed_bfloat16")  # never the machine's


def test_steps_that_come_to_cost_more_must_be_fixed():
    with pytest.raises(UserError, match="train.phases"):
        rows.row("pggan-emoji", [], 45)


@pytest.mark.parametrize(
    ("before", "named", "made", "said"),
    [
        (None, False, True, ""),
        ({"metrics": {}}, False, True, ""),  # of before there were budgets
        ({"made_of": NOW}, False, False, "gan-mnist: done\n"),
        ({"made_of": NOW}, True, False, "gan-mnist: done\n"),
        ({"made_of": NOW | {"train": "z", "evaluate": "z"}}, True, True, ""),
        (
            {"made_of": NOW | {"train": "z", "evaluate": "z"}}, False, False,
            "gan-mnist: kept, though of older code (train, evaluate); asked for by name it is made anew\n",
        ),
        (
            {"made_of": NOW | {"budget": "z"}}, False, False,
            "gan-mnist: kept, though of another budget; asked for by name it is made anew\n",
        ),
    ],
)  # fmt: skip
def test_what_is_done_is_kept_and_other_code_is_told(before, named, made, said, tmp_path, capsys):
    if before is not None:
        (tmp_path / "gan-mnist.json").write_text(json.dumps(before))
    asked = rows.Row("gan-mnist", (), 45)
    assert rows.due({asked: NOW}, named, tmp_path) == [asked] * made
    assert capsys.readouterr().out == said


def test_a_stopped_row_keeps_its_steps_and_its_cost_unless_the_training_would_be_another(tmp_path, monkeypatch):
    asked, line = rows.Row("gan-mnist", (), 45), "it took 1,031.3 minutes, 27.3 core-minutes"
    monkeypatch.setattr(rows.process, "run", lambda command, environment, hear: hear(line))
    making = rows.Making(asked, NOW, tmp_path)
    making.state["steps"] = 400
    making._train()
    line = "Stage 'train' didn't change, skipping"
    again = rows.Making(asked, NOW | {"evaluate": "z"}, tmp_path)
    again._train()
    assert again.state == making.state
    assert (again.state["steps"], again.state["minutes"], again.state["core_minutes"]) == (400, 1031.3, 27.3)
    assert "steps" not in rows.Making(asked, NOW | {"train": "z"}, tmp_path).state


def test_steps_are_timed_from_the_first_row_on_for_as_long_as_is_asked(monkeypatch):
    times, killed = iter([5.0, 20.0, 47.0, 48.0]), []
    monkeypatch.setattr(inside.time, "process_time", lambda: next(times))
    monkeypatch.setattr(inside.os, "kill", lambda process, number: killed.append(number))
    clock = inside.Clock()
    for step in (0, 10, 20):
        clock.metrics({}, step)
    assert not killed
    for step in (94, 96):  # the rows of one call
        clock.metrics({}, step)
    assert (clock.rate, killed) == (2.0, [signal.SIGTERM])  # a second one would end the training at once


def test_the_last_values_are_of_whatever_step_had_them_last():
    history = pd.DataFrame(
        {"step": [10, 16], "d_loss": [0.51239, None], "probe_gain": [None, 0.2], "never": [None] * 2}
    )
    assert recorded.last(history) == {"step": 16.0, "d_loss": 0.5124, "probe_gain": 0.2}


@pytest.mark.parametrize("minutes", ["0", "-3", "nan", "inf", "soon"])
def test_minutes_that_are_none_are_refused(minutes, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["x", "gan-mnist", f"--minutes={minutes}"])
    with pytest.raises(SystemExit) as end:
        asked_within("benchmarks.results", "", "EXPERIMENT", results.RUNS, 45)
    assert end.value.code == 2 and "minutes" in capsys.readouterr().err


def test_a_row_under_a_budget_shows_its_cost_both_distances_and_its_curve(monkeypatch, tmp_path):
    metrics = {
        "frechet_classifier": 3.2, "floor_frechet_classifier": 0.1, "frechet_efficientnet_lite0": 1069.0,
        "floor_frechet_efficientnet_lite0": 0.9, "precision": 0.5, "floor_precision": 0.8, "recall": 0.4,
        "floor_recall": 0.81,
    }  # fmt: skip
    points = [{"step": step, "frechet": 900 / step, "kid": 0.1, "core_minutes": step / 10} for step in (450, 900)]
    facts = {
        "experiment": "gan-mnist", "command": "ganline use gan-mnist", "steps": 900, "minutes": 91.0, "cores": 2,
        "core_minutes": 90.2, "extractor": "classifier", "beside": "efficientnet_lite0", "images": 10_000,
        "verdict": "healthy", "metrics": metrics, "last": {}, "curve": {"extractor": "classifier", "points": points},
        "protocol": {
            "frechet_classifier": {"extractor": "classifier", "n_fake": 10_000},
            "frechet_efficientnet_lite0": {"extractor": "efficientnet_lite0", "n_fake": 500},
        },
    }  # fmt: skip
    (tmp_path / "gan-mnist.json").write_text(json.dumps(facts))
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    row = (
        "| gan-mnist | 900 of 100,000 | 90 | 3.2 (0.1) | 1,069 (0.9) | 0.5 (0.8) | 0.4 (0.81) | "
        "classifier 10,000, efficientnet_lite0 500 | healthy |  |"
    )
    page = results.page()
    assert row in page and "(results/curves.png)" in page
    picture = recorded.curves([facts] * 2)
    assert picture.shape[:2] == (180, 960) and len(set(picture.reshape(-1, 3).sum(1).tolist())) > 3


def test_how_many_images_were_judged_is_said_by_entries_of_the_model_s_own():
    floor = {"extractor": "classifier", "n_floor": 5, "n_real": 5}
    second = {"extractor": "vgg", "judge": "second", "n_fake": 4}
    protocol = {"beside": second, "floor_modes": floor, "modes": {"extractor": "classifier", "n_fake": 7}}
    assert recorded.judged(protocol, "classifier") == 7
