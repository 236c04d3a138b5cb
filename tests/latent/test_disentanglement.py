import numpy as np
import pytest
from toy_generator import DIM, Toy, rotation

from ganline.latent.attributes import measurements
from ganline.latent.disentanglement import dci, mutual_information_gap, separated_attribute_predictability


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(8).standard_normal((1500, DIM))


def test_axes_score_high_and_rotated_axes_low(codes):
    straight, turned = codes[:, :3], codes @ rotation().T
    for score in (mutual_information_gap, separated_attribute_predictability):
        assert score(codes, straight) > 0.8 and score(codes, turned) < 0.25
    good, bad = dci(codes, straight, 0), dci(codes, turned, 0)
    assert good.disentanglement > 0.9 and good.completeness > 0.9 and good.informativeness > 0.95
    assert bad.disentanglement < 0.5 and bad.completeness < 0.5


def test_nothing_to_be_told_scores_nothing(codes):
    noise = np.random.default_rng(9).standard_normal((1500, 3))
    assert mutual_information_gap(codes, noise) < 0.02
    assert separated_attribute_predictability(codes, noise) < 0.01
    assert dci(codes, noise, 0).informativeness < 0.02


def test_measured_factors_of_a_generator_whose_coordinates_are_its_factors(codes):
    latents = codes.astype(np.float32)

    def factors(images):
        found = measurements(images)
        return np.stack([found[name] for name in ("slant", "area")], axis=1)

    straight = mutual_information_gap(codes, factors(Toy().images(latents)))
    turned = mutual_information_gap(codes, factors(Toy(rotation()).images(latents)))
    assert straight > 0.35 > 0.15 > turned


def test_refusals(codes):
    with pytest.raises(ValueError, match=r"found \(1500, 12\) and \(3, 2\)"):
        dci(codes, np.zeros((3, 2)), 0)
    with pytest.raises(ValueError, match="must vary"):
        mutual_information_gap(codes, np.ones((1500, 2)))
    with pytest.raises(ValueError, match="one number cannot be entangled"):
        separated_attribute_predictability(codes[:, :1], codes[:, 1:2])
