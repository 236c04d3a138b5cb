import json
from pathlib import Path

import numpy as np
import pytest

from ganline import models
from ganline.catalogue import compose_params
from ganline.errors import UserError
from ganline.files import read_arrays, sha256, write_arrays
from ganline.metrics import extractors
from stages import evaluate, paths

CONF = Path(__file__).parents[2] / "conf"
NAMES = {
    "fid",
    "fid_mean",
    "fid_cov",
    "kid",
    "kid_stderr",
    "inception_score",
    "inception_score_std",
    "precision",
    "recall",
}


CLASS_NAMES = {"class_entropy", "classes_seen"}


class Recorder:
    """Takes the place of the tracker, which would start its own server."""

    def __init__(self):
        self.values, self.artifacts = {}, []

    def metrics(self, values):
        self.values = self.values | values

    def artifact(self, path, folder=""):
        self.artifacts.append((path.name, folder, path.exists()))


def settings(**changes):
    return compose_params("gan-mnist", ["dataset=digits"], CONF).evaluate.model_copy(update=changes)


def sets(fake_shift=0.0, n=200, d=6):
    """Fakes, floor and reference from one distribution; the fakes shifted."""
    random = np.random.default_rng(0)
    shift = [fake_shift, 0.0, 0.0]
    return [
        {
            "features": random.normal(size=(n, d)) + s,
            "probabilities": random.dirichlet(np.full(4, 0.1), n),
            "labels": np.zeros(n, np.int32),
        }
        for s in shift
    ]


def plan_of(n, **changes):
    return evaluate.make_plan(settings(**changes), n, n, seed=1)


def test_plan_is_the_parameters_where_there_are_images_enough():
    plan = evaluate.make_plan(settings(), 60_000, 10_000, seed=1)
    assert (plan.count, plan.kid_subset_size, plan.inception_splits, plan.notices) == (10_000, 1000, 10, {})


def test_plan_shrinks_to_the_smaller_split_and_says_so():
    plan = evaluate.make_plan(settings(), 1438, 359, seed=1)
    assert (plan.count, plan.kid_subset_size, plan.inception_splits) == (359, 179, 10)
    assert "359 images instead of evaluate.samples = 10000" in plan.notices["count"]
    assert "179 images instead of 1000" in plan.notices["kid"]
    assert evaluate.make_plan(settings(), 30, 359, seed=1).count == 30
    tiny = evaluate.make_plan(settings(), 1438, 25, seed=1)
    assert tiny.inception_splits == 2 and "2 Inception Score splits instead of 10" in tiny.notices["inception_score"]


def test_plan_refuses_too_few_images():
    with pytest.raises(UserError, match="1438 training and 3 test images: evaluate.neighbours = 3 needs more than 3"):
        evaluate.make_plan(settings(), 1438, 3, seed=1)


def test_metrics_and_protocol_have_the_same_names():
    plan, metrics = plan_of(200), (*evaluate.METRICS, evaluate.CLASS_HISTOGRAM, evaluate.CONDITION)
    values = evaluate.compute(*sets(fake_shift=2.0), plan, metrics)
    names = NAMES | CLASS_NAMES | {"condition_accuracy"}
    assert set(values) == names | {f"floor_{name}" for name in names}
    facts = {"kind": "classifier", "weights_sha256": "ab", "feature_dim": 6, "resize": "none"}
    entries = evaluate.protocol(facts, plan, metrics, conditions=4)
    assert set(entries) == set(values)
    assert "one of 4" in entries["fid"]["asked_for"] and "asked_for" not in entries["floor_fid"]
    assert entries["kid"]["n_fake"] == entries["kid"]["n_real"] == entries["floor_kid"]["n_floor"] == 200
    assert entries["kid"]["subset_size"] == 100 and entries["recall"]["neighbours"] == 3
    assert "reference" not in entries["inception_score"]
    assert all(entry["how_to_read"] and entry["notices"] for entry in entries.values())


def test_shifted_fakes_are_worse_than_the_floor():
    values = evaluate.compute(*sets(fake_shift=2.0), plan_of(200), evaluate.METRICS)
    assert values["fid_mean"] == pytest.approx(6 * 2.0**2, rel=0.3)
    assert values["fid"] > 50 * values["floor_fid"]
    assert values["kid"] > 1 > abs(values["floor_kid"])
    assert values["precision"] < 0.3 < values["floor_precision"]


def test_collapse_shows_in_the_classes():
    fakes, floor, real = sets()
    fakes["probabilities"] = np.eye(4)[[0, 1] * 100]
    values = evaluate.compute(fakes, floor, real, plan_of(200), (evaluate.CLASS_HISTOGRAM, evaluate.CONDITION))
    assert (values["class_entropy"], values["classes_seen"], values["floor_classes_seen"]) == (1.0, 2, 4)
    assert values["floor_class_entropy"] > 1.9 and values["condition_accuracy"] == 0.5


def dark_and_light(size):
    """Return a classifier of dark and light images, 270 of these and their labels."""
    settings = compose_params("gan-mnist", ["extractor.epochs=1", "extractor.batch_size=16"], CONF).extractor
    random = np.random.default_rng(0)
    labels = np.arange(270, dtype=np.int32) % 2
    images = (random.integers(0, 100, (270, size, size, 1)) + 100 * labels[:, None, None, None]).astype(np.uint8)
    return extractors.train_classifier(images[:150], labels[:150], ["dark", "light"], settings, 1), images, labels


@pytest.fixture(scope="module")
def extractor():
    return dark_and_light(8)


def project(extractor, experiment, *overrides):
    """Leave, in the current directory, what the stages before leave: features of 150 training and 120 test images."""
    small = ["dataset=digits", "evaluate.samples=100", "evaluate.kid_subset_size=50", *overrides]
    params = compose_params(experiment, small, CONF)
    network, images, labels = extractor
    prepared, folder = paths.prepared(params), paths.extractor(params)
    prepared.mkdir(parents=True)
    network.save(folder)
    for split, part in (("train", slice(150)), ("test", slice(150, None))):
        np.save(prepared / f"{split}_images.npy", images[part])
        np.save(prepared / f"{split}_labels.npy", labels[part])
        write_arrays(folder / f"{split}_features.npz", network.extract(images[part])._asdict())
    return params


def test_the_stage(extractor, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    params = project(extractor, "gan-mnist", "prepare.size=8")
    models.save(models.build(params.train, (8, 8, 1), params.seed), paths.GAN)
    recorder = Recorder()
    evaluate.run(params, recorder)
    kept = read_arrays(Path("reports/evaluate/features.npz"))
    assert {name: (array.dtype.name, array.shape) for name, array in kept.items()} == {
        "latents": ("float32", (100, 50)),
        "images": ("uint8", (100, 8, 8, 1)),
        "features": ("float32", (100, 64)),
        "probabilities": ("float32", (100, 2)),
    }
    values = json.loads(Path("reports/evaluate/metrics.json").read_text())
    names = NAMES | CLASS_NAMES
    assert values == recorder.values and set(values) == names | {f"floor_{name}" for name in names}
    assert values["fid"] > 2 * values["floor_fid"]  # the generator is untrained
    assert values["floor_class_entropy"] > 0.99 and values["floor_classes_seen"] == 2
    protocol = json.loads(Path("reports/evaluate/protocol.json").read_text())
    assert protocol["fid"]["extractor_weights_sha256"] == sha256(paths.extractor(params) / "weights.npz")
    assert protocol["fid"]["notices"] == []
    assert recorder.artifacts == [("metrics.json", "evaluate", True), ("protocol.json", "evaluate", True)]
    assert "instead of" not in capsys.readouterr().out

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
    assert protocol["test_accuracy"]["how_to_read"] and set(protocol) == set(values)


def test_which_metrics_look_at_classes():
    def names(experiment, kind="classifier", classes=10):
        model = models.build(compose_params(experiment, [], CONF).train, (28, 28, 1), 1, 10)
        found = evaluate.of_classes({"kind": kind, "classes": ["c"] * classes}, model)
        return {name for metric in found for name in metric.reading}

    assert names("cgan-mnist") == CLASS_NAMES | {"condition_accuracy"}
    assert names("cgan-mnist", classes=9) == names("gan-mnist") == CLASS_NAMES
    assert names("infogan-mnist") == CLASS_NAMES  # its codes are no classes
    assert names("cgan-mnist", kind="rotation") == set()


def test_figures_that_are_not_finite_are_refused(extractor, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = project(extractor, "gan-mnist", "prepare.size=8")
    models.save(models.build(params.train, (8, 8, 1), params.seed), paths.GAN)
    broken = evaluate.Metric(lambda *_: {"odd": float("inf")}, lambda plan: {}, {"odd": ""})
    monkeypatch.setattr(evaluate, "METRICS", (broken,))
    with pytest.raises(UserError, match="odd = inf, floor_odd = inf"):
        evaluate.run(params, Recorder())
    assert not (paths.EVALUATE / "metrics.json").exists()
