"""The file of judgements: whole after a kill, one for several judges, of the images that were judged alone."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from people import RIVAL, RUN, judged, preferred, said

from ganline.core.errors import UserError
from ganline.evaluation import judgements
from ganline.evaluation.judgements import Judge, Store
from ganline.metrics.judgements import REAL

IMAGES = np.arange(48, dtype=np.uint8).reshape(3, 4, 4, 1)
ROOT = Path(__file__).parents[2]


def test_an_empty_file_holds_no_judgements_and_reading_leaves_it_so(tmp_path):
    path = tmp_path / "judgements.db"
    assert judgements.read(path, IMAGES) is None and not path.exists()
    path.touch()
    store = Store(path)
    assert store.of(RUN) is None and store.names() == {} and store.given(Judge("A", 1), "x") == []
    assert path.read_bytes() == b""


def test_a_clone_begins_with_a_file_that_dvc_does_not_warn_of(tmp_path):
    """It warns of files of no bytes."""
    begun = (ROOT / "judgements.db").read_bytes()
    path = tmp_path / "judgements.db"
    path.write_bytes(begun)
    assert begun and Store(path).of(RUN) is None and path.read_bytes() == begun
    assert Store(path).record(said("A", 0, REAL, "real")) and len(Store(path).of(RUN).answers) == 1


def test_answers_are_those_of_the_images_judged(tmp_path):
    store = Store(tmp_path / "judgements.db")
    mine, others = judgements.digest(IMAGES), judgements.digest(IMAGES.transpose(0, 2, 1, 3))
    assert mine != others != judgements.digest(IMAGES[:2])
    for answer in judged("A", 6, 1, subject=mine, session="hype/mine") + judged("B", 4, 1, subject=others, session="x"):
        assert store.record(answer)
    found = judgements.read(store.path, IMAGES)
    assert found.subject == mine and len(found.answers) == 11 and {a.judge for a in found.answers} == {"A"}
    assert found.answers == sorted(judged("A", 6, 1, subject=mine, session="hype/mine"), key=lambda a: a.trial)
    # Of a comparison all that was said in it counts, also by who is tested against noise of the other run.
    for answer in (preferred("C", 0, RUN, RIVAL, "tie"), preferred("C", 1, RIVAL, "", "first")):
        store.record(answer)
    assert len(store.of(RUN).answers) == 2


def test_the_first_answer_to_a_trial_stays(tmp_path):
    store = Store(tmp_path / "judgements.db")
    assert store.record(said("A", 0, REAL, "real")) and not store.record(said("A", 0, REAL, "generated"))
    assert [answer.answer for answer in store.of(RUN).answers] == ["real"]


def test_a_trial_that_began_takes_its_answer_and_counts_for_nothing_before(tmp_path):
    store, judge = Store(tmp_path / "judgements.db"), Judge("A", 1)
    begun = said("A", 0, REAL, "", "hype_time", asked_ms=500.0)
    assert store.record(begun) and not store.record(begun)
    assert store.of(RUN) is None and store.count() == 0
    assert store.given(judge, begun.session) == [begun] and not begun.on_time
    answer = begun._replace(answer="real", shown_ms=500.0, frame_ms=17.0)
    assert store.record(answer) and not store.record(answer._replace(answer="generated")) and not store.record(begun)
    assert list(store.of(RUN).answers) == [answer] == store.given(judge, begun.session) and store.count() == 1


def test_real_images_seen_elsewhere_are_counted(tmp_path):
    store = Store(tmp_path / "judgements.db")
    for answer in judged("A", 6, 1) + judged("A", 4, 1, "rating") + judged("B", 8, 1):
        store.record(answer)
    assert store.reals_elsewhere(Judge("A", 1), f"hype_infinity/{RUN}") == 2
    assert store.reals_elsewhere(Judge("A", 1), "another") == 5 and store.reals_elsewhere(Judge("C", 1), "x") == 0


def test_names_come_with_answers_alone(tmp_path):
    path = tmp_path / "judgements.db"
    path.write_bytes((ROOT / "judgements.db").read_bytes())
    before = path.read_bytes()
    store = Store(path)
    assert (store.names(), store.count(), path.read_bytes()) == ({}, 0, before)  # opening the page writes nothing
    store.record(said("A", 0, REAL, "real"), {RUN: "mine"})
    assert store.names() == {RUN: "mine"}


def test_answers_of_other_images_alone_are_said_aloud(tmp_path):
    path = tmp_path / "judgements.db"
    assert judgements.unheard(path, IMAGES) == []
    store = Store(path)
    for answer in judged("A", 6, 1):
        store.record(answer)
    (told,) = judgements.unheard(path, IMAGES)
    assert "judgements.db holds 11 answers, and none of them is of the images drawn here" in told
    store.record(said("B", 0, REAL, "real", subject=judgements.digest(IMAGES), session="mine"))
    assert judgements.unheard(path, IMAGES) == []


def test_a_judge_is_a_word_and_goes_on_by_it(tmp_path):
    store = Store(tmp_path / "judgements.db")
    one, other = store.new_judge(), store.new_judge()
    assert one.name != other.name and store.judge(f" {one.name.lower()} ") == one
    store.record(said(one.name, 0, REAL, "real"))
    assert [a.trial for a in store.given(one, f"hype_infinity/{RUN}")] == [0] and not store.given(other, "any")
    with pytest.raises(UserError, match="no judge is called 'nobody' here: leave the name empty"):
        store.judge("nobody")


def _judge(path, name, count):
    store = Store(path)
    for trial in range(count):
        store.record(said(name, trial, REAL, "real"))


def test_two_judges_at_once_lose_nothing(tmp_path):
    path = tmp_path / "judgements.db"
    path.touch()
    script = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}, {str(Path(__file__).parent)!r}];"
        "from test_judgements import _judge; from pathlib import Path; _judge(Path(sys.argv[1]), sys.argv[2], 40)"
    )
    busy = [
        subprocess.Popen([sys.executable, "-c", script, path, name], stderr=subprocess.PIPE, text=True) for name in "AB"
    ]
    assert [process.communicate(timeout=120)[1] for process in busy] == ["", ""]
    assert len(Store(path).of(RUN).answers) == 80


def test_a_file_is_opened_while_another_judge_is_the_first_to_write(tmp_path, monkeypatch):
    """Its version is not that of before the first answer, and its tables those of after it."""
    path = tmp_path / "judgements.db"
    path.touch()
    first = threading.Thread(target=_judge, args=(path, "A", 1))

    class Watched(sqlite3.Connection):
        def execute(self, query, *values):
            found = super().execute(query, *values)
            if query == "PRAGMA user_version" and threading.current_thread() is not first:
                first.start()
                first.join(1)  # it writes now, or waits until this is read
            return found

    usual = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: usual(*given, **more, factory=Watched))
    store = Store(path)
    first.join(60)
    monkeypatch.undo()
    assert len(store.of(RUN).answers) == 1


def test_a_kill_in_the_middle_of_an_answer_loses_that_one_alone(tmp_path):
    path = tmp_path / "judgements.db"
    _judge(path, "A", 3)
    script = (
        "import os, sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "d.execute('PRAGMA cache_spill=1');"
        "d.execute('PRAGMA cache_size=1'); d.execute('BEGIN IMMEDIATE');"
        "[d.execute('INSERT INTO subjects VALUES (?, ?)', (str(i), 'x' * 3000)) for i in range(50)]; os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", script, path], check=False)
    assert Path(f"{path}-journal").exists()  # half a transaction is in the file
    assert len(Store(path).of(RUN).answers) == 3 and Store(path).names() == {}
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_file_is_said_and_left_as_it_is(tmp_path):
    path = tmp_path / "judgements.db"
    _judge(path, "A", 30)
    whole = path.read_bytes()
    text, page = b"no database at all, but some text" * 40, whole[:4096] + b"\xff" * 4096 + whole[8192:]
    for broken in (text, page, whole[:6000]):
        path.write_bytes(broken)
        with pytest.raises(
            UserError,
            match=r"judgements.db is damaged \(.+\), and is left as it is: bring .+ open `ganline people` once",
        ):
            judgements.read(path, IMAGES)
        assert path.read_bytes() == broken
    path.unlink()
    assert Store(path).of(RUN) is None and path.exists()  # as the page does it: dvc repro finds its dependency
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    with pytest.raises(UserError, match="is no file of judgements that this version"):
        Store(path)
    with pytest.raises(UserError, match=r"cannot be used \(unable to open database file\)"):
        Store(tmp_path / "nowhere" / "judgements.db")
