"""Further seeds of a row: what they are trained for, which are held against the first, and how their spread reads."""

import json
from pathlib import Path

import pytest

from benchmarks import results, rows, seeds, zoo

PROTOCOL = {"extractor": "classifier", "better": "lower", "extractor_weights_sha256": "a", "n_fake": 10_000}


def kept(seed, distance, **more):
    """What is kept of a row."""
    metrics = {"frechet_classifier": distance, "precision": 0.5}
    metrics |= {"floor_frechet_classifier": 0.1, "floor_precision": 0.8}
    return {
        "experiment": "gan-mnist", "dataset": "mnist", "digest": "d", "command": "ganline use gan-mnist", "cores": 2,
        "minutes": 9.0, "core_minutes": 8.0 + seed, "steps": 900, "trained": 900, "extractor": "classifier",
        "beside": None, "images": 10_000, "verdict": "healthy", "metrics": metrics, "last": {}, "made_of": {},
        "protocol": {"frechet_classifier": PROTOCOL | {"seed": seed}},
    } | more  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "seeds").mkdir()
    (tmp_path / "gan-mnist.json").write_text(json.dumps(kept(1, 3.0)))
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    return tmp_path


def test_a_further_seed_is_trained_as_the_first_was_for_as_many_steps(folder):
    first = rows.row("gan-mnist", results.RUNS["gan-mnist"], 45)
    second, third = results._further(["gan-mnist", "wgan-mnist", "vae-mnist"], 45)  # the row of wgan-mnist is not there
    assert (second.name, str(second.file), second.minutes) == ("seeds-gan-mnist-2", "seeds/gan-mnist-2.json", None)
    assert (first.name, str(first.file), first.minutes) == ("gan-mnist", "gan-mnist.json", 45)
    params = [each.params() for each in (first, second, third)]
    assert len({each.seed for each in params}) == 3 and second.params().train.steps == 900
    assert params[1] == params[0].model_copy(update={"seed": params[1].seed, "train": params[1].train})
    assert params[1].train == params[0].train.model_copy(update={"steps": 900})


def test_steps_that_a_person_fixed_are_said_once():
    given = results.RUNS["dcgan-fashion-mnist-workshop"]
    assert seeds.overrides(given, {"steps": 5000}) == ["train.steps=5000"] == given


def test_the_pages_show_how_far_apart_comparable_seeds_come_out(folder):
    assert "## Further seeds" not in results.page() and "seeds)" not in zoo.page(results.kept(), 45)
    for number, facts in ((2, kept(2, 5.0)), (3, kept(3, 90.0, trained=800))):
        (folder / f"seeds/gan-mnist-{number}.json").write_text(json.dumps(facts))
    row = "| gan-mnist | 2 | 900 | 4 ± 1.41 (3 to 5) | - | 0.5 ± 0 (0.5 to 0.5) | - | 9.5 ± 0.707 (9 to 10) | "
    assert f"{row}healthy, healthy |" in results.page()
    (folder / "seeds/gan-mnist-3.json").write_text(json.dumps(kept(3, 4.0)))
    page = zoo.page(results.kept(), 45)
    assert "that of the table among them: gan-mnist 3 to 5 (3 seeds)." in page and "| 1 | gan-mnist | 3 |" in page


def test_another_judge_is_not_held_against_the_first(folder):
    other = {"frechet_classifier": PROTOCOL | {"extractor_weights_sha256": "b"}}
    (folder / "seeds/gan-mnist-2.json").write_text(json.dumps(kept(2, 5.0, protocol=other)))
    assert results.kept()[0]["seeds"] == []


def test_a_further_seed_leaves_its_numbers_without_picture_and_curve(tmp_path, monkeypatch):
    def place(revision, folder, project):
        folder.mkdir(parents=True)
        (folder / "conf").symlink_to(Path("conf").resolve())

    monkeypatch.setattr(rows.workspace, "place", place)
    monkeypatch.setattr(rows, "choose", lambda *_: None)
    monkeypatch.setattr(rows.Making, "_run", lambda *_: None)
    monkeypatch.setattr(rows.recorded, "facts", lambda *_: kept(2, 5.0, last={}, printed=[]))
    making = rows.Making(
        rows.Row("gan-mnist", ("train.steps=900", "seed=7"), None, 2, seeds.FOLDER), {"train": "b"}, tmp_path
    )
    making.state |= {"minutes": 3.0, "core_minutes": 2.0}
    making.make("HEAD")
    (path,) = (path for path in (tmp_path / "docs").rglob("*") if path.is_file())
    found = json.loads(path.read_text())
    assert path == tmp_path / "docs/results/seeds/gan-mnist-2.json" and not {"last", "printed", "curve"} & found.keys()
    assert (found["seed"], found["core_minutes"], found["made_of"]) == (7, 2.0, {"train": "b"})
