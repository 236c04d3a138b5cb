import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from people import judged

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.files import read_arrays, sha256, write_arrays, write_json
from ganline.evaluation import judging
from ganline.evaluation import measures as suite
from ganline.evaluation.judgements import Store, digest
from ganline.extractors.classifier import train_classifier
from ganline.models import makers
from ganline.settings import paths
from stages import evaluate

CONF = Path(__file__).parents[2] / "conf"


class Recorder:
    """Takes the place of the tracker, which would start its own server."""

    def __init__(self):
        self.values, self.artifacts, self.told_data = {}, [], False

    def data(self):
        self.told_data = True

    def metrics(self, values):
        self.values = self.values | values

    def artifact(self, path, folder=""):
        self.artifacts.append((path.name, folder, path.exists()))


def settings(**changes):
    return compose_params("gan-mnist", ["dataset=digits"], CONF).evaluate.model_copy(update=changes)


def test_settings_hold_where_there_are_images_enough():
    assert judging.in_force(settings(), 60_000, 10_000) == (settings(), [])


def test_settings_shrink_to_the_smaller_split_and_say_so():
    found, notices = judging.in_force(settings(), 1438, 359)
    assert (found.samples, found.kid_subset_size, found.inception_splits) == (359, 179, 10)
    assert "359 images instead of evaluate.samples = 10000" in notices[0]
    assert "179 images instead of 1000" in notices[1]
    assert judging.in_force(settings(), 30, 359)[0].samples == 30
    found, notices = judging.in_force(settings(), 1438, 25)
    assert found.inception_splits == 2 and "2 Inception Score splits instead of 10" in notices[2]
    assert "a larger prepare.test_fraction holds out more" in notices[0] and len(notices) == 3
    found, notices = judging.in_force(settings(), 1438, 19)
    assert notices[1] == "the Frechet distance has no standard error: that takes 20 images, and there are 19"


def dark_and_light(size):
    """Return a classifier of dark and light images, 270 of these and their labels."""
    settings = compose_params("gan-mnist", ["extractor.epochs=1", "extractor.batch_size=16"], CONF).extractor
    random = np.random.default_rng(0)
    labels = np.arange(270, dtype=np.int32) % 2
    images = (random.integers(0, 100, (270, size, size, 1)) + 100 * labels[:, None, None, None]).astype(np.uint8)
    return train_classifier(images[:150], labels[:150], ["dark", "light"], settings, 1), images, labels


@pytest.fixture(scope="module")
def extractor():
    return dark_and_light(8)


def project(extractor, experiment, *overrides):
    """Leave, in the current directory, what the stages before leave: features of 150 training and 120 test images."""
    small = [
        "dataset=digits",
        "extractor.beside=null",
        "evaluate.samples=100",
        "evaluate.kid_subset_size=50",
        *overrides,
    ]
    params = compose_params(experiment, small, CONF)
    network, images, labels = extractor
    prepared, folder = paths.prepared(params), paths.extractor(params)
    prepared.mkdir(parents=True)
    network.save(folder)
    write_json(prepared / "dataset.json", {"classes": ["dark", "light"]})
    for split, part in (("train", slice(150)), ("test", slice(150, None))):
        np.save(prepared / f"{split}_images.npy", images[part])
        np.save(prepared / f"{split}_labels.npy", labels[part])
        write_arrays(folder / f"{split}_features.npz", network.extract(images[part])._asdict())
    return params


def test_what_people_said_of_these_images_arrives_and_of_others_alone_is_told(extractor, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    params = project(extractor, "gan-mnist", "prepare.size=8", "evaluate.metrics=[kid,hype_infinity]")
    models.save(models.build(params.train, (8, 8, 1), params.seed), paths.GAN)
    store = Store(paths.JUDGEMENTS)
    for answer in judged("A", 4, 1):
        store.record(answer)
    evaluate.run(params, Recorder())
    told = "judgements.db holds 9 answers, and none of them is of the images drawn here"
    (notice,) = json.loads(Path("reports/evaluate/protocol.json").read_text())["kid"]["notices"]
    assert notice.startswith(told) and f"evaluate: {told}" in capsys.readouterr().out
    mine = digest(read_arrays(Path("reports/evaluate/features.npz"))["images"])
    for answer in judged("B", 30, 6, subject=mine, session="mine") + judged("C", 10, 4, subject=mine, session="mine"):
        store.record(answer)
    recorder = Recorder()
    evaluate.run(params, recorder)  # the tracker is told, and so MLflow has them
    values = json.loads(Path("reports/evaluate/metrics.json").read_text())
    assert values == recorder.values and values["hype_infinity"] == 0.25
    assert 0.1 < values["hype_infinity_low"] < 0.25 < values["hype_infinity_high"] < 0.6
    assert (values["hype_infinity_judges"], values["hype_infinity_answers"]) == (2, 40)
    protocol = json.loads(Path("reports/evaluate/protocol.json").read_text())
    assert protocol["hype_infinity"]["better"] and not protocol["kid"]["notices"]


def test_the_stage(extractor, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    metrics = "evaluate.metrics=[default,class_histogram,diversity]"
    params = project(extractor, "gan-mnist", "prepare.size=8", metrics)
    models.save(models.build(params.train, (8, 8, 1), params.seed), paths.GAN)
    recorder = Recorder()
    evaluate.run(params, recorder)
    assert recorder.told_data
    kept = read_arrays(Path("reports/evaluate/features.npz"))
    assert {name: (array.dtype.name, array.shape) for name, array in kept.items()} == {
        "latents": ("float32", (100, 50)),
        "images": ("uint8", (100, 8, 8, 1)),
        "features": ("float32", (100, 64)),
        "probabilities": ("float32", (100, 2)),
    }
    values = json.loads(Path("reports/evaluate/metrics.json").read_text())
    assert values == recorder.values
    assert {
        "frechet_classifier",
        "kid",
        "kid_stderr",
        "inception_score",
        "precision",
        "recall",
        "class_entropy",
    } <= set(values)
    assert "condition_accuracy" not in values
    assert values["frechet_classifier"] > 2 * values["floor_frechet_classifier"]  # the generator is untrained
    assert values["floor_class_entropy"] > 0.99 and values["floor_classes_seen"] == 2
    protocol = json.loads(Path("reports/evaluate/protocol.json").read_text())
    assert protocol["frechet_classifier"]["extractor_weights_sha256"] == sha256(paths.extractor(params) / "weights.npz")
    assert (
        protocol["frechet_classifier"]["notices"] == []
        and protocol["frechet_classifier"]["n_fake"] == protocol["floor_frechet_classifier"]["n_floor"] == 100
    )
    assert (protocol["frechet_classifier"]["group"], protocol["frechet_classifier"]["better"]) == ("quality", "lower")
    assert {name for name, entry in protocol.items() if "left_out" not in entry} == set(values)
    assert protocol["ms_ssim"]["left_out"].startswith("MS-SSIM: ")  # images of 8 x 8
    assert recorder.artifacts == [("metrics.json", "evaluate", True), ("protocol.json", "evaluate", True)]
    printed = capsys.readouterr().out
    assert "instead of" not in printed and "diversity is left out: MS-SSIM" in printed

    first = {path.name: sha256(path) for path in paths.EVALUATE.iterdir()}
    evaluate.run(params, Recorder())
    assert {path.name: sha256(path) for path in paths.EVALUATE.iterdir()} == first


def test_classes_that_a_model_learned_are_asked_for_and_its_own_figures_join(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = project(dark_and_light(28), "acgan-fashion-mnist")
    models.save(models.build(params.train, (28, 28, 1), params.seed, classes=2), paths.GAN)
    evaluate.run(params, Recorder())
    values, protocol = (json.loads((paths.EVALUATE / f"{name}.json").read_text()) for name in ("metrics", "protocol"))
    kept = read_arrays(paths.EVALUATE / "features.npz")
    assert kept["labels"].dtype == np.int32 and set(kept["labels"]) == {0, 1}
    as_asked = kept["probabilities"].argmax(1) == kept["labels"]
    assert values["condition_accuracy"] == as_asked.mean() and values["floor_condition_accuracy"] > 0.95
    assert 0 <= values["test_accuracy"] <= 1 and "floor_test_accuracy" not in values
    assert (protocol["test_accuracy"]["n_real"], protocol["test_accuracy"]["split"]) == (120, "test")
    assert protocol["test_accuracy"]["how_to_read"] and protocol["test_accuracy"]["group"] == "own"


def test_what_is_doubted_of_the_extractor_stands_in_every_protocol(extractor, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    params = project(extractor, "gan-mnist", "prepare.size=8", "evaluate.metrics=[kid,precision_recall]")
    extractor[0].save(paths.extractor(params), doubts=["the extractor knows little of these images"])
    models.save(models.build(params.train, (8, 8, 1), params.seed), paths.GAN)
    evaluate.run(params, Recorder())
    protocol = json.loads((paths.EVALUATE / "protocol.json").read_text())
    assert {"kid", "precision", "coverage"} <= set(protocol)
    assert all(entry["notices"] == ["the extractor knows little of these images"] for entry in protocol.values())
    assert "evaluate: the extractor knows little of these images" in capsys.readouterr().out


def test_which_generators_can_be_asked_for_the_datas_classes(extractor):
    def asked(experiment, classes=10):
        model = models.build(compose_params(experiment, [], CONF).train, (28, 28, 1), 1, 10)
        return "labels" in judging.able(makers.of(model), ["?"] * classes, extractor[0])

    assert asked("cgan-mnist") and not asked("cgan-mnist", classes=9)
    assert not asked("gan-mnist") and not asked("infogan-mnist")  # InfoGAN's codes are no classes


def test_nothing_measurable_is_an_error(extractor, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = project(extractor, "gan-mnist", "prepare.size=8", "evaluate.metrics=[frechet]")
    model = models.build(params.train, (8, 8, 1), params.seed)
    models.save(model, paths.GAN)
    monkeypatch.setattr(judging.suite, "chosen", lambda names: [broken])
    broken = dataclasses.replace(suite.measures()["frechet"], compute=lambda case: {"{frechet}": float("inf")})
    with pytest.raises(UserError, match="nothing could be measured(.|\\n)*frechet: gave frechet_classifier = inf"):
        evaluate.run(params, Recorder())
    assert not (paths.EVALUATE / "metrics.json").exists()
