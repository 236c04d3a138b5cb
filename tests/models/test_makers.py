"""Makers: the same images as ever from latents, and pairs from held-out images."""

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.figures import cut_grid
from ganline.models import makers
from ganline.settings.recipes import Translation


class Negative:
    """A translator of colour images into grey ones of half their size: dark where they are bright."""

    abilities = ("pairs", "fast to draw")
    image_range, image_shape, input_shape = (-1.0, 1.0), (4, 4, 1), (8, 8, 3)
    settings = compose_params("gan-mnist").train

    def translate(self, images):
        return -tf.reduce_mean(images[:, ::2, ::2], axis=3, keepdims=True)


class Unpaired(Negative):
    """The same, as if it had learned without partners."""

    abilities = ("inputs", "fast to draw", "way back")
    settings = Translation.model_construct(model="negative.Negative", input="partner")


INPUTS = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 3)).astype(np.uint8)
PARTNERS = 255 - np.rint(INPUTS[:, ::2, ::2].mean(axis=3, keepdims=True)).astype(np.uint8)


def sampler(experiment="cgan-mnist"):
    return makers.of(models.build(compose_params(experiment).train, (28, 28, 1), 1, 10))


def test_a_sampler_draws_what_its_latents_and_labels_make():
    maker, told = sampler(), []
    made = maker.draw(700, 3, "evaluate", told.append)
    latents, labels = maker.latents(700, 3, "evaluate"), maker.labels(700, 3, "evaluate")
    assert set(made.given) == {"latents", "labels"} and made.partners is None and told == [500, 200]
    np.testing.assert_array_equal(made.given["labels"], labels)
    np.testing.assert_array_equal(made.images, maker.images(latents, labels))
    np.testing.assert_array_equal(maker.make(maker.given(5, 1, "x")), maker.draw(5, 1, "x").images)
    assert set(sampler("gan-mnist").given(5, 1, "x")) == {"latents"}
    assert "labels" in maker.abilities and maker.condition_names(list("abcdefghij"))[0] == "a"
    assert (
        maker.condition_names(["a"])[0] == sampler("infogan-mnist").condition_names(list("abcdefghij"))[0] == "code 0"
    )


def test_a_sheet_of_samples_is_its_grid():
    maker = sampler()
    latents, labels, columns = maker.grid(20, 3, "samples")
    cells = cut_grid(maker.sheet(20, 3, "samples"), 28, 28)
    np.testing.assert_array_equal(cells, maker.images(latents, labels))
    assert maker.sheet(20, 3, "samples").shape[1] == columns * 30 - 2


def test_a_translator_draws_pairs_of_held_out_images():
    maker = makers.of(Negative(), INPUTS, PARTNERS)
    made = maker.draw(12, 1, "evaluate")
    assert made.images.shape == made.partners.shape == (12, 4, 4, 1) and made.images.dtype == np.uint8
    assert np.abs(made.images.astype(int) - made.partners).max() <= 1
    assert len(np.unique(made.given["inputs"].reshape(12, -1), axis=0)) == 12
    again, other = maker.draw(12, 1, "evaluate"), maker.draw(12, 2, "evaluate")
    assert np.array_equal(made.images, again.images) and not np.array_equal(made.images, other.images)
    np.testing.assert_array_equal(maker.make(maker.given(12, 1, "evaluate")), made.images)
    assert len(maker.draw(100, 1, "evaluate").images) == 30  # no image comes twice
    assert "pairs" in maker.abilities and maker.conditions == 0


def test_the_first_that_a_translator_draws_are_some_of_all():
    """Whoever looks at the first few must not see the first folder, night or class alone."""
    inputs = np.arange(200, dtype=np.uint8)[:, None, None, None].repeat(8, 1).repeat(8, 2)
    drawn = makers.of(Negative(), inputs).draw(200, 1, "evaluate").given["inputs"][:, 0, 0, 0]
    assert sorted(drawn) == list(range(200)) and 70 < drawn[:50].mean() < 130 and drawn[:50].max() > 150


def test_many_images_are_translated_as_each_alone(monkeypatch):
    monkeypatch.setattr(makers, "PIXELS", 3 * 64)
    maker, told = makers.Translator(Negative()), []
    whole = maker.translate(INPUTS[:8], told.append)
    assert told == [3, 3, 2]
    np.testing.assert_array_equal(whole, np.concatenate([maker.translate(INPUTS[i : i + 1]) for i in range(8)]))
    with pytest.raises(ValueError, match="no held-out images"):
        maker.draw(1, 1, "x")


def test_without_partners_there_are_no_pairs():
    maker = makers.of(Negative(), INPUTS)
    assert "pairs" not in maker.abilities and maker.draw(3, 1, "x").partners is None
    assert maker.sheet(3, 1, "x").shape == (3 * 10 - 2, 2 * 10 - 2, 3)  # input and translation, enlarged and in colour


def test_who_learned_from_no_partners_is_unpaired_even_where_they_are_known():
    """Whether partners are known is a fact of the data; whether they were learned from, one of the model."""
    assert {"inputs", "pairs"} <= makers.of(Negative(), INPUTS, PARTNERS).abilities
    assert {"inputs", "pairs", "unpaired", "way back"} <= makers.of(Unpaired(), INPUTS, PARTNERS).abilities
    assert {"inputs", "unpaired"} <= makers.of(Unpaired(), INPUTS).abilities.difference({"pairs"})


def test_a_sheet_of_translations_shows_input_translation_and_truth():
    sheet = makers.of(Negative(), INPUTS, PARTNERS).sheet(3, 1, "x")
    source, made, truth = cut_grid(sheet, 8, 8)[:3]
    at = next(i for i, image in enumerate(INPUTS) if np.array_equal(image, source))
    np.testing.assert_array_equal(truth, PARTNERS[at].repeat(2, 0).repeat(2, 1).repeat(3, 2))
    assert np.abs(made.astype(int) - truth).max() <= 1


def test_who_needs_latents_is_told_that_there_are_none(monkeypatch, tmp_path):
    monkeypatch.setattr(makers, "load", lambda folder: Negative())
    with pytest.raises(UserError, match="makes its images of no latents"):
        makers.load_sampler(tmp_path)
