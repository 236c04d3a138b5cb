"""Dissection, steerability and what is missing, on generators made by hand whose answers are known."""

from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.keras import layers

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.figures import write_png
from ganline.extractors.network import Extractor
from ganline.latent.image_edits import EDITS
from ganline.latent.walks import operations
from ganline.metrics.record import Sample
from ganline.models import makers
from ganline.studies.finding import LeftOut
from ganline.studies.latent import dissection, missing, steerability
from ganline.studies.latent.base import Space

SIDE, DIM = 16, 8
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE].astype(np.float32)


class Hand:
    """A generator drawn by a function; stands in for a sampler, and its network for a model."""

    name, abilities = "toy.Hand", frozenset({"latents", "fast to draw"})
    latent_dim, prior, conditions, image_shape = DIM, "normal", 0, (SIDE, SIDE, 1)

    def __init__(self, draw, drawing=None):
        self.unrounded = lambda latents, labels: draw(latents)
        self.drawing = drawing
        self.image_range, self.settings = (0.0, 255.0), SimpleNamespace(model=self.name)

    def request(self, latents, labels):
        return latents

    def latents(self, count, seed, purpose):
        return np.random.default_rng([seed, len(purpose)]).standard_normal((count, DIM)).astype(np.float32)

    def labels(self, count, seed, purpose):
        return np.zeros(count, np.int32)

    def images(self, latents, labels=None):
        return np.clip(np.rint(self.unrounded(tf.constant(latents, tf.float32), None)), 0, 255).astype(np.uint8)

    def condition_names(self, classes):
        return []


class Said(NamedTuple):
    features: np.ndarray
    probabilities: np.ndarray


class Eye:
    """Features are the image shrunk; the classes, where it knows them, are left and right."""

    batch_size, abilities = 500, frozenset({"fast to look"})
    facts = {"kind": "rotation", "classes": []}

    def describe(self, images):
        features = (
            images.reshape(len(images), 4, SIDE // 4, 4, SIDE // 4, -1).mean(axis=(2, 4)).reshape(len(images), -1)
        )
        left = features.reshape(len(images), 4, 4, -1)[:, :, :2].sum(axis=(1, 2, 3)) > features.sum(axis=1) / 2
        return Said(features.astype(np.float32), np.stack([left, ~left], 1) * 1.0)


class Sided(Eye):
    abilities = Eye.abilities | {"classes"}
    facts = {"kind": "classifier", "classes": ["left", "right"]}


def sample(images, extractor):
    return Sample(images, *extractor.describe(images))


def make_space(generator, real=None, extractor=None, *overrides):
    extractor = extractor or Eye()
    params = compose_params("gan-mnist", ["dataset=digits", "latent.samples=400", *overrides])
    real = generator.images(generator.latents(700, 9, "real")) if real is None else real
    half = len(real) // 2
    parts = sample(real[:half], extractor), sample(real[half:], extractor)
    return Space(generator, generator, extractor, *parts, [], params)


def blob(x, y, wide=2.0, high=180.0):
    """Bright blobs at (x, y) off the middle, float32 (N, 16, 16, 1); tensors (N,) each."""
    x, y, wide, high = (tf.convert_to_tensor(each, tf.float32)[..., None, None] for each in (x, y, wide, high))
    middle = (SIDE - 1) / 2
    far = (COLUMNS - middle - x) ** 2 + (ROWS - middle - y) ** 2
    return (high * tf.exp(-far / (2 * wide**2)))[..., None]


# Dissection


def one_unit_a_concept():
    """A network whose hidden unit 3 of 16 draws brightness, 11 and 12 light a side; others draw faint noise."""
    hidden = layers.Dense(16)
    last = layers.Dense(SIDE * SIDE)
    network = tf.keras.Sequential([layers.Input((DIM,)), hidden, layers.ReLU(), last, layers.Reshape((SIDE, SIDE, 1))])
    random = np.random.default_rng(0)
    hidden.set_weights([random.normal(size=(DIM, 16)) / np.sqrt(DIM), np.ones(16)])
    drawn = 0.3 * random.normal(size=(16, SIDE, SIDE))
    drawn -= drawn.mean(axis=(1, 2), keepdims=True)
    drawn[3] += 25
    drawn[11] += 12 * np.sign(7.5 - COLUMNS)
    drawn[12] -= 12 * np.sign(7.5 - COLUMNS)
    last.set_weights([drawn.reshape(16, -1), np.full(SIDE * SIDE, 60.0)])
    return Hand(lambda latents: network(latents), network)


def test_the_unit_that_draws_a_concept_is_found_and_no_other():
    space = make_space(one_unit_a_concept())
    finding = dissection.find(space)
    rows = {row[0]: row for row in finding.tables[0].rows}
    assert rows["brightness"][1:3] == ["layer 1, 16 numbers", "3"] and rows["brightness"][-1] == "yes"
    assert all(row[2] != "3" for name, row in rows.items() if name != "brightness") and len(rows) > 1
    assert "brightness + (unit 3)" in finding.words[0]
    effects = {name: number.value for name, number in finding.numbers.items()}
    assert effects["causal_random"] < 0.15 and effects["effect"] > 3 * effects["effect_random"]
    assert set(finding.figures) == {"units", "effects"}


def test_a_slow_extractor_is_shown_few_images(monkeypatch):
    class Slow(Sided):
        abilities, shown = frozenset({"classes"}), 0

        def describe(self, images):
            self.shown += len(images)
            return super().describe(images)

    spaces = [make_space(one_unit_a_concept(), None, eye) for eye in (Sided(), Slow())]
    found = [dissection.find(space) for space in spaces]
    named = [{row[0] for row in finding.tables[0].rows} for finding in found]
    assert named[0] - named[1] == {"left", "right"} and "brightness" in named[1]
    assert "takes long to look" in found[1].words[-1]
    monkeypatch.setattr(steerability, "USUAL", replace(steerability.USUAL, steps=5))
    before = spaces[1].extractor.shown
    steerability.find(spaces[1])
    assert spaces[1].extractor.shown - before == 5 * 2 * 6 * 12 + steerability.USUAL.tested


def test_units_that_share_all_work_do_not_stand_out():
    generator = one_unit_a_concept()
    last = generator.drawing.layers[-2]
    last.set_weights([np.full((16, SIDE * SIDE), 1.0), np.full(SIDE * SIDE, 60.0)])
    finding = dissection.find(make_space(generator))
    assert {row[0]: row[-1] for row in finding.tables[0].rows}["brightness"] == "no"


def test_a_generator_that_cannot_be_cut_or_has_nothing_to_change_says_so():
    class Own(tf.keras.Model):
        def call(self, latents, training=False):
            return blob(latents[:, 0], latents[:, 1])

    own = Own()
    with pytest.raises(LeftOut, match="toy.Hand that draws cannot be cut in two: nowhere"):
        dissection.find(make_space(Hand(own, own)))
    other = one_unit_a_concept()
    other.unrounded = lambda latents, labels: 255 - other.drawing(latents)
    with pytest.raises(LeftOut, match="does not draw what the generator draws"):
        dissection.find(make_space(other))
    with pytest.raises(LeftOut, match="do not differ"):
        dissection.find(make_space(Hand(lambda latents: tf.zeros((len(latents), SIDE, SIDE, 1)), other.drawing)))


# Steerability


@pytest.fixture(scope="module")
def shifting():
    """It can shift, and brighten in part; it can neither zoom nor turn."""
    space = make_space(Hand(lambda z: blob(2.0 * z[:, 0], 2.0 * z[:, 1] + 0.0 * z[:, 2], 1.7)))
    return space, steerability.find(space)


def test_a_generator_that_can_shift_but_not_zoom(shifting):
    _, finding = shifting
    (table,) = finding.tables
    rows = {row[0]: row for row in table.rows}
    assert {name for name, row in rows.items() if row[4] == "yes"} == {"shift x", "shift y"}
    reached = {name: float(row[2].split(" %")[0]) for name, row in rows.items()}
    assert reached["shift x"] > 80 and reached["shift y"] > 80
    assert abs(reached["zoom"]) < 20 and abs(reached["brightness"]) < 20
    assert finding.numbers["steerable"].value == pytest.approx(2 / 5)
    walks = finding.latents["walks"]
    ways = dict(zip(walks.names, walks.values, strict=True))
    assert ways["shift x"][0] > 0.95 and ways["shift y"][1] > 0.95
    assert "steered to 2 of 5 edits" in finding.words[0] and "zoom" in finding.words[1]
    assert {"walks", "reached", "broken"} == set(finding.figures)


def test_walks_are_the_same_again_to_the_bit(shifting, tmp_path):
    space, finding = shifting
    again = steerability.find(space)
    np.testing.assert_array_equal(finding.latents["walks"].values, again.latents["walks"].values)
    assert {name: number.value for name, number in finding.numbers.items()} == {
        name: number.value for name, number in again.numbers.items()
    }
    for name, figure in finding.figures.items():
        np.testing.assert_array_equal(figure.image, again.figures[name].image)
        write_png(tmp_path / f"{name}.png", figure.image)


def test_images_that_break_along_a_walk_end_it(monkeypatch):
    """Real images have blobs near the middle; a walk soon leads to where none are."""
    wide = Hand(lambda z: blob(1.0 * z[:, 0], 1.0 * z[:, 1], 1.7))
    near = np.random.default_rng(0).normal(0, 0.5, (2, 700))
    real = np.rint(blob(*near.clip(-1, 1), 1.7)).astype(np.uint8)
    monkeypatch.setattr(steerability, "edits_of", lambda channels: (EDITS[0], EDITS[3]))
    monkeypatch.setattr(steerability, "RANDOM", 2)
    finding = steerability.find(make_space(Hand(lambda z: blob(tf.tanh(z[:, 0] / 3) * 3, 0.1 * z[:, 1], 1.7)), real))
    whole = {row[0]: row[-1] for row in finding.tables[0].rows}
    assert whole["shift x"] == "0" and int(whole["rotation"]) >= 1
    told = steerability.find(make_space(wide, real[:80])).words[-1]
    assert "40 held-out images are too few" in told
    noise = np.random.default_rng(0).integers(0, 256, (200, SIDE, SIDE, 1)).astype(np.uint8)
    assert "cannot be told" in steerability.find(make_space(wide, noise)).words[-1]


def test_without_a_gradient_nothing_can_be_learned():
    with pytest.raises(LeftOut, match="no gradient, so walks cannot be learned"):
        steerability.find(make_space(Hand(lambda z: tf.round(blob(z[:, 0], z[:, 1])) * 0 + 9.0)))


def test_generators_that_draw_slowly_are_asked_for_less_and_it_is_said(monkeypatch):
    drawn = []

    def counted(z):
        drawn.append(z.shape[0])
        return blob(z[:, 0], z[:, 1], 1.7)

    space = make_space(Hand(counted))
    many = operations(space.generator.unrounded, space.generator.latent_dim)
    monkeypatch.setattr(steerability, "MANY_OPERATIONS", many - 1)
    words = steerability.find(space).words
    assert steerability.LITTLE.pool in drawn and steerability.USUAL.pool not in drawn
    assert words[-1].startswith(f"Drawing an image takes {many / 1e9:.1f} billion operations")


def test_the_operations_of_a_dense_layer_and_of_a_convolution_are_counted(caplog):
    """A product of (1, 5) and (5, 32), with 32 sums, and 9 products and sums for each of 4 x 8 outputs of 3 maps."""
    kernel, picture = tf.ones((5, 32)), tf.ones((3, 3, 1, 3))
    maps = lambda z, label: tf.nn.conv2d(tf.reshape(z @ kernel + 1.0, (-1, 4, 8, 1)), picture, 1, "SAME")  # noqa: E731
    assert operations(maps, 5) == 2 * 5 * 32 + 32 + 2 * 9 * 32 * 3
    assert not caplog.records


# What is missing


def sides(z):
    """Half of the blobs left, half right."""
    return blob(tf.where(z[:, 0] > 0, 4.0, -4.0) + 0.3 * z[:, 1], z[:, 2], 1.7)


def only_right(z):
    return blob(4.0 + 0.3 * z[:, 1] + 0.3 * z[:, 0], z[:, 2], 1.7)


@pytest.mark.parametrize(("extractor", "name"), [(Sided(), "left"), (Eye(), "cluster")])
def test_a_missing_class_is_found_and_its_witnesses_are_not_drawn(extractor, name, monkeypatch):
    monkeypatch.setattr(missing, "CLUSTERS", 2)
    real = Hand(sides)
    images = real.images(real.latents(1000, 5, "real"))
    whole = missing.find(make_space(real, images, extractor))
    assert whole.numbers["too_seldom"].value == 0 and set(whole.figures) == {"shares"}
    assert whole.numbers["lacking"].value == 0 and "none comes surely too seldom" in whole.words[0]
    finding = missing.find(make_space(Hand(only_right), images, extractor))
    rows = finding.tables[0].rows
    assert rows[0][0].startswith(name) and rows[0][4] == "missing" and rows[1][4] == "too often"
    assert all(row[5] == "as often" for row in rows)
    numbers = {name: number.value for name, number in finding.numbers.items()}
    assert (numbers["missing"], numbers["too_seldom"]) == (1, 1) and numbers["lacking"] == pytest.approx(0.5, abs=0.06)
    assert numbers["lacking_real"] == 0
    assert numbers["witness_error"] > 0.5 > 0.2 > numbers["witness_error_there"]
    assert "it cannot draw them as well" in finding.words[1] and set(finding.figures) == {"shares", "witnesses"}


def test_too_few_images_to_say_what_is_missing(monkeypatch):
    real = Hand(sides)
    images = real.images(real.latents(1000, 5, "real"))
    with pytest.raises(LeftOut, match="99 held-out images are too few to say what is missing; at least 100"):
        missing.find(make_space(real, images[:198]))
    space = make_space(real, images)
    few = Sample(*(part[:30] for part in (space.train.images, space.train.features, space.train.probabilities)))
    with pytest.raises(LeftOut, match="30 training images are too few for clusters"):
        missing.find(replace(space, train=few))


# All of them


def test_a_slow_model_is_left_alone():
    slow = Hand(sides)
    slow.abilities = frozenset({"latents"})
    for part in (dissection, steerability, missing):
        with pytest.raises(LeftOut, match="draws too slowly"):
            part.find(make_space(slow, np.zeros((8, SIDE, SIDE, 1), np.uint8)))


@pytest.mark.parametrize("experiment", ["dcgan-fashion-mnist-workshop"])
def test_a_small_real_model_in_colour(experiment, monkeypatch):
    """An untrained DCGAN of 8x8 colour images, its own samples being the real ones."""
    monkeypatch.setattr(steerability, "USUAL", replace(steerability.USUAL, steps=5))
    monkeypatch.setattr(steerability, "RANDOM", 2)
    params = compose_params(experiment, ["dataset=digits", "prepare.size=8", "latent.samples=100"])
    model = models.build(params.train, (8, 8, 3), params.seed, classes=10)
    given = tf.keras.Input((8, 8, 3))
    pixels = layers.Flatten()(given)
    eye = Extractor(
        tf.keras.Model(given, [pixels, pixels, given]), {"kind": "rotation", "classes": [], "image_shape": (8, 8, 3)}
    )
    sampler = makers.Sampler(model)
    real = sampler.draw(300, 1, "real").images
    parts = (Sample(each, *eye.describe(each)) for each in (real[:150], real[150:]))
    space = Space(sampler, model, eye, *parts, [], params)
    assert len(dissection.find(space).tables[0].rows) >= 3
    assert [row[0] for row in steerability.find(space).tables[0].rows][-3:] == ["red", "green", "blue"]
    assert missing.find(space).numbers["missing"].value == 0
