"""Edits do what their names say, know what they cannot know, and are measured as they were made."""

import numpy as np
import pytest
import tensorflow as tf

from ganline.latent.image_edits import COLOURS, EDITS, edited, edits_of, measurer

BY_NAME = {edit.name: edit for edit in EDITS}


def dot(row, column, side=25):
    image = np.zeros((1, side, side, 1), np.float32)
    image[0, row, column] = 200
    return image


def place(images):
    return np.unravel_index(np.asarray(images)[0, :, :, 0].argmax(), images.shape[1:3])


def one(name, strength, image):
    return edited(BY_NAME[name], tf.constant(image), tf.constant([strength], tf.float32))


@pytest.mark.parametrize(
    ("name", "strength", "start", "end"),
    [
        ("shift x", 1.0, (12, 12), (12, 15)),  # 12 % of 25
        ("shift y", -1.0, (12, 12), (9, 12)),
        ("zoom", 1 / 0.3, (12, 16), (12, 20)),  # one doubling
        ("rotation", 4.5, (12, 18), (6, 12)),  # 90 degrees anticlockwise
        ("rotation", -4.5, (12, 18), (18, 12)),
    ],
)
def test_where_a_point_goes(name, strength, start, end):
    assert place(one(name, strength, dot(*start))[0]) == end


def test_what_came_from_outside_is_not_known():
    _, known = one("shift x", 1.0, dot(12, 12))
    assert not known[0, :, :3].numpy().any() and known[0, :, 3:].numpy().all()
    assert one("zoom", 1.0, dot(12, 12))[1].numpy().all()
    assert not one("zoom", -1.0, dot(12, 12))[1].numpy()[0, 0].any()


def test_light_is_multiplied_and_colours_alone():
    image = tf.fill((1, 4, 4, 3), 100.0)
    brighter, known = edited(BY_NAME["brightness"], image, tf.constant([2.0]))
    np.testing.assert_allclose(brighter, 200.0, rtol=1e-5)
    assert known.shape == (1, 4, 4, 1) and known.numpy().all()
    green, _ = edited(COLOURS[1], image, tf.constant([-2.0]))
    np.testing.assert_allclose(green[0, 0, 0], [100, 50, 100], rtol=1e-5)
    assert float(tf.reduce_max(edited(BY_NAME["brightness"], image, tf.constant([4.0]))[0])) == 255
    assert edits_of(1) == EDITS and len(edits_of(3)) == 8 and COLOURS[0].amount == "1.41 times as much of it"


@pytest.mark.parametrize("edit", edits_of(3), ids=lambda edit: edit.name)
def test_an_edit_is_measured_as_it_was_made_and_others_are_none(edit):
    rows, columns = np.mgrid[:28, :28]
    blob = np.exp(-((rows - 12) ** 2 / 40 + (columns - 15) ** 2 / 12 - (rows - 12) * (columns - 15) / 30))
    images = (np.stack([110 * blob, 90 * blob, 60 * blob], axis=-1)[None] + 20).repeat(3, 0)
    strengths = np.array([-1.0, 0.5, 1.0], np.float32)
    after = edited(edit, tf.constant(images, tf.float32), tf.constant(strengths))[0]
    before, after = (np.rint(each).astype(np.uint8) for each in (images, after))
    np.testing.assert_allclose(measurer(edit, 3.0)(before, after), strengths, atol=0.13)
    assert not measurer(edit, 3.0)(before, before).any()
