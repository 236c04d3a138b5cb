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


class Recorder:
    """Takes the place of the tracker, which would start its own server."""

    def __init__(self):
        self.values, self.artifacts = {}, []

    def metrics(self, values, step=0):
        self.values |= values

    def artifact(self, path, folder=""):
        self.artifacts.append((path.name, folder, path.exists()))


def settings(**changes):
    return compose_params("gan-mnist", ["dataset=digits"], CONF).evaluate.model_copy(update=changes)


def sets(fake_shift=0.0, n=200, d=6):
    """Fakes, floor and reference from one distribution; the fakes shifted."""
    random = np.random.default_rng(0)
    shift = [fake_shift, 0.0, 0.0]
    return [
        {"features": random.normal(size=(n, d)) + s, "probabilities": random.dirichlet(np.full(4, 0.1), n)}
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
    plan = plan_of(200)
    values = evaluate.compute(*sets(fake_shift=2.0), plan)
    assert set(values) == NAMES | {f"floor_{name}" for name in NAMES}
    facts = {"kind": "classifier", "weights_sha256": "ab", "feature_dim": 6, "resize": "none"}
    entries = evaluate.protocol(facts, plan)
    assert set(entries) == set(values)
    assert entries["kid"]["n_fake"] == entries["kid"]["n_real"] == entries["floor_kid"]["n_floor"] == 200
    assert entries["kid"]["subset_size"] == 100 and entries["recall"]["neighbours"] == 3
    assert "reference" not in entries["inception_score"]
    assert all(entry["how_to_read"] and entry["notices"] for entry in entries.values())


def test_shifted_fakes_are_worse_than_the_floor():
    values = evaluate.compute(*sets(fake_shift=2.0), plan_of(200))
    assert values["fid_mean"] == pytest.approx(6 * 2.0**2, rel=0.3)
    assert values["fid"] > 50 * values["floor_fid"]
    assert values["kid"] > 1 > abs(values["floor_kid"])
    assert values["precision"] < 0.3 < values["floor_precision"]


def test_numbers_that_are_not_finite_are_refused(monkeypatch):
    broken = evaluate.Metric(lambda *_: {"odd": float("inf")}, lambda plan: {}, {"odd": ""})
    monkeypatch.setattr(evaluate, "METRICS", (broken,))
    with pytest.raises(UserError, match="odd = inf, floor_odd = inf"):
        evaluate.compute(*sets(), plan_of(200))


@pytest.fixture
def params(tmp_path, monkeypatch):
    """An untrained generator and an extractor of 8 x 8 images, and features of 150 training and 120 test images."""
    monkeypatch.chdir(tmp_path)
    overrides = ["dataset=digits", "prepare.size=8", "extractor.epochs=1", "evaluate.samples=100"]
    params = compose_params("gan-mnist", [*overrides, "evaluate.kid_subset_size=50"], CONF)
    random = np.random.default_rng(0)
    labels = np.arange(270, dtype=np.int32) % 2
    images = (random.integers(0, 100, (270, 8, 8, 1)) + 100 * labels[:, None, None, None]).astype(np.uint8)
    extractor = extractors.train_classifier(images[:150], labels[:150], ["dark", "light"], params.extractor, 1)
    folder = paths.extractor(params)
    extractor.save(folder)
    write_arrays(folder / "train_features.npz", extractor.extract(images[:150])._asdict())
    write_arrays(folder / "test_features.npz", extractor.extract(images[150:])._asdict())
    models.save(models.build(params.train, (8, 8, 1), params.seed), paths.GAN)
    return params


def test_the_stage(params, capsys):
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
    assert values == recorder.values and set(values) == NAMES | {f"floor_{name}" for name in NAMES}
    assert values["fid"] > 2 * values["floor_fid"]  # the generator is untrained
    protocol = json.loads(Path("reports/evaluate/protocol.json").read_text())
    assert protocol["fid"]["extractor_weights_sha256"] == sha256(paths.extractor(params) / "weights.npz")
    assert protocol["fid"]["notices"] == []
    assert recorder.artifacts == [("metrics.json", "evaluate", True), ("protocol.json", "evaluate", True)]
    assert "instead of" not in capsys.readouterr().out

    first = {path.name: sha256(path) for path in paths.EVALUATE.iterdir()}
    evaluate.run(params, Recorder())
    assert {path.name: sha256(path) for path in paths.EVALUATE.iterdir()} == first
