"""A small CycleGAN, of two sets that do not belong together, through what watches, judges and shows it."""

import json

import numpy as np
import pytest

from ganline import models
from ganline.catalogue.check import check
from ganline.catalogue.presets import compose_params
from ganline.core.files import read_arrays
from ganline.datasets import inputs
from ganline.diagnosis.remedies import advise
from ganline.diagnosis.unpaired_probe import UnpairedProbe
from ganline.diagnosis.verdict import Verdict
from ganline.models import makers
from ganline.models.facts import adversaries_of, loss_facts
from ganline.settings import paths
from ganline.training import judging
from ganline.training.batches import Apart
from ganline.training.loop import train
from stages import evaluate, study
from tests.before import leave, lose_lpips
from tests.stages.test_evaluate import CONF, Recorder
from tests.two_ways import SIDE, discs, squares

MEASURES = ("cycle_error", "steganography", "identity_error", "edge_agreement", "l1", "frechet", "kid")
IMAGES, PARTNERS = {"train": 40, "test": 30}, {"train": 50, "test": 24}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Leave what the stages before leave: squares to be made of discs, an extractor, an untrained CycleGAN."""
    folder = tmp_path_factory.mktemp("unpaired")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        params = compose_params(
            "cyclegan-apple2orange",
            ["dataset=unpaired_folders", "download.source=mine", f"prepare.size={SIDE}", "prepare.channels=3",
             "train.steps=2", "train.steps_per_call=1", "train.log_every=1", "train.sample_every=2",
             "train.checkpoint_every=2", "train.sample_count=2", "diagnosis.every=1", "extractor.kind=rotation",
             "extractor.beside=null",
             "evaluate.samples=100", "evaluate.kid_subset_size=10", f"evaluate.metrics=[{','.join(MEASURES)}]"],
            CONF,
        )  # fmt: skip
        splits = {
            split: {"images": squares(IMAGES[split], seed), "partners": discs(PARTNERS[split], seed + 5)}
            for seed, split in enumerate(IMAGES)
        }
        leave(params, splits, partner_shape=[SIDE, SIDE, 3], paired=False)
        lose_lpips(folder)
        models.save(models.build(params.train, (SIDE, SIDE, 3), 1, 0, inputs.shape(params)), paths.GAN)
    return folder, params


@pytest.fixture
def here(project, monkeypatch):
    monkeypatch.chdir(project[0])
    return project[1]


def test_it_is_judged_by_the_target_domain_and_by_its_cycles(here):
    evaluate.run(here, Recorder())
    values = json.loads((paths.EVALUATE / "metrics.json").read_text())
    protocol = json.loads((paths.EVALUATE / "protocol.json").read_text())
    assert {"cycle_l1", "cycle_back_l1", "identity_l1", "hidden_share", "edge_agreement", "floor_kid"} <= values.keys()
    assert {"baseline_copied_frechet_rotation", "baseline_copied_kid", "baseline_mean_colour_kid"} <= values.keys()
    assert values["cycle_l1"] > 0.1 and "no true partner" in protocol["l1"]["left_out"]
    assert protocol["kid"]["n_real"] == PARTNERS["test"]
    assert read_arrays(paths.EVALUATE / "features.npz").keys() >= {"inputs", "images"}


def test_its_study_shows_both_directions_and_what_comes_back(here):
    recorder = Recorder()
    study.run(here, recorder)
    found = json.loads((paths.STUDY / "findings.json").read_text())
    assert [entry["part"] for entry in found] == ["examples", "cycle"]
    assert {"translation_cycle_error", "translation_cycle_back_lost"} <= recorder.values.keys()
    assert {path.name for path in (paths.STUDY / "figures").iterdir()} == {
        "examples-there.png", "examples-back.png", "cycle-noise.png",
    }  # fmt: skip


def test_hiding_is_told_with_what_can_be_changed(here):
    """The remedies name parameters that there are, and concern both directions."""
    found = advise(
        Verdict("translation_failure", "hides_input"), here, {}, lambda content: bool(check(content, "")),
        loss=loss_facts()[here.train.loss], adversaries=adversaries_of(here.train.model),
    )  # fmt: skip
    assert "train.cycle_weight is 10" in found["causes"][0]["cause"]
    changes = [remedy["change"] for remedy in found["remedies"]]
    assert changes[0] == ["train.cycle_weight=2.5"]
    assert [change.split("=")[0] for change in changes[1]] == [
        f"train.optimizers.{name}.learning_rate" for name in ("discriminator", "discriminator_back")
    ]


@pytest.mark.slow
def test_it_is_watched_in_both_directions_while_it_trains(here, tmp_path):
    images, given = (np.load(paths.prepared(here) / f"train_{name}.npy") for name in ("images", "partners"))
    model = models.build(here.train, (SIDE, SIDE, 3), 1, 0, inputs.shape(here))
    probe, maker = judging.probe(here, images), makers.of_run(here, model)
    assert isinstance(probe, UnpairedProbe) and {"unpaired", "way back"} <= maker.abilities
    trained = train(
        model, {"image": images, "input": Apart(given)}, here.train, tmp_path, False, here.diagnosis, probe,
        maker=maker,
    )  # fmt: skip
    (step, look), *_ = trained.history.looks
    names = {f"probe_{name}{way}" for name in ("domain", "spread", "cycle", "hidden", "gain") for way in ("", "_back")}
    assert step == 0 and names | {"probe_copied"} <= look.keys()
    content = judging.diagnosis(trained, model, here, lambda content: True, None)
    assert content["verdict"] == "too_short" and content["cannot_judge"] == ""
