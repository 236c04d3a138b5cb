"""The parts that look at paths, places and real images, on generators whose space is known."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from toy_generator import DIM, SIDE, Eye, Toy

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.latent.paths import interpolation
from ganline.metrics.record import Sample
from ganline.models import makers
from ganline.studies.finding import Kept, LeftOut
from ganline.studies.latent import conditions, inversion, manifold, memorisation, smoothness, truncation
from ganline.studies.latent import interpolation as between
from ganline.studies.latent.base import Space

CONF = Path(__file__).parents[2] / "conf"
BASIS = np.random.default_rng(0).normal(size=(DIM, SIDE * SIDE)).astype(np.float32) * 12


class Linear(Toy):
    """Makes pictures that are linear in their latents, brighter for class 1; torn where `tear` is."""

    name, tear = "toy.Linear", np.inf

    def unrounded(self, latents, labels):
        torn = 400.0 * tf.cast(latents[:, :1] > self.tear, tf.float32) * np.sign(BASIS[:1])
        flat = 128 + latents @ BASIS + torn + 40.0 * tf.cast(labels, tf.float32)[:, None]
        return tf.reshape(flat, (-1, SIDE, SIDE, 1))

    def images(self, latents, labels=None):
        labels = np.zeros(len(latents), np.int32) if labels is None else labels
        made = self.unrounded(np.asarray(latents, np.float32), tf.constant(labels, tf.int32))
        return np.clip(np.rint(made), 0, 255).astype(np.uint8)


class Far(Eye):
    """An extractor of floats too."""

    def features(self, images):
        return self.describe(images).features


def model(**changes):
    facts = {
        "settings": SimpleNamespace(model="toy.Linear"),
        "networks": {},
        "conditions": 0,
        "image_range": (0.0, 255.0),
        "abilities": (),
    }
    return SimpleNamespace(**(facts | changes))


def sample(generator, seed, count, labels=None):
    asked_for = np.zeros(count, np.int32) if labels is None else labels
    images = generator.images(generator.latents(count, seed, "x"), asked_for)
    return Sample(images, *Far().describe(images), labels)


def make_space(generator=None, of=None, classes=(), **parts):
    generator = generator or Linear()
    params = compose_params("gan-mnist", ["dataset=digits", "latent.samples=300", "latent.neighbours=2"], CONF)
    parts = {"train": sample(generator, 8, 400), "test": sample(generator, 9, 300)} | parts
    return Space(generator, of or model(), Far(), classes=classes, params=params, **parts)


@pytest.fixture(scope="module")
def space():
    return make_space()


def test_real_images_are_found_and_edited(space):
    directions = Kept(np.eye(2, DIM, dtype=np.float32), ["brightness", "detail"], "direction")
    finding = inversion.find(replace(space, kept={"directions/boundaries": directions}))
    assert finding.numbers["error"].value < 0.05 and finding.numbers["error_over_luck"].value < 0.3
    assert "clearly nearer" in finding.words[0] and "of 16 real images it rises: " in finding.words[1]
    assert set(finding.figures) == {"reconstructions", "edits"}
    truth = space.generator.latents(300, 9, "x")[np.linspace(0, 299, 16).astype(int)]
    near = [np.corrcoef(*pair)[0, 1] for pair in zip(finding.latents["latents"].values, truth, strict=True)]
    assert np.median(near) > 0.95
    assert set(inversion.find(space).figures) == {"reconstructions"}


def test_classes_are_asked_for_as_they_are_and_codes_are_tried():
    class Two(Linear):
        abilities, conditions = Linear.abilities | {"labels"}, 2

        def labels(self, count, seed, purpose):
            return (np.arange(count) % 2).astype(np.int32)

    labels = np.arange(300) % 2
    images = {"test": sample(Two(), 9, 300, labels), "train": sample(Two(), 8, 400, np.arange(400) % 2)}

    class Codes(Two):
        abilities = Linear.abilities

    by_class = make_space(Two(), model(conditions=2), ("dim", "light"), **images)
    classes = labels[np.linspace(0, 299, 16).astype(int)]
    found = inversion.find(by_class)
    assert found.numbers["error_over_luck"].value < 0.5 and "from the 3 nearest random samples" in found.words[0]
    assert np.array_equal(
        inversion._luck(by_class, by_class.test.images[:16], classes)[0].labels, np.repeat([0, 1], 450)
    )
    by_code = make_space(Codes(), model(conditions=2), ("dim", "light"), **images)
    assert inversion.find(by_code).numbers["error_over_luck"].value < 0.5
    found = conditions.find(by_class)
    assert "every class" in found.figures["grid"].title
    assert 0.9 < sum(number.value for number in found.numbers.values()) < 1.01  # what is linear has no interaction
    assert found.numbers["condition_share"].value == pytest.approx(_between(), abs=0.1)
    assert "What each code mostly shows: code 0: " in conditions.find(by_code).words[-1]


def _between():
    """The variance between two classes 40 grey levels apart, over all; the eye sees the mean of 2 x 2 pixels."""
    blurred = BASIS.reshape(DIM, 10, 2, 10, 2).mean(axis=(2, 4))
    return 20**2 / (20**2 + np.mean(np.sum(blurred**2, axis=0)))


def test_truncation_costs_variety(space):
    finding = truncation.find(space)
    assert finding.numbers["recall_loss"].value > 0.2 and set(finding.figures) == {"samples", "curve"}
    cut = truncation._cut(space)
    scores = [truncation._score(space, cut, psi, space.test.features)[1] for psi in truncation.LEVELS]
    assert scores == sorted(scores) and scores[0] == 0


@pytest.mark.parametrize("held_out", [1, 2, 3])
def test_truncation_wants_more_held_out_images_than_neighbours(space, held_out):
    with pytest.raises(LeftOut, match=f"need 4 held-out images, and there are {held_out}.*prepare.test_fraction"):
        truncation.find(replace(space, test=sample(space.generator, 9, held_out)))
    assert truncation.find(replace(space, test=sample(space.generator, 9, 4))).numbers


def test_held_out_images_that_were_trained_on_are_left_out_and_said(space):
    images = np.concatenate([space.test.images[:100], space.train.images[:30]])
    finding = memorisation.find(replace(space, test=Sample(images, *Far().describe(images))))
    assert "30 of 130 held-out images are training images again" in finding.words[1]
    assert "99 % of 100 held-out images do" in finding.words[0]
    assert finding.numbers["share_nearer"].value < 0.1
    copier = replace(space, train=Sample(space.samples.images, *Far().describe(space.samples.images)))
    shown = np.concatenate([space.test.images[:100], space.samples.images[:30]])
    found = memorisation.find(replace(copier, test=Sample(shown, *Far().describe(shown))))
    assert found.numbers["share_nearer"].value == 1
    with pytest.raises(LeftOut, match="every held-out image repeats a training image"):
        memorisation.find(replace(copier, test=copier.train))


def test_a_torn_space_is_said_to_be_torn(space):
    smooth = smoothness.find(space)
    torn = Linear()
    torn.tear = 0.5
    found = smoothness.find(make_space(torn))
    assert "it does not tear" in smooth.words[0] and "the space is torn there" in found.words[0]
    assert smooth.numbers["largest_jump"].value < 2 < 5 < found.numbers["largest_jump"].value
    assert found.numbers["path_length"].value > smooth.numbers["path_length"].value > 0
    dead = smoothness.find(
        make_space(
            type(
                "Dead", (Linear,), {"unrounded": lambda s, z, y: 0 * z[:, :1, None, None] + tf.ones((1, SIDE, SIDE, 1))}
            )()
        )
    )
    assert "ignores its latents" in dead.words[0] and not dead.figures


def test_a_space_of_a_few_pictures_is_told_of_by_its_tears(space):
    """As of a generator that has collapsed: along most steps nothing changes, so none is so many times as fast."""
    few = Linear()
    few.unrounded = lambda z, y: 255.0 * tf.round(tf.sigmoid(1e6 * z[:, :1, None, None])) + tf.zeros((1, SIDE, SIDE, 1))
    found = smoothness.find(make_space(few))
    assert "In most steps of 64 paths nothing changes" in found.words[0] and "torn there" in found.words[0]
    assert set(found.figures) == {"jumps"} and "largest_jump" not in found.numbers
    assert all(np.isfinite(number.value) for number in found.numbers.values())


def test_midpoints_that_are_training_images(space):
    latents = space.samples.latents
    middle = [interpolation(a, b, 3, "normal")[1] for a, b in zip(latents, np.roll(latents, -1, 0), strict=True)]
    images = space.generator.images(np.stack(middle))
    train = Sample(images, *Far().describe(images))
    finding = memorisation.find(replace(space, train=train))
    assert finding.numbers["midpoints_share_nearer"].value == 1 > finding.numbers["share_nearer"].value
    assert set(finding.figures) == {"nearest", "midpoints", "distances"}


@pytest.mark.parametrize("dimension", [2, 5])
def test_where_there_is_an_encoder_the_space_is_drawn_flat(dimension):
    params = compose_params(
        "vae-mnist", ["dataset=digits", f"train.latent_dim={dimension}", "latent.samples=100"], CONF
    )
    vae = models.build(params.train, (28, 28, 1), 0)
    images = np.random.default_rng(1).integers(0, 256, (40, 28, 28, 1), np.uint8)
    test = Sample(images, images.reshape(40, -1).astype(np.float32), np.zeros((40, 0)))  # without labels
    finding = manifold.find(Space(makers.Sampler(vae), vae, None, test, test, [], params))
    assert list(finding.figures) == ["scatter", "manifold"]
    assert finding.figures["manifold"].image.shape == (30 * 30 - 2, 30 * 30 - 2, 1)
    assert ("standard deviations from the centre" if dimension == 2 else "5 numbers; the plane shown") in finding.words[
        0
    ]
    assert set(finding.latents) == (set() if dimension == 2 else {"plane"})


def test_what_does_not_apply_is_left_out_with_the_reason(space):
    with pytest.raises(LeftOut, match="asked for no class and no code"):
        conditions.find(space)
    with pytest.raises(LeftOut, match="toy.Linear has no encoder.*its 12 numbers are no plane"):
        manifold.find(space)
    patient = Linear()
    patient.abilities, patient.conditions = frozenset({"latents"}), 2
    slow = make_space(patient, model(conditions=2))
    for part in (conditions, truncation, smoothness, manifold, memorisation, inversion):
        with pytest.raises(LeftOut, match="draws too slowly"):
            part.find(slow)
    assert set(between.find(slow).figures) == {"rows", "lines", "plane"}
    rough = Linear()
    rough.unrounded = lambda latents, labels: tf.round(Linear().unrounded(latents, labels)) * 0 + 1.0
    with pytest.raises(LeftOut, match="the generator has no gradient"):
        inversion.find(make_space(rough))


def test_loops_come_back(space):
    frames = between.find(space).figures["loops"].image
    assert frames.shape == (48, 4 * 22 - 2, 4 * 22 - 2, 1)
    steps = np.abs(np.diff(np.concatenate([frames, frames[:1]]).astype(float), axis=0)).mean(axis=(1, 2, 3))
    assert steps.max() < 2 * np.median(steps)
