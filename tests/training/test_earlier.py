import ast
import json
from pathlib import Path

import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.core.files import sha256, write_json, write_sealed
from ganline.training import checkpoint, earlier
from ganline.training.leftovers import delete, finish, leftovers, lock_of
from ganline.training.monitor import cadence

GANLINE = Path(earlier.__file__).parents[1]
TRAIN = {
    "model": "gan.GAN", "steps": 100, "batch_size": 8, "sample_every": 20, "learning_rate_schedule": "constant",
    "instance_noise": 0.0,
}  # fmt: skip


def facts(every=None, code=None, data="d1", **changes):
    train = TRAIN | changes
    return {
        "parameters": {"seed": 1, "train": train, "diagnosis": {"every": cadence(every, train["steps"])}},
        "data": {"train_images.npy": data},
        "code": code or {"ganline/models/base.py": sha256(GANLINE / "models/base.py")},
        "versions": checkpoint.library_versions(),
    }


def left(root, known, *steps, kind="step", best=0):
    """What a training of these facts has left."""
    folder = root / checkpoint.fingerprint(known)
    for step in steps:
        write_sealed(folder / f"{kind}-{step:08}.npz", {"at": np.array(step)})
    write_sealed(folder / "best.npz", {"step": np.array(best)})
    write_json(folder / "facts.json", known)
    return folder


def begun(root, known):
    folder = root / checkpoint.fingerprint(known)
    earlier.begin(folder, known)
    return list(checkpoint.checkpoints_in(folder))


def test_the_furthest_of_its_kind_is_taken(tmp_path, capsys):
    left(tmp_path, facts(steps=60), 60, kind="done", best=40)
    left(tmp_path, facts(steps=90), 40, 80)
    left(tmp_path, facts(steps=95, seed=2), 90)
    left(tmp_path, facts(steps=95, batch_size=4), 90)
    assert begun(tmp_path, facts()) == [40, 80]
    assert "going on after step 80 of a stopped training of 90 steps" in capsys.readouterr().out
    assert begun(tmp_path, facts()) == [40, 80]  # again: it is its own by now
    assert capsys.readouterr().out == ""


def test_nothing_is_taken_from_beyond_the_last_step(tmp_path, capsys):
    left(tmp_path, facts(steps=200), 120, 150)
    assert begun(tmp_path, facts()) == []
    assert "stopped after step 150 is kept" in (told := capsys.readouterr().out)
    assert "train.steps was 200 and is 100. Its checkpoints lie beyond: the first that is kept is of step 120." in told
    assert begun(tmp_path, facts(steps=120)) == [120]


def test_nor_where_the_best_weights_lie_beyond(tmp_path, capsys):
    left(tmp_path, facts(steps=300), 80, 160, best=140)
    assert begun(tmp_path, facts(steps=130)) == []
    assert "The best weights that it saw lie beyond: they are of step 140." in capsys.readouterr().out
    assert begun(tmp_path, facts(steps=145)) == [80]


def test_a_shortened_training_says_why_it_does_not_use_the_finished_one(tmp_path, capsys):
    done = left(tmp_path, facts(steps=80), 80, kind="done", best=40)
    left(tmp_path, facts(steps=70, batch_size=4), 70, kind="done")  # another training: nothing to speak of
    assert begun(tmp_path, facts(steps=60)) == []
    assert capsys.readouterr().out == (
        f"train: starting from 0. A finished training of 80 steps is kept ({done}), but train.steps was 80 and is 60. "
        "Its checkpoints lie beyond: the first that is kept is of step 80.\n"
    )


def test_best_weights_that_cannot_be_read_are_said(tmp_path, capsys):
    folder = left(tmp_path, facts(steps=80), 80, kind="done")
    (folder / "best.npz").write_bytes(b"")
    assert begun(tmp_path, facts()) == []
    assert "The best weights that it saw cannot be read (" in capsys.readouterr().out


def test_a_finished_training_that_looked_at_other_steps_is_said_with_the_way_out(tmp_path, capsys):
    left(tmp_path, facts(steps=8000), 8000, kind="done")
    assert begun(tmp_path, facts(steps=16000)) == []
    assert "With diagnosis.every=200 this one goes on from there." in capsys.readouterr().out
    # No way out is promised where there is none.
    assert begun(tmp_path, facts(steps=4500)) == []
    told = capsys.readouterr().out
    assert "diagnosis.every was 200 and is" in told and "Its checkpoints lie beyond" in told and "With" not in told


def test_looks_at_other_steps_are_said_with_the_way_out(tmp_path, capsys):
    left(tmp_path, facts(steps=8000), 5000)
    assert begun(tmp_path, facts(steps=16000)) == []
    told = capsys.readouterr().out
    assert "diagnosis.every was 200 and is 400" in told and "With diagnosis.every=200 this one goes on" in told
    assert begun(tmp_path, facts(steps=16000, every=200)) == [5000]


def test_short_trainings_look_at_the_same_steps(tmp_path):
    left(tmp_path, facts(steps=1000), 1000, kind="done")
    assert begun(tmp_path, facts(steps=4000)) == [1000]


def test_other_code_is_said_by_its_files(tmp_path, capsys):
    code = facts()["code"]
    left(tmp_path, facts(code=code | {"training/loop.py": "x", "models/gan.py": "y"}), 40)
    assert begun(tmp_path, facts()) == []
    assert "the code was another (models/gan.py, training/loop.py)" in capsys.readouterr().out


def test_trainings_of_another_model_are_not_spoken_of(tmp_path, capsys):
    left(tmp_path, facts(model="lsgan.LSGAN"), 40)
    assert begun(tmp_path, facts()) == [] and capsys.readouterr().out == ""


def test_the_samples_taken_are_those_the_longer_one_would_have(tmp_path):
    folder = left(tmp_path, facts(steps=90), 90, kind="done")
    (folder / "samples").mkdir()
    for step in (0, 20, 80, 90):
        (folder / f"samples/step-{step:08}.png").write_text("x")
    begun(tmp_path, facts())
    taken = (tmp_path / checkpoint.fingerprint(facts()) / "samples").iterdir()
    assert sorted(path.name for path in taken) == [f"step-{step:08}.png" for step in (0, 20, 80)]


SAID = [
    "", "null", "{}", '{"parameters": 1}', '{"parameters": {"train": {"steps": null}}}',
    json.dumps({"parameters": {"train": TRAIN}, "code": 1}),
]  # fmt: skip


@pytest.mark.parametrize("text", SAID)
def test_a_folder_that_does_not_say_what_it_is_of_is_left_alone(tmp_path, text):
    folder = left(tmp_path, facts(steps=60), 60)
    (folder / "facts.json").write_text(text)
    assert begun(tmp_path, facts()) == [] and checkpoint.checkpoints_in(folder)
    assert "it does not say what it is of" in next(
        one.useless for one in leftovers(tmp_path, []) if one.folder == folder
    )


def test_of_finished_trainings_few_are_kept(tmp_path):
    own = left(tmp_path, facts(), 100, kind="done")
    shorter = left(tmp_path, facts(steps=50), 50, kind="done")
    stopped = left(tmp_path, facts(steps=40), 30)
    others = [left(tmp_path, facts(batch_size=i), 100, kind="done") for i in range(20, 27)]
    gone = set(earlier.superseded(own, facts()))
    assert shorter in gone and stopped not in gone and own not in gone
    assert len(gone - {shorter}) == len(others) - (earlier.FINISHED - 1)


def test_a_shorter_training_that_nothing_can_go_on_from_is_kept(tmp_path):
    """With weights kept along the way another length is another training."""
    own = left(tmp_path, facts(keep=2), 100, kind="done")
    shorter = left(tmp_path, facts(keep=2, steps=99), 99, kind="done")
    same = left(tmp_path, facts(keep=2, select=50), 100, kind="done")
    assert set(earlier.superseded(own, facts(keep=2))) == {same} and shorter.exists()


@pytest.mark.parametrize("experiment", ["vae-mnist", "pixelcnn-mnist"])
def test_models_without_a_discriminator_go_on_from_earlier_trainings_and_take_their_place(tmp_path, experiment):
    train = compose_params(experiment, ["train.steps=100"]).train.model_dump(mode="json")
    here = facts() | {"parameters": {"seed": 1, "train": train}}
    shorter = {**here, "parameters": {"seed": 1, "train": train | {"steps": 50}}}
    left(tmp_path, shorter, 50, kind="done")
    left(tmp_path, facts(), 40)  # a GAN's
    assert begun(tmp_path, here) == [50]
    own = left(tmp_path, here, 100)
    finish(own, None, here)
    assert checkpoint.checkpoints_in(own, "done").keys() == {100}


def test_only_what_is_known_depends_on_the_number_of_steps():
    """Whoever makes something else a function of train.steps must say so in earlier.depends_on_steps."""
    found = set()
    for path in [*(GANLINE / "models").glob("*.py"), *(GANLINE / "training").glob("*.py")]:
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                uses = (node for node in ast.walk(function) if isinstance(node, ast.Attribute) and node.attr == "steps")
                if any(ast.unparse(node.value).endswith("settings") for node in uses):
                    found.add(f"{path.stem}.{function.name}")
    assert found == {
        "optimizers.make_optimizer", "stabilisers.instance_noise", "loop.train", "loop.save", "loop.end",
        "loop._steps_to_next_event", "loop._shown",
    }  # fmt: skip


def test_what_nothing_can_go_on_from_is_told_from_the_rest(tmp_path):
    images = tmp_path / "train_images.npy"
    images.write_bytes(b"images")
    here = checkpoint.deciding({}, [images], {})["data"]["train_images.npy"]
    root = tmp_path / "checkpoints"
    stopped = left(root, facts(data=here), 40)
    finished = left(root, facts(data=here, steps=50), 50, kind="done")
    changed = left(root, facts(data=here, code={"a.py": "1"}), 40)
    elsewhere = left(root, facts(), 40)
    empty = left(root, facts(data=here, steps=70))
    old = left(root, facts(data=here, steps=80), 40)
    (old / "facts.json").unlink()
    busy = left(root, facts(data=here, steps=90), 40)
    with lock_of(busy):
        found = {one.folder: one for one in leftovers(root, [images])}
        assert not delete(busy) and busy.exists()
    assert set(found) == {stopped, finished, changed, elsewhere, empty, old}
    assert found[stopped].useless == found[finished].useless == ""
    assert found[stopped].what == "gan.GAN, stopped after step 40 of 100 steps"
    assert found[finished].what == "gan.GAN, finished, 50 steps"
    assert found[stopped].size == sum(path.stat().st_size for path in stopped.iterdir())
    assert found[changed].useless == "made by other code (a.py)"
    assert found[elsewhere].useless == "made of prepared data that is not here"
    assert found[empty].useless == "it holds no checkpoint"
    assert "earlier version" in found[old].useless
    assert delete(changed) and not changed.exists()
