import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from ganline.catalogue.presets import compose_params
from ganline.evaluation import measures as suite
from ganline.metrics import distances, geometry_score, precision_recall
from ganline.metrics.record import Case, Sample

SETTINGS = compose_params("gan-mnist", []).evaluate


def images_of(count, seed):
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(4, 0.1), count).astype(np.float32)
    features = random.normal(size=(count, 6)).astype(np.float32)
    return Sample(np.zeros((count, 4, 4, 1), np.uint8), features, probabilities, random.integers(0, 4, count))


CASE = Case(images_of(100, 0), images_of(100, 1), images_of(300, 2), SETTINGS, seed=1)


MEASURES = suite.chosen(
    ["precision_recall", "c2st_nn", "c2st_linear", "birthday_paradox", "memorisation", "mifrechet", "image_retrieval",
     "retrieval_precision", "geometry_score", "mind", "vendi_score", "auth_pct", "ct_score", "realism_score",
     "feature_likelihood_divergence"]
)  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_each_measure_gives_just_its_numbers_every_time(measure, monkeypatch):
    monkeypatch.setattr(geometry_score, "LANDMARK_SETS", 5)
    values = measure.compute(CASE)
    assert set(values) == set(measure.numbers)
    assert np.isfinite(list(values.values())).all()
    assert measure.compute(CASE) == values
    assert all(isinstance(value, (str, int, float)) for value in measure.protocol(CASE).values())


@pytest.mark.parametrize("name", ["mind", "vendi_score", "auth_pct", "ct_score", "realism_score"])
def test_no_number_hangs_on_how_many_threads_there_are(name, monkeypatch):
    monkeypatch.setattr(distances, "REMEMBERED", 0)
    monkeypatch.setattr(distances.os, "cpu_count", lambda: 8)
    monkeypatch.setattr(distances, "TILE", 64)
    monkeypatch.setattr(distances, "FEWEST_ROWS", 16)
    case = Case(images_of(150, 10), images_of(150, 11), images_of(400, 12), SETTINGS, seed=1)
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(distances, "MOST_THREADS", threads)
        with threadpool_limits(threads):
            values = suite.measure(name).compute(case)
        found.append({name: f"{value:.9g}" for name, value in values.items()})
    assert found[0] == found[1]


def test_shares_have_binomial_errors_of_four_images_more():
    values = precision_recall.MEASURE.compute(CASE)
    for name in ("precision", "recall", "coverage"):
        share = values[name]
        assert 0 < share < 1
        near = (100 * share + 2) / 104  # Agresti and Coull 1998
        assert values[f"{name}_stderr"] == pytest.approx((near * (1 - near) / 104) ** 0.5)
