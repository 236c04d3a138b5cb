import json

import numpy as np
import pytest
import tensorflow as tf
from fitting import CONF, EXPERIMENTS, fitting, perception
from prepared_digits import LABELS, project

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.files import write_json
from ganline.models.facts import model_facts
from ganline.settings import paths
from ganline.tracking.tracker import told_by
from ganline.training import devices, material
from stages import train


class Recorder:
    """A tracker that remembers its tags."""

    def __init__(self):
        self.told = {}

    def tags(self, values):
        self.told |= values

    def metrics(self, values, step=0):
        assert all(np.isfinite(value) for value in values.values())

    def image(self, path, name, step):
        pass

    def model(self, path):
        pass


TINY = [
    "train.steps=6", "train.batch_size=1", "train.generator_batch_size=1", "train.log_every=2", "train.sample_count=4",
    "extractor.kind=inception", "diagnosis.every=2", "prepare.size=8",
]  # fmt: skip


def trained(folder, monkeypatch, *overrides, images=None, labels=LABELS):
    """Run the stage on 8x8 images, constant ones where none are given; return diagnosis.json and the tags."""
    params, _ = project(folder, monkeypatch, "mode-collapse-mnist", *TINY, *overrides, size=8, labels=labels)
    if images is not None:
        np.save(paths.prepared(params) / "train_images.npy", images)
    recorder = Recorder()
    try:
        train.run(params, recorder)
    finally:
        diagnosis = json.loads((paths.TRAIN / "diagnosis.json").read_text())
    return diagnosis, recorder.told


@pytest.mark.parametrize("labels", [LABELS, 0 * LABELS, None])
def test_constant_images_one_class_and_batch_one_are_trained_and_not_judged(tmp_path, monkeypatch, capsys, labels):
    found, told = trained(tmp_path, monkeypatch, labels=labels)
    assert "of 200 training images looked at only 1 differ" in found["cannot_judge"]
    assert found["verdict"] == told["verdict"] == "too_short" and found["cannot_judge"] in found["summary"]
    assert found["steps"] == found["kept_step"] == 6 and not found["ended_early"]
    assert "train: Too short to judge." in capsys.readouterr().out


def test_what_is_doubted_of_the_judge_is_said_at_the_verdict_and_tagged(tmp_path, monkeypatch, capsys):
    doubt = "the extractor knows little of these images: try extractor.kind=rotation"
    folder = tmp_path / "models/extractor/digits"
    folder.mkdir(parents=True)
    write_json(folder / "extractor.json", {"kind": "inception", "doubts": [doubt]})
    found, told = trained(tmp_path, monkeypatch)
    assert found["doubts"] == [doubt] and told["judge"] == doubt
    verdict, _, rest = capsys.readouterr().out.partition("train: Too short to judge.")
    assert f"  beware: {doubt}\n" in rest and doubt not in verdict
    assert "judge" not in told_by(found | {"doubts": []})


WILD = [
    f"train.optimizers.{name}.{key}"
    for name in ("generator", "discriminator")
    for key in ("name=sgd", "learning_rate=1e30")
]


def test_no_number_from_the_first_steps_on(tmp_path, monkeypatch, capsys):
    images = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 1), np.uint8)
    found, told = trained(tmp_path, monkeypatch, *WILD, images=images)
    assert found["verdict"] == told["verdict"] == "diverged" and found["ended_early"] and found["kept_step"] == 0
    assert found["remedies"] and "learning rates are high" in found["causes"][0]["cause"]
    shown = capsys.readouterr().out
    assert (
        "try: dvc exp run --no-hydra -S train.optimizers" in shown and "the weights kept are those of step 0" in shown
    )
    assert (paths.GAN / "model.json").exists() or any(paths.GAN.iterdir())


def test_a_failing_run_fails_the_stage_where_asked(tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 1), np.uint8)
    with pytest.raises(UserError, match="diagnosis.on_failure = fail, and the training fails. A loss is no longer"):
        trained(tmp_path, monkeypatch, *WILD, "diagnosis.on_failure=fail", images=images)
    assert (paths.TRAIN / "history.csv").exists() and not paths.GAN.exists()


def test_a_training_whose_results_were_refused_is_at_its_end_at_once(tmp_path, monkeypatch, capsys):
    params, _ = project(tmp_path, monkeypatch, "mode-collapse-mnist", *TINY, "train.checkpoint_every=4", size=8)
    train.run(params, Recorder())
    weights = (paths.GAN / "weights.npz").read_bytes()
    capsys.readouterr()
    remove = train.run(params, Recorder())
    assert "resuming after step 6" in capsys.readouterr().out
    assert (paths.GAN / "weights.npz").read_bytes() == weights
    remove()
    assert not list(paths.CHECKPOINTS.rglob("step-*.npz"))


TWO_STEPS = [
    "download.source=.", "train.steps=2", "train.batch_size=4", "train.generator_batch_size=4", "train.log_every=1",
    "train.sample_every=2", "train.checkpoint_every=2", "train.steps_per_call=1", "train.sample_count=10",
    "diagnosis.every=1", "extractor.kind=inception", "extractor.beside=null",
]  # fmt: skip
QUICK = ("vae-mnist", "pixelcnn-mnist", "context-encoder-anime")
"""Of kinds that no other test takes through this stage, those that take a few seconds."""


def prepared(params):
    """Write prepared data as small as the stage takes, of the shapes that the parameters want."""
    folder, prepare, pixels = paths.prepared(params), params.prepare, np.random.default_rng(0)
    views = {"image": (prepare.size, prepare.size, prepare.channels)}
    if prepare.pairs:
        views["partner"] = (prepare.partners.size, prepare.partners.size, prepare.partners.channels)
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", 40), ("test", 12)):
        for view, shape in views.items():
            np.save(folder / f"{split}_{view}s.npy", pixels.integers(0, 256, (count, *shape), np.uint8))
        np.save(folder / f"{split}_labels.npy", np.arange(count, dtype=np.int32) % 4)
    facts = {"dataset": params.download.dataset, "classes": list("abcd")}
    facts |= {f"{view}_shape": shape for view, shape in views.items()}
    write_json(folder / "dataset.json", facts | {"paired": bool(prepare.pairs) and prepare.pairs.layout != "unpaired"})


@pytest.mark.parametrize(
    "experiment", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in EXPERIMENTS]
)
def test_every_experiment_goes_through_the_stage_beside_what_another_left(tmp_path, monkeypatch, experiment):
    monkeypatch.chdir(tmp_path)
    params = compose_params(experiment, fitting(experiment, TWO_STEPS), CONF)
    layer = model_facts()[params.train.model].get("perceives")
    monkeypatch.setattr(material, "perception", lambda _: perception(layer) if layer else None)
    prepared(params)
    other, sections = paths.CHECKPOINTS / "other", compose_params("infogan-mnist", [], CONF).model_dump(mode="json")
    write_json(other / "facts.json", {"parameters": sections, "data": {}, "code": {}, "versions": {}})
    (other / "done-00000002.npz").touch()
    train.run(params, Recorder())()
    assert json.loads((paths.TRAIN / "diagnosis.json").read_text())["kept_step"] == 2
    assert {"model.json", "weights.npz"} <= {path.name for path in paths.GAN.iterdir()}


@pytest.mark.parametrize("native", [True, False])
def test_a_precision_that_chose_itself_is_told_and_trains_to_the_same_bits(tmp_path, monkeypatch, capsys, native):
    comes_to = "mixed_bfloat16" if native else "float32"
    monkeypatch.setattr(devices.processor, "has_bfloat16", lambda: native)
    monkeypatch.setattr(devices.tf.config, "list_physical_devices", lambda kind: [])
    small = [*TINY, "train.generator_batch_size=4", "train.batch_size=4"]
    params, _ = project(tmp_path, monkeypatch, "lsgan-mnist", *small, size=8, labels=LABELS)
    left = []
    for precision in ("auto", comes_to):
        compute = params.compute.model_copy(update={"precision": precision})
        finish = train.run(params.model_copy(update={"compute": compute}), recorder := Recorder())
        assert tf.keras.mixed_precision.global_policy().name == recorder.told["training_precision"] == comes_to
        left.append({path.name: path.read_bytes() for path in sorted(paths.GAN.iterdir())})
        finish()
    assert left[0] == left[1] and json.loads(left[0]["model.json"])["trained_with"] == {"training_precision": comes_to}
    assert capsys.readouterr().out.count(f"train: in {comes_to}\n") == 2
