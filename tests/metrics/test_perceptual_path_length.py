import copy
import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import ndtr

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.evaluation import measures as suite
from ganline.latent.paths import slerp
from ganline.metrics.perceptual_path_length import arc, perceptual_path_length
from ganline.metrics.record import Case
from ganline.models import makers

MATRIX = np.random.default_rng(0).normal(size=(6, 16)).astype(np.float32)


def generate(latents, labels):
    return (latents @ MATRIX + labels[:, None]).astype(np.float32).reshape(-1, 4, 4, 1)


def flat(images):
    return images.reshape(len(images), -1)


def paths(count, epsilon, seed=1):
    """Return points `epsilon` apart on straight lines, and the lines."""
    random = np.random.default_rng(seed)
    here, direction = random.normal(size=(2, count, 6))
    return here, here + epsilon * direction, direction


def test_of_a_linear_generator_is_the_squared_length_of_what_the_path_becomes():
    here, there, direction = paths(600, 1e-2)
    found = perceptual_path_length(generate, flat, here, there, np.zeros(600, int), 1e-2)
    lengths = np.sort(np.sum((direction @ MATRIX) ** 2, axis=1))[5:-5]  # the first 599 / 100 lie below, and above
    assert found.mean == pytest.approx(lengths.mean(), rel=1e-3)
    assert found.standard_error == pytest.approx(lengths.std(ddof=1) / np.sqrt(len(lengths)), rel=1e-2)


def test_does_not_depend_on_epsilon_but_rounding_makes_nonsense_of_it():
    def length(epsilon, made):
        here, there, _ = paths(200, epsilon)
        return perceptual_path_length(made, flat, here, there, np.zeros(200, int), epsilon).mean

    def rounded(latents, labels):
        return np.round(generate(latents, labels))

    assert length(1e-3, generate) == pytest.approx(length(1e-2, generate), rel=1e-2)
    assert length(1e-3, rounded) > 50 * length(1e-3, generate)


def test_both_ends_have_one_label_and_a_constant_generator_has_no_length():
    here, there, _ = paths(300, 1e-2)
    labels = np.arange(300) % 10
    found = perceptual_path_length(generate, flat, here, there, labels, 1e-2)
    assert found.mean == pytest.approx(
        perceptual_path_length(generate, flat, here, there, 0 * labels, 1e-2).mean, rel=1e-3
    )
    constant = perceptual_path_length(lambda z, _: np.ones((len(z), 2, 2, 1)), flat, here, there, labels, 1e-2)
    assert constant == (0.0, 0.0)


def test_jumps_make_it_longer():
    here, there, _ = paths(2000, 0.1)
    labels = np.zeros(2000, int)

    def jumping(latents, labels):
        return generate(latents, labels) + 20 * (latents[:, :1] > 0)[..., None, None]

    smooth, rough = (perceptual_path_length(made, flat, here, there, labels, 0.1).mean for made in (generate, jumping))
    assert rough > 2 * smooth


def test_arcs_are_those_of_the_latent_paths():
    starts, ends = np.random.default_rng(0).normal(size=(2, 5, 20))
    positions = np.array([0.0, 0.2, 0.5, 0.9, 1.0])
    expected = [slerp(*each) for each in zip(starts, ends, positions, strict=True)]
    np.testing.assert_allclose(arc(starts, ends, positions), expected, rtol=1e-9)
    assert np.isfinite(arc(starts[:, :1], ends[:, :1], positions)).all()


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"epsilon": 0.0}, "epsilon is 0.0: it must be above 0"),
        ({"here": np.zeros((20, 5))}, "5 and 6 dimensions"),
        ({"here": np.zeros((19, 6))}, "19 and 20 latents are no pairs"),
        ({"labels": np.zeros(19, int)}, "must be 20 integers"),
        ({"generate": lambda z, _: np.zeros((len(z), 2, 2, 1), np.uint8)}, "never rounded, got uint8"),
        ({"features": lambda images: np.full((len(images), 2), np.nan)}, "40 NaN or infinite"),
    ],
)
def test_refusals(changes, message):
    here, there, _ = paths(20, 1e-2)
    given = {"generate": generate, "features": flat, "labels": np.zeros(20, int), "epsilon": 1e-2}
    with pytest.raises(ValueError, match=f"perceptual path length: .*{message}"):
        perceptual_path_length(**(given | {"here": here, "there": there} | changes))


@pytest.fixture(scope="module", params=["normal", "uniform"])
def case(request, digits):
    params = compose_params(
        "gan-mnist", [f"train.noise={request.param}", "evaluate.samples=200", "evaluate.kid_subset_size=100"]
    )
    model = models.build(params.train, (28, 28, 1), seed=0)
    fakes = digits.train  # not looked at
    return Case(fakes, digits.real, digits.train, params.evaluate, 1, digits.extractor, makers.Sampler(model))


def test_the_measure_is_near_the_derivative(case):
    found = suite.measures()["perceptual_path_length"].compute(case)
    random = np.random.default_rng(5)
    starts, ends = random.standard_normal((2, 400, case.maker.latent_dim))
    positions = random.uniform(0, 1, 400)
    points = [arc(starts, ends, positions + step) for step in (-1e-4, 0, 1e-4)]
    if case.maker.prior == "uniform":
        points = [2 * ndtr(point) - 1 for point in points]
    low, high = case.maker._model.image_range
    with tf.autodiff.ForwardAccumulator(
        middle := tf.constant(points[1], tf.float32), tf.constant((points[2] - points[0]) / 2e-4, tf.float32)
    ) as accumulator:
        images = (case.maker._model.generate(middle, tf.zeros(400, tf.int32)) - low) * (255 / (high - low))
        features = case.extractor.network(images, training=False)[0]
    lengths = np.sort(np.sum(accumulator.jvp(features).numpy() ** 2, axis=1))[4:-4]
    spread = lengths.std() / np.sqrt(len(lengths)) + found["perceptual_path_length_stderr"]
    assert found["perceptual_path_length"] == pytest.approx(lengths.mean(), rel=0.05, abs=3 * spread)
    assert spread < 0.1 * lengths.mean()


def test_a_generator_that_jumps_is_left_out_with_its_reason(case):
    jumps = copy.copy(case.maker)
    jumps.unrounded = lambda z, y: 255 * tf.cast(z[:, :1, None, None] > 0, tf.float32) * tf.ones((1, 28, 28, 1))
    with pytest.raises(ValueError, match="no gradient: its images jump"):
        suite.measures()["perceptual_path_length"].compute(dataclasses.replace(case, maker=jumps))
