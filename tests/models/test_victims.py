import numpy as np
import pytest
import tensorflow as tf

from ganline.core.errors import UserError
from ganline.models import victims
from ganline.models.victims import Plan, build, fit, one_hot, train_victim, victim_of


def test_a_victim_knows_the_digits(ground):
    assert np.mean(ground.victim.predict(ground.images) == ground.labels) > 0.85


def test_the_second_kind_has_another_shape_and_learns_too(ground):
    plan = Plan(steps=120, batch_size=64)
    second = train_victim("strided", ground.train_images, ground.train_labels, 10, seed=1, plan=plan)
    assert np.mean(second.predict(ground.images) == ground.labels) > 0.8
    shapes = [
        [tuple(each.shape) for each in build(kind, (28, 28, 1), 10, 0).trainable_variables] for kind in victims.KINDS
    ]
    assert not set(shapes[0]) & set(shapes[1]) - {(10,), (16,), (32,)}


def test_equal_seeds_give_equal_victims_and_others_do_not(ground):
    def logits(seed):
        plan = Plan(steps=5, batch_size=16)
        victim = victim_of(build("pooled", (12, 12, 1), 10, seed))
        network = build("pooled", (12, 12, 1), 10, seed)
        targets = one_hot(ground.labels, 10)
        fit(network, lambda chosen, _: (ground.images[chosen], targets[chosen]), 100, seed, "pooled", plan=plan)
        assert not np.array_equal(victim_of(network).logits_of(ground.images), victim.logits_of(ground.images))
        return victim_of(network).logits_of(ground.images)

    first = logits(3)
    np.testing.assert_array_equal(logits(3), first)
    assert not np.array_equal(logits(4), first)


def test_logits_can_be_differentiated_in_a_compiled_function(ground):
    @tf.function
    def gradient(images):
        return tf.gradients(ground.victim.logits(images)[:, 0], images)[0]

    assert np.abs(gradient(tf.constant(ground.images[:3]))).max(axis=(1, 2, 3)).min() > 0


def test_many_images_are_looked_at_in_parts_and_none_gives_none(ground, monkeypatch):
    whole = ground.victim.logits_of(ground.images[:7])
    monkeypatch.setattr(victims, "CHUNK", 3)
    np.testing.assert_allclose(ground.victim.logits_of(ground.images[:7]), whole, rtol=1e-5, atol=1e-5)
    assert ground.victim.predict(ground.images[:0]).shape == (0,)


def test_training_takes_soft_targets_more_classes_and_a_loss_of_its_own(ground):
    network = build("strided", (12, 12, 1), 11, 0)
    targets = np.concatenate([one_hot(ground.train_labels, 10) * 0.9, np.full((1400, 1), 0.1, np.float32)], axis=1)
    seen = []

    def examples(chosen, step):
        seen.append(step)
        return victims.as_floats(ground.train_images[chosen]), targets[chosen]

    def at_temperature(targets, logits):
        return victims.cross_entropy(targets, logits / 5)

    loss = fit(network, examples, 1400, 0, "soft", at_temperature, Plan(60, 64))
    assert seen == list(range(60)) and loss < np.log(11)
    probabilities = tf.nn.softmax(victim_of(network).logits_of(ground.images[:50]) / 5).numpy()
    assert abs(probabilities[:, 10].mean() - 0.1) < 0.05


@pytest.mark.parametrize("classes", [0, 1])
def test_data_without_two_classes_is_refused(ground, classes):
    with pytest.raises(UserError, match=f"at least two classes, and the data has {classes}"):
        train_victim("pooled", ground.train_images, ground.train_labels * 0, classes, 0)


def test_a_victim_that_learned_nothing_is_refused(ground):
    noise = np.random.default_rng(0).integers(0, 10, 1400)
    with pytest.raises(UserError, match="learned nothing: its loss is"):
        train_victim("pooled", ground.train_images * 0, noise, 10, 0, Plan(20, 32, 1e-9))


@pytest.mark.parametrize("kind", victims.KINDS)
def test_width_multiplies_channels_and_units(kind):
    """All but the image's own channel and the classes."""
    once, twice = (
        [weight.shape for weight in build(kind, (28, 28, 1), 10, 0, width).weights if len(weight.shape) > 1]
        for width in (1, 2)
    )
    assert [each[-1] for each in twice[:-1]] == [2 * each[-1] for each in once[:-1]]
    assert twice[-1] == (2 * once[-1][0], 10)
