"""Defense-GAN finds what the generator draws nearest, and takes no generator of other images."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from ganline.core.errors import UserError
from ganline.robustness.defences.defense_gan import cost_of, defend, projection
from ganline.settings.defences import DefenseGan


def test_it_finds_the_nearest_that_can_be_drawn(plane, ground):
    """Of a plane that is known: the orthogonal projection."""
    images = ground.images[:6]
    found = tf.function(projection(plane, DefenseGan(steps=150, restarts=3, drawn=200), 0))(tf.constant(images)).numpy()
    flat, axes = images.reshape(6, -1) * 255 - plane.mean, plane.axes / np.linalg.norm(plane.axes, axis=1)[:, None]
    nearest = np.clip((flat @ axes.T @ axes + plane.mean) / 255, 0, 1).reshape(images.shape)
    reached, least = (np.mean((each - images) ** 2, axis=(1, 2, 3)) for each in (found, nearest))
    assert np.all(reached < 1.15 * least + 1e-4)


def test_an_image_is_searched_for_alike_in_any_company(plane, ground):
    project = tf.function(projection(plane, DefenseGan(steps=10, restarts=2, drawn=50), 0), reduce_retracing=True)
    together, alone = project(tf.constant(ground.images[:5])), project(tf.constant(ground.images[2:3]))
    assert np.allclose(together[2], alone[0], atol=1e-4)


@pytest.mark.parametrize("epsilon", [None, 0.05])
def test_more_starts_and_steps_come_nearer(plane, ground, epsilon):
    images = tf.constant(ground.images[:20])

    def error(**settings):
        found = tf.function(projection(plane, DefenseGan(drawn=20, epsilon=epsilon, **settings), 0))(images)
        return np.mean(cost_of(epsilon)(found - images))

    assert error(steps=40, restarts=4) < error(steps=5, restarts=1)


def test_what_an_attack_can_have_made_costs_nothing():
    """And what it cannot have hidden costs all: black for white, moved towards each other by epsilon."""
    costs = cost_of(0.3)(tf.constant([0, 0.3, -0.3, 0.4, -0.5, 0.7, -1])).numpy()
    assert np.allclose(costs, [0, 0, 0, 0.15625, 0.5, 1, 1], atol=1e-6)
    assert np.allclose(cost_of(None)(tf.constant([-0.5, 1])), [0.25, 1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, "defense_gan needs a generator, and there is none"),
        ({"image_shape": (28, 28, 1)}, r"draws images of 28 x 28 x 1, no kin of the victim's, which are 12 x 12 x 1"),
        ({"abilities": frozenset({"inputs", "fast to draw"})}, "makes its images of no latents"),
        ({"abilities": frozenset({"latents"})}, "draws too slowly"),
    ],
)
def test_a_generator_that_is_no_kin_is_refused(lesson, change, said):
    facts = {"name": "other.Other", "image_shape": (12, 12, 1), "abilities": frozenset({"latents", "fast to draw"})}
    maker = None if change is None else SimpleNamespace(**(facts | change))
    with pytest.raises(UserError, match=said):
        defend(lesson._replace(maker=maker), DefenseGan())
