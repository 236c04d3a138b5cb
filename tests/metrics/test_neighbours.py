import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.evaluation import measures as suite
from ganline.metrics import geometry_score, precision_recall
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


def test_shares_have_binomial_errors_of_four_images_more():
    values = precision_recall.MEASURE.compute(CASE)
    for name in ("precision", "recall", "coverage"):
        share = values[name]
        assert 0 < share < 1
        near = (100 * share + 2) / 104  # Agresti and Coull 1998
        assert values[f"{name}_stderr"] == pytest.approx((near * (1 - near) / 104) ** 0.5)
