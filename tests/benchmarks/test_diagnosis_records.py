"""The proving ground's records are whole, and the verdicts of today are those of its table."""

import json

import pytest

from benchmarks.diagnosis import records, table
from benchmarks.diagnosis.grounds import PARTS, RUNS


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Records of two runs, and where others can be left."""
    known, curves = records.records(), records.histories()
    for name, file in {"LEFT": "runs", "TABLE": "records.csv", "ARCHIVE": "histories.tar.xz"}.items():
        monkeypatch.setattr(records, name, tmp_path / file)
    first = list(known)[:2]
    monkeypatch.setattr(records, "records", lambda: {name: known[name] for name in first})
    monkeypatch.setattr(records, "histories", lambda: {name: curves[name] for name in first})
    return tmp_path


def test_every_run_is_recorded_with_its_curves_and_nothing_else_is():
    assert list(records.records()) == list(records.histories()) == sorted(RUNS)
    for name, record in records.records().items():
        assert (record["experiment"], record["dataset"]) == RUNS[name][:2] and record["bent"] == list(RUNS[name].bent)
        assert record["finite"] == bool(record["final"]) and records.histories()[name].startswith("step,")


def test_what_is_unpacked_and_packed_is_what_it_was(elsewhere, capsys):
    known, curves = records.records(), records.histories()
    records.unpack()
    assert {path.name for path in (elsewhere / "runs").iterdir()} == {
        f"{name}.{kind}" for name in known for kind in ("csv", "json")
    }
    (elsewhere / "runs/new-01.json").write_text(json.dumps(known["blind-01"] | {"aim": 'a comma, and a "quote"'}))
    (elsewhere / "runs/new-01.csv").write_text("step,loss\n0,1\n")
    records.pack()
    assert not list((elsewhere / "runs").iterdir()) and "3 runs added" in capsys.readouterr().out
    known["new-01"], curves["new-01"] = known["blind-01"] | {"aim": 'a comma, and a "quote"'}, "step,loss\n0,1\n"
    assert records.read_table(records.TABLE) == known
    assert records.read_archive(records.ARCHIVE) == curves


@pytest.mark.slow
def test_todays_rules_give_the_table():
    parts = {part: [table.judged(name, *run) for name, run in table.runs(part).items()] for part in PARTS}
    assert table.markdown(parts) == (table.FOLDER / "table.md").read_text()
