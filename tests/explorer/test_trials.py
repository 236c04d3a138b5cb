"""What judges are shown: balanced, each image once, the same again for who goes on, nothing that tells."""

from collections import Counter

import numpy as np
import pytest
from explorer.serve_people import exhibit, toy

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.files import write_arrays
from ganline.evaluation.judgements import Judge, Store, digest
from ganline.explorer import people, results
from ganline.explorer.trials import TASKS, Exhibit, counted, following
from ganline.metrics.judgements import CATCH, GENERATED, REAL

JUDGE = Judge("ABCDEFGH", 7)
PROMPT = {"shown_ms": 500.0, "frame_ms": 500.0}


def answer_all(task, shown, judge=JUDGE, answer=None, limit=2000):
    """Return all trials of a task, answered rightly, and their answers."""
    trials, given = [], []
    while (trial := following(task, shown, judge, given)) and len(given) < limit:
        trials.append(trial)
        given.append(trial.answered(judge, task, shown.session(task.name), answer or trial.right, measured(trial)))
    return trials, given


def measured(trial):
    return {} if trial.asked_ms is None else {"shown_ms": max(trial.asked_ms, 16.7), "frame_ms": 16.7}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_balanced_and_goes_on_where_it_stopped(name):
    task, shown = TASKS[name], exhibit()
    trials, given = answer_all(task, shown, answer=next(iter(task.choices)))
    truths = Counter(trial.truth for trial in trials)
    assert sum(truths.values()) - truths[CATCH] == task.length == counted(given) and truths[CATCH] >= 4
    if set(task.choices) == {REAL, GENERATED}:
        assert truths[REAL] == truths[GENERATED]
    again = following(task, exhibit(), JUDGE, given[:17])
    assert again.number == 17 and all(map(np.array_equal, again.images, trials[17].images))
    other = following(task, shown, Judge("B", 8), [])
    assert not all(map(np.array_equal, other.images, trials[0].images))
    assert {image.shape for trial in trials for image in trial.images} == {(16, 16, 1)}


def test_no_image_comes_twice_before_all_have_come():
    trials, _ = answer_all(TASKS["hype_infinity"], exhibit())
    shown = Counter(trial.images[0].tobytes() for trial in trials)
    assert set(shown.values()) == {1}


def test_another_run_has_another_order_and_other_real_images():
    """A judge who goes on by word after a retraining cannot know by heart what is real."""
    task, shown = TASKS["rating"], exhibit()
    trials, given = answer_all(task, shown, answer="3")
    other = Exhibit(shown.runs[::-1], shown.real)
    again, given_again = [], []
    while trial := following(task, other, JUDGE, given_again, sum(answer.truth == REAL for answer in given)):
        again.append(trial)
        given_again.append(trial.answered(JUDGE, task, other.session(task.name), "3", {}))
    assert [trial.truth for trial in trials] != [trial.truth for trial in again]
    first, second = ({t.images[0].tobytes() for t in each if t.truth == REAL} for each in (trials, again))
    assert len(first) == len(second) == 10 and not first & second
    same = Exhibit([shown.runs[0]._replace(subject="retrained")], shown.real)
    pairs = [(t.images[0], following(task, same, JUDGE, given[:i]).images[0]) for i, t in enumerate(trials)]
    assert not all(np.array_equal(*pair) for pair in pairs)


def test_a_staircase_follows_the_answers_and_looks_past_marked_trials():
    task, shown = TASKS["hype_time"], exhibit()
    trials, given = answer_all(task, shown, limit=400)
    plain = [trial.asked_ms for trial in trials if trial.truth != CATCH]
    assert plain[:7] == [500, 500, 500, 470, 470, 470, 440] and plain[100] == 100 and plain[150] == 500
    assert {trial.asked_ms for trial in trials if trial.truth == CATCH} == {1000}
    truths = [trial.truth for trial in trials if trial.truth != CATCH]
    assert truths[:150].count(REAL) == truths[150:300].count(REAL) == 75
    late = [answer._replace(shown_ms=answer.asked_ms + 40) for answer in given[:60]]
    assert counted(late) == 0 and following(task, shown, JUDGE, late).asked_ms in (500, 1000)


def test_every_exposure_comes_as_often():
    trials, _ = answer_all(TASKS["rapid_categorisation"], exhibit())
    assert set(Counter(trial.asked_ms for trial in trials if trial.truth != CATCH).values()) == {20}


def test_pairs_have_their_sides_by_chance_and_noise_never_looks_better():
    trials, _ = answer_all(TASKS["preference"], exhibit(), answer="tie")
    here, rival = (run.subject for run in exhibit().runs)
    sides = Counter((trial.subject, trial.other) for trial in trials if trial.truth != CATCH)
    assert set(sides) == {(here, rival), (rival, here)} and min(sides.values()) > 15
    for trial in (trial for trial in trials if trial.truth == CATCH):
        better = trial.images[("first", "second").index(trial.right)]
        assert better[:8].mean() > 150 and trial.other == ""


def test_what_cannot_be_judged_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = compose_params("gan-mnist", ["dataset=digits"], people.Path(__file__).parents[2] / "conf")
    monkeypatch.setattr(people, "read_split", lambda *_: (toy(5, 0, True), None))
    with pytest.raises(UserError, match=r"reports/evaluate/features.npz is missing: `dvc repro` makes it"):
        people.load(params, {})
    write_arrays(people.FEATURES, {"images": toy(4, 1, False)})
    assert isinstance(people.load(params, {}), Exhibit)
    with pytest.raises(UserError, match="again and gan-mnist .here. have the same images"):
        people.load(params, {"again": people.FEATURES})
    write_arrays(tmp_path / "large.npz", {"images": np.zeros((3, 32, 32, 1), np.uint8)})
    with pytest.raises(
        UserError, match=r"large: its images are of shape \(32, 32, 1\), and the real ones here of \(16"
    ):
        people.load(params, {"large": tmp_path / "large.npz"})
    (tmp_path / "cat.png").write_bytes(b"no array")
    with pytest.raises(UserError, match=r"cat.png is damaged .*: give a features.npz that an evaluate stage left"):
        people.load(params, {"cat": tmp_path / "cat.png"})
    people.FEATURES.write_bytes(b"cut")
    with pytest.raises(UserError, match="features.npz is damaged"):
        people.load(params, {})


def test_results_say_what_there_is_to_who_has_finished(tmp_path):
    store, shown = Store(tmp_path / "judgements.db"), exhibit()
    assert [table.title for table in results.tables(store, shown, JUDGE)] == ["This run", "Judges"]
    for name in ("hype_infinity", "preference"):
        for judge in (JUDGE, Judge("OTHER", 9)):
            for answer in answer_all(TASKS[name], shown, judge)[1][:-1]:
                store.record(answer._replace(answer=answer.answer or "first"))
    # One answer before the end a judge is told nothing of right and wrong; nor is who has no word.
    for judge in (JUDGE, None):
        run, judges = results.tables(store, shown, judge)
        assert run.rows == judges.rows == [] and list(run.notes) == [results.LATER]
    for name in ("hype_infinity", "preference"):
        last = answer_all(TASKS[name], shown)[1][-1]
        store.record(last._replace(answer=last.answer or "first"))
    run, judges, ranking = results.tables(store, shown, JUDGE)
    assert [row[1] for row in run.rows] == ["HYPE, unlimited time", "Preference"]
    assert run.rows[0][2] == "0" and list(run.notes) == [results.LATER] and len(ranking.rows) == 2
    assert [row[0] for row in judges.rows] == ["ABCDEFGH", "ABCDEFGH", "judge 2", "judge 2"]
    assert digest(shown.runs[0].images) == shown.runs[0].subject


def test_a_choice_that_is_lost_is_told(tmp_path, monkeypatch):
    store, epochs = Store(tmp_path / "judgements.db"), exhibit().epochs
    epochs.choose(store, JUDGE, 100)
    monkeypatch.setattr(store, "given", lambda *_: [])  # another page chose in between
    with pytest.raises(UserError, match="your choice is not kept"):
        epochs.choose(store, JUDGE, 200)


def test_a_file_gives_no_path_to_a_name(tmp_path):
    """judgements.db is committed: the name of a folder says enough."""
    file = tmp_path / "home" / "mine" / people.FEATURES
    write_arrays(file, {"images": toy(2, 1, False)})
    assert people.label(str(file)) == "mine" and people.label(str(file), ["mine"]) == "mine (2)"
    (tmp_path / "there").mkdir()
    loose = file.rename(tmp_path / "there" / "features.npz")
    assert people.label(str(loose)) == "there" and people.label("exp-a") == "exp-a"


def test_of_choices_of_a_step_each_judges_last_one_counts(tmp_path):
    store, epochs = Store(tmp_path / "judgements.db"), exhibit().epochs
    assert epochs.said(store) == [] and sorted(epochs.order(JUDGE)) == [100, 200, 300]
    assert len({tuple(epochs.order(Judge("A", seed))) for seed in range(20)}) > 3
    for name, steps in (("A", (100, 300)), ("B", (300,)), ("C", (200,))):
        for step in steps:
            epochs.choose(store, Judge(name, 1), step)
    chosen, command = epochs.said(store)
    assert chosen == "Chosen: step 300 by 2, step 200 by 1." and command.endswith("-S train.select=300")
