"""The parts of the study that ask a generator with w, on a small untrained StyleGAN."""

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.abilities import lacking
from ganline.extractors.network import Extractor
from ganline.metrics.record import Sample
from ganline.models import makers
from ganline.models.facts import model_facts
from ganline.studies.latent import chance, mixing, truncation, w_directions, w_paths
from ganline.studies.latent.base import Space
from ganline.studies.latent.w_space import Styles
from tests.fitting import fitting

SIDE = 16


def pixels(shape):
    """An extractor whose features are the pixels."""
    images = tf.keras.Input(shape)
    features = tf.keras.layers.Flatten()(images)
    network = tf.keras.Model(images, [features, features, images])
    return Extractor(network, {"kind": "rotation", "classes": [], "image_shape": shape})


@pytest.fixture(scope="module")
def space():
    small = [f"prepare.size={SIDE}", "latent.samples=100", "latent.directions=2", "train.generator_average=0"]
    params = compose_params("stylegan-emoji", fitting("stylegan-emoji", small))
    model = models.build(params.train, (SIDE, SIDE, 3), 1)
    model.mapping.get_layer("mean").move(model.styles(model.noise(500, "mean", tf.constant(0))), 0.0)
    of = Space(makers.Sampler(model), model, pixels(model.image_shape), None, None, [], params)
    held_out = Sample(of.samples.images[:30], of.samples.features[:30], np.zeros((30, 0)))
    return Space(of.generator, model, of.extractor, held_out, held_out, [], params)


@pytest.fixture(scope="module")
def styles(space):
    return Styles(space)


def test_models_without_w_are_not_asked():
    has = model_facts()["dcgan.Workshop"]["abilities"]
    assert all(lacking(part.NEEDS, has) for part in (mixing, chance, w_directions, w_paths))


def test_w_draws_what_the_latents_draw_and_each_layer_can_have_its_own(space, styles):
    latents, other = space.samples.latents[:3], space.samples.latents[3:6]
    w, second = styles.of(latents), styles.of(other)
    np.testing.assert_array_equal(styles.images(w), space.generator.images(latents))
    every = np.ones(len(styles.sides), bool)
    np.testing.assert_array_equal(styles.images(mixing.mixed(w, second, every)), styles.images(second))
    assert [(band.name, band.sizes, band.layers.sum()) for band in styles.bands] == [
        ("coarse", "4-8", 4), ("middle", "16", 2),
    ]  # fmt: skip
    for band in styles.bands:
        assert (styles.images(mixing.mixed(w, second, band.layers)) != styles.images(w)).any()


def test_grids_of_mixed_styles_say_how_much_each_band_decides(space):
    finding = mixing.find(space)
    assert set(finding.figures) == {"coarse", "middle"} == {name.split("_")[0] for name in finding.numbers}
    assert all(0 < number.value < 3 for number in finding.numbers.values())
    assert "coarse layers (4-8 pixels)" in finding.words[0]


def test_noise_decides_nothing_at_first_and_what_it_has_learned_then(space):
    layers = [layer for layer in space.model.synthesis.layers if hasattr(layer, "strength")]
    assert chance.find(space).numbers["noise_levels"].value == 0
    try:
        layers[-1].strength.assign(0.5 * tf.ones_like(layers[-1].strength))  # of the largest maps alone
        finding = chance.find(space)
    finally:
        layers[-1].strength.assign(tf.zeros_like(layers[-1].strength))
    assert finding.numbers["noise_levels"].value > 0 and set(finding.figures) == {"layers", "draws"}
    (table,) = finding.tables
    assert [row[0] for row in table.rows] == ["4 px", "8 px", "16 px"]
    assert [float(row[1]) > 0 for row in table.rows] == [False, False, True]


def test_paths_are_measured_in_both_spaces_by_the_same_eye(space, styles):
    numbers = w_paths.find(space).numbers
    assert all(number.value > 0 and "extractor" in number.reading for number in numbers.values())
    # Where w is z times a matrix and images are linear in w, a straight path has its length squared.
    w = np.random.default_rng(0).standard_normal((100, 4))

    class Linear:
        def unrounded(self, w):
            return w[:, None, None, :1] * np.ones((1, 2, 2, 1))

    step = np.zeros((100, 4))
    step[:, 0] = w_paths.EPSILON * 3
    length = w_paths._length(Linear(), lambda a, b: ((a - b) ** 2).sum((1, 2, 3)), w, w + step)
    assert length == pytest.approx(4 * 3**2)


def test_directions_of_w_are_units_that_the_styles_stretch_most(space, styles):
    finding = w_directions.find(space)
    sefa, ganspace = (finding.latents[name] for name in ("sefa", "ganspace"))
    assert sefa.kind == ganspace.kind == "direction of w"
    kernel = np.concatenate(styles.kernels, axis=1)
    kernel /= np.linalg.norm(kernel, axis=0)
    stretched = np.linalg.norm(sefa.values @ kernel, axis=1)
    assert stretched[0] == pytest.approx(np.linalg.svd(kernel)[1][0], rel=1e-3) and stretched[0] > stretched[1]
    w = styles.of(space.samples.latents)
    varied = np.linalg.svd(w - w.mean(axis=0))[2][0]
    assert abs(ganspace.values[0] @ varied) == pytest.approx(1, abs=1e-3)
    assert set(finding.figures) == {"sefa", "ganspace"}


def test_truncation_moves_w_towards_its_mean(space, styles):
    w = styles.of(space.samples.latents[:4])
    all_alike = styles.images(styles.truncated(w, 0.0))
    np.testing.assert_array_equal(all_alike, np.repeat(styles.images(styles.mean[None]), 4, axis=0))
    np.testing.assert_allclose(styles.truncated(w, 1.0), w, atol=1e-6)
    finding = truncation.find(space)
    assert "mean of w" in finding.figures["samples"].title
    assert "half-way to its mean" in finding.numbers["recall_loss"].reading
