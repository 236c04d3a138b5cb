"""A training goes on from one of another length, to the bits of one that was never interrupted; or says why not."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.files import write_json
from ganline.settings import paths
from ganline.training.stop import Stopped
from stages import train

CONF = Path(__file__).parents[2] / "conf"
TINY = [
    "train.batch_size=4", "train.generator_batch_size=4", "train.log_every=2", "train.sample_count=4",
    "train.sample_every=4", "train.checkpoint_every=4", "train.steps_per_call=3", "diagnosis.every=5",
    "extractor.kind=inception", "prepare.size=8",
]  # fmt: skip
"""A training of 7 steps ends between two looks, two samples and two checkpoints."""


class Stopper:
    """A tracker that asks for a stop at a step, and forgets the rest."""

    def __init__(self, at):
        self.at = at

    def tags(self, values):
        pass

    def image(self, path, name, step):
        pass

    def model(self, path):
        pass

    def metrics(self, values, step=0):
        if step == self.at:
            self.at = None
            os.kill(os.getpid(), signal.SIGTERM)


def trained(folder, monkeypatch, steps, *overrides, stop_at=None):
    """Run the stage as runner.main does; return the contents of all that it leaves to later stages."""
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)
    recipe = ["dataset=digits", *TINY, f"train.steps={steps}", *overrides]
    params = compose_params("mode-collapse-mnist", recipe, CONF)
    data = paths.prepared(params)
    data.mkdir(parents=True, exist_ok=True)
    images = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 1), np.uint8)
    np.save(data / "train_images.npy", images)
    write_json(data / "dataset.json", {"dataset": "digits", "image_shape": [8, 8, 1], "classes": []})
    if finish := train.run(params, Stopper(stop_at)):
        finish()
    files = [path for part in (paths.TRAIN, paths.GAN) for path in part.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in files}


def checkpoints():
    return sorted(path.name for path in paths.CHECKPOINTS.glob("*/*-*.npz"))


SLOW = pytest.mark.slow


@pytest.mark.parametrize("select", [pytest.param("last", marks=SLOW), "best"])
def test_a_longer_training_goes_on_from_a_finished_one(tmp_path, monkeypatch, capsys, select):
    whole = trained(tmp_path / "whole", monkeypatch, 13, f"train.select={select}")
    trained(tmp_path / "parts", monkeypatch, 7, f"train.select={select}")
    assert checkpoints() == ["done-00000007.npz"]
    capsys.readouterr()
    longer = trained(tmp_path / "parts", monkeypatch, 13, f"train.select={select}")
    told = capsys.readouterr().out
    assert "going on after step 7 of a finished training of 7 steps" in told and "resuming after step 7" in told
    assert longer == whole
    assert paths.TRAIN / "samples/step-00000008.png" in longer
    assert paths.TRAIN / "samples/step-00000007.png" not in longer
    # The shorter one is not needed any more, and a forced training is no copy.
    assert checkpoints() == ["done-00000013.npz"]
    assert trained(tmp_path / "parts", monkeypatch, 13, f"train.select={select}") == whole
    told = capsys.readouterr().out
    assert "going on" not in told and "resuming" not in told


@pytest.mark.parametrize("steps", [13, pytest.param(5, marks=SLOW)])
def test_a_stopped_training_serves_a_longer_one_and_a_shorter_one(tmp_path, monkeypatch, capsys, steps):
    whole = trained(tmp_path / "whole", monkeypatch, steps)
    with pytest.raises(Stopped, match="saved at step 4"):
        trained(tmp_path / "parts", monkeypatch, 9, stop_at=4)
    assert trained(tmp_path / "parts", monkeypatch, steps) == whole
    assert "going on after step 4 of a stopped training of 9 steps" in capsys.readouterr().out
    assert "step-00000004.npz" in checkpoints()  # the stopped one may still be gone on with


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (["train.instance_noise=0.1"], "Every step depends on train.steps under train.instance_noise = 0.1"),
        pytest.param(
            ["train.learning_rate_schedule=cosine"], "on train.steps under train.learning_rate_schedule", marks=SLOW
        ),
    ],
)
def test_it_starts_anew_where_the_steps_depend_on_their_number_and_says_why(
    tmp_path, monkeypatch, capsys, overrides, reason
):
    with pytest.raises(Stopped):
        trained(tmp_path / "parts", monkeypatch, 9, *overrides, stop_at=4)
    longer = trained(tmp_path / "parts", monkeypatch, 13, *overrides)
    told = capsys.readouterr().out
    assert "starting from 0. A training of 9 steps that was stopped after step 4 is kept" in told
    assert "train.steps was 9 and is 13" in told and reason in told and "resuming" not in told
    assert checkpoints() == ["step-00000004.npz"]  # nothing can go on from the finished one
    assert longer == trained(tmp_path / "whole", monkeypatch, 13, *overrides)


@SLOW
def test_it_says_what_else_keeps_it_from_a_stopped_training(tmp_path, monkeypatch, capsys):
    with pytest.raises(Stopped):
        trained(tmp_path / "parts", monkeypatch, 9, stop_at=4)
    trained(tmp_path / "parts", monkeypatch, 9, "train.batch_size=2", "train.label_smoothing=0.1")
    told = capsys.readouterr().out
    assert "train.batch_size was 4 and is 2; train.label_smoothing was 0.0 and is 0.1." in told


@SLOW
def test_a_training_whose_best_weights_are_lost_starts_anew(tmp_path, monkeypatch, capsys):
    whole = trained(tmp_path / "whole", monkeypatch, 9)
    with pytest.raises(Stopped):
        trained(tmp_path / "parts", monkeypatch, 9, stop_at=4)
    (best,) = paths.CHECKPOINTS.glob("*/best.npz")
    best.write_bytes(best.read_bytes()[:-1])
    assert trained(tmp_path / "parts", monkeypatch, 9) == whole
    assert "the best weights seen before step 4 cannot be read" in capsys.readouterr().out


@SLOW
def test_the_mirror_is_asked_before_earlier_trainings_are(tmp_path, monkeypatch, capsys):
    whole = trained(tmp_path / "whole", monkeypatch, 9)
    monkeypatch.setenv(train.MIRROR, (tmp_path / "mirror").as_uri())
    with pytest.raises(Stopped):
        trained(tmp_path / "parts", monkeypatch, 9, stop_at=4)
    with pytest.raises(Stopped):
        trained(tmp_path / "elsewhere", monkeypatch, 9, "train.label_smoothing=0.1", stop_at=2)
    capsys.readouterr()
    assert trained(tmp_path / "elsewhere", monkeypatch, 9) == whole
    told = capsys.readouterr().out
    assert "resuming after step 4" in told and "starting from 0" not in told
    assert len(list((tmp_path / "mirror").glob("*/step-*.npz"))) == 1  # of the other one, which is not finished


KEPT = Path("models/kept")


def kept_in(folder):
    return {int(path.stem[5:]): path.read_bytes() for path in sorted((folder / KEPT).glob("step-*.npz"))}


@SLOW
def test_weights_kept_along_the_way_change_nothing_and_can_be_chosen_in_the_end(tmp_path, monkeypatch, capsys):
    plain = trained(tmp_path / "plain", monkeypatch, 9)
    assert kept_in(tmp_path / "plain") == {} and json.loads((KEPT / "steps.json").read_text()) == []
    whole = trained(tmp_path / "whole", monkeypatch, 9, "train.keep=2")
    weights = paths.GAN / "weights.npz"
    assert whole[weights] == plain[weights] and list(kept_in(tmp_path / "whole")) == [4, 9]
    with pytest.raises(Stopped):
        trained(tmp_path / "parts", monkeypatch, 9, "train.keep=2", stop_at=6)
    trained(tmp_path / "parts", monkeypatch, 9, "train.keep=2")
    assert kept_in(tmp_path / "parts") == kept_in(tmp_path / "whole")
    # Choosing a step is at its end at once, and has the weights of a training of so many steps.
    capsys.readouterr()
    chosen = trained(tmp_path / "parts", monkeypatch, 9, "train.keep=2", "train.select=4")
    assert "going on after step 9 of a finished training of 9 steps" in capsys.readouterr().out
    assert chosen[weights] == trained(tmp_path / "short", monkeypatch, 4)[weights] != whole[weights]
    assert chosen[paths.TRAIN / "history.csv"] == whole[paths.TRAIN / "history.csv"]
    assert kept_in(tmp_path / "parts") == kept_in(tmp_path / "whole")
    assert json.loads((tmp_path / "parts" / paths.TRAIN / "diagnosis.json").read_text())["kept_step"] == 4
    # Forced to run anew, it trains anew; another length keeps others.
    capsys.readouterr()
    assert trained(tmp_path / "parts", monkeypatch, 9, "train.keep=2", "train.select=4") == chosen
    trained(tmp_path / "parts", monkeypatch, 13, "train.keep=2")
    told = capsys.readouterr().out
    assert "going on" not in told and "train.keep = 2 keeps the weights of other steps" in told


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["train.select=3", "train.keep=2"], "train.select = 3: the weights of that step are not kept .train.keep = 2"),
        (["train.select=3"], "train.select = 3: the weights of that step are not kept .train.keep = 0 keeps none"),
        (["train.keep=20"], "train.keep = 20: allowed is train.steps = 9 at most"),
        (["train.select=first"], "train.select = first: allowed is last, best, or a step whose weights"),
        (["train.keep=-1"], "train.keep = -1: allowed is greater than or equal to 0"),
    ],
)
def test_what_is_not_kept_cannot_be_chosen(overrides, said):
    with pytest.raises(UserError, match=said):
        compose_params("mode-collapse-mnist", ["dataset=digits", *TINY, "train.steps=9", *overrides], CONF)
