import numpy as np
import pytest
import tensorflow as tf

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.random import key, layer_keys
from ganline.datasets.inputs import masked
from ganline.models.base import from_uint8
from tests.fitting import built

SMALL = [
    "prepare.size=32",
    "train.hole_size=8",
    "train.batch_size=3",
    "train.generator_batch_size=3",
    "download.source=.",
]
STEP = tf.constant(4, tf.int64)
PLACES = np.array([0, 3 * 24 + 5, 23 * 24 + 23], np.int32)


def build(*overrides: str):
    model = built(compose_params("context-encoder-anime", [*SMALL, *overrides]), seed=7)
    model.make_optimizers()
    return model


def batch() -> dict[str, tf.Tensor]:
    images = np.random.default_rng(3).integers(0, 256, (3, 32, 32, 3)).astype(np.int32)
    pictures = {"image": images, "input": masked(images, PLACES, 8, 24)}
    return {name: from_uint8(tf.constant(values.astype(np.uint8)), (-1.0, 1.0)) for name, values in pictures.items()}


def squares(images):
    return tf.stack(
        [image[p // 24 : p // 24 + 8, p % 24 : p % 24 + 8] for image, p in zip(images, PLACES, strict=True)]
    )


def test_a_step_is_that_of_the_book():
    model, same, given = build(), build(), batch()
    told = model.train_step(given, STEP)

    # As printed: D on real squares, then on fakes of a generator that only predicts, then G, on the same masked images.
    generator, judge = same.generator, same.discriminator
    adam = {name: tf.keras.optimizers.legacy.Adam(2e-4, 0.5) for name in same.networks}
    adam["generator"].iterations = adam["discriminator"].iterations  # one instance for both networks
    crossentropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)
    seen = given["image"].numpy()
    for image, p in zip(seen, PLACES, strict=True):
        image[p // 24 : p // 24 + 8, p % 24 : p % 24 + 8] = 0
    real, losses = squares(given["image"]), []
    for images, label in ((real, 1.0), (generator(seen, training=False), 0.0)):
        with tf.GradientTape() as tape:
            said = judge(images, training=True)
            losses.append(crossentropy(label * tf.ones_like(said), said))
        weights = judge.trainable_weights
        adam["discriminator"].apply_gradients(zip(tape.gradient(losses[-1], weights), weights, strict=True))
    with tf.GradientTape() as tape, layer_keys(key(7, "dropout/generator", STEP)):
        made = generator(seen, training=True)
        said = judge(made, training=False)
        squared = tf.reduce_mean((made - real) ** 2)
        loss = 0.999 * squared + 0.001 * crossentropy(tf.ones_like(said), said)
    weights = generator.trainable_weights
    adam["generator"].apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    assert float(told["d_loss"]) == pytest.approx(float(sum(losses)) / 2, rel=1e-5)
    assert float(told["g_loss"]) == pytest.approx(float(loss), rel=1e-5)
    assert float(told["g_l2"]) == pytest.approx(float(squared), rel=1e-5)
    for name in same.networks:
        for mine, theirs in zip(model.networks[name].weights, same.networks[name].weights, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=2e-6)
    assert set(told) == set(model.metric_names)


def test_what_comes_out_is_the_whole_picture_with_the_patch_in_place():
    model, given = build(), batch()
    made = model.translate(given["input"])
    seen = given["input"][..., 3:].numpy() > 0
    assert made.shape == (3, 32, 32, 3)
    np.testing.assert_array_equal(np.where(seen, made, 0), np.where(seen, given["image"], 0))
    zeroed = np.where(seen, given["image"], 0)
    np.testing.assert_allclose(squares(made), model.generator(zeroed, training=False), atol=1e-6)
    np.testing.assert_array_equal(model.evidence(made, given), squares(made))
    # What stands in the hole is not looked at.
    other = tf.where(given["input"][..., 3:] > 0, given["input"], tf.constant([0.3, -0.9, 0.5, -1.0]))
    np.testing.assert_array_equal(model.translate(other), made)


def test_a_smaller_hole_at_the_edge_is_filled_and_nothing_else_changed():
    model, given = build(), batch()
    alpha = np.ones((3, 32, 32, 1), np.float32)
    alpha[0, 30:, 29:], alpha[1, 4:6, 7:9] = -1, -1
    made = model.translate(tf.concat([given["image"], alpha], -1)).numpy()
    changed = (made != given["image"].numpy()).any(axis=3)
    np.testing.assert_array_equal(changed, alpha[..., 0] < 0)


@pytest.mark.parametrize("hole", [4, 8, 16])
def test_an_eighth_a_quarter_and_half_of_the_side_can_be_filled(hole):
    model = build(f"train.hole_size={hole}")
    assert model.generator.output_shape == (None, hole, hole, 3)
    assert np.isfinite(float(model.train_step(batch(), STEP)["g_loss"]))


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            ["train.hole_size=33"],
            r"train.hole_size = 33 with prepare.size = 32: a hole larger than the image; allowed is 4 or",
        ),
        (["train.hole_size=3"], r"train.hole_size = 3 .* no hole that the networks fill; allowed is 4 or 8 or 16"),
        (
            ["prepare.size=24"],
            r"prepare.size = 24 with train.model = context_encoder.ContextEncoder: .* multiples of 16",
        ),
        (["prepare.channels=1"], r"train.input = masked: it is made of images in colour; set prepare.channels=3"),
        (
            ["train.generator_batch_size=4"],
            r"generator_batch_size = 4: .* on one batch; set it to train.batch_size = 3",
        ),
        (["train.hole_place=left"], r"train.hole_place = left: allowed is 'random' or 'centre'"),
        (["train.packing=2"], r"train.packing = 2: context_encoder.ContextEncoder cannot take it"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_runs(overrides, words):
    with pytest.raises(UserError, match=words):
        compose_params("context-encoder-anime", [*SMALL, *overrides])
