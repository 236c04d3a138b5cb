"""Augmentations do what their papers draw, can be differentiated twice, and do not leak into what is generated."""

import math

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.keras import Sequential, layers

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.random import key, layer_keys
from ganline.models import augmentation
from ganline.models.augmentation import EVERY, IMAGES, Adaptive, DiffAugment, TranslationCutout
from ganline.models.generation.gan import GAN
from ganline.models.latent_gan import LatentGAN

STEP = tf.constant(0, tf.int64)


def pictures(count, side=8, channels=3):
    return tf.random.stateless_uniform((count, side, side, channels), [0, 1], -1, 1)


def drawn(change, *given, number=0):
    with layer_keys(key(0, "test", number)):
        return change(*given).numpy()


def chance(value):
    adaptive = Adaptive()
    adaptive.chance.assign(value)
    return adaptive


MIDDLE = (-1.0, 1.0)
KINDS = [
    pytest.param(DiffAugment(), id="diffaugment"),
    pytest.param(TranslationCutout(), id="translation_cutout"),
    pytest.param(chance(1.0), id="adaptive"),
]


def test_with_no_chance_nothing_is_changed():
    given = pictures(5)
    np.testing.assert_allclose(drawn(Adaptive().on, given, MIDDLE), given, atol=1e-5)


@pytest.mark.parametrize("change", KINDS)
def test_each_image_is_changed_by_draws_of_its_own_and_the_same_ones_again(change):
    given = tf.repeat(pictures(1), 6, axis=0)
    found = drawn(change.on, given, MIDDLE)
    assert len({image.tobytes() for image in found}) == 6 and found.shape == given.shape
    np.testing.assert_array_equal(found, drawn(change.on, given, MIDDLE))
    assert (found != drawn(change.on, given, MIDDLE, number=1)).any()


@pytest.mark.parametrize("change", KINDS)
def test_it_means_the_same_in_any_range(change):
    given = pictures(6, channels=1)
    other = drawn(change.on, given / 2 + 0.5, (0.0, 1.0))
    np.testing.assert_allclose(other * 2 - 1, drawn(change.on, given, MIDDLE), atol=1e-5)


@pytest.mark.parametrize("change", KINDS)
def test_it_is_affine_in_the_images_and_so_are_its_gradients(change):
    """<A x, u> = <x, A' u>, with A' from the tape; and the gradient of the right side for u is A x again."""
    given, upstream = pictures(6), tf.random.stateless_normal((6, 8, 8, 3), [0, 2])
    shift = drawn(change.on, tf.zeros_like(given), MIDDLE)
    with tf.GradientTape() as outer, layer_keys(key(0, "test", 0)):
        outer.watch(upstream)
        with tf.GradientTape() as inner:
            inner.watch(given)
            made = tf.reduce_sum(change.on(given, MIDDLE) * upstream)
        slope = inner.gradient(made, given)
        other = tf.reduce_sum(slope * given)
    linear = drawn(change.on, given, MIDDLE) - shift
    assert float(other) == pytest.approx(float(np.sum(linear * upstream)), rel=1e-3)
    np.testing.assert_allclose(outer.gradient(other, upstream), linear, atol=1e-4)


def test_images_are_sampled_where_the_map_says():
    """Turned, moved, and enlarged about the middle, against NumPy; what lies outside is mirrored."""
    given = pictures(3, side=6)
    quarter = tf.constant([[0.0, -1, 0], [1, 0, 0]])
    right = tf.constant([[1.0, 0, -2], [0, 1, 0]])
    half = tf.constant([[0.5, 0, 0], [0, 0.5, 0]])
    turned, moved, large = augmentation.sampled(given, tf.stack([quarter, right, half])).numpy()
    np.testing.assert_allclose(turned, np.rot90(given[0], 1), atol=1e-6)
    np.testing.assert_allclose(moved, np.pad(given[1], ((0, 0), (2, 0), (0, 0)), "reflect")[:, :6], atol=1e-6)
    at = 1.25 + 0.5 * np.arange(6)
    shares = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(6)))
    np.testing.assert_allclose(large, np.einsum("ya,abc,xb->yxc", shares, given[2], shares), atol=1e-6)


def test_maps_apply_the_last_first_as_the_inverses_of_what_is_done():
    quarter, right = augmentation._turned(tf.constant([math.pi / 2])), augmentation._shifted(tf.constant([[1.0, 0]]))
    np.testing.assert_allclose(augmentation.product([quarter, right])[0], [[0, -1, 0], [1, 0, 1]], atol=1e-6)


def test_colours_keep_greys_grey_and_turn_the_others_about_them():
    greys = tf.repeat(pictures(200, side=2, channels=1), 3, axis=3)
    found = drawn(augmentation.tinted, greys, tf.constant(1.0))
    np.testing.assert_allclose(found, np.repeat(found[..., :1], 3, axis=3), atol=1e-5)
    # Contrast 2^N(0, 0.5^2), half of them upside down, and before that brightness N(0, 0.2^2).
    slopes = (found[:, 0, 0, 0] - found[:, 1, 1, 0]) / (greys[:, 0, 0, 0] - greys[:, 1, 1, 0]).numpy()
    assert np.log2(np.abs(slopes)).std() == pytest.approx(0.5, abs=0.08)
    assert (slopes < 0).mean() == pytest.approx(0.5, abs=0.1)
    brightness = found[:, 0, 0, 0] / slopes - greys[:, 0, 0, 0]
    assert brightness.numpy().std() == pytest.approx(0.2, abs=0.04)


def test_diffaugment_moves_up_to_an_eighth_and_cuts_a_square_of_half_the_side():
    ones = tf.ones((300, 16, 16, 1))
    moved = drawn(augmentation.moved, ones)[..., 0]
    empty = {(int(16 - image.max(1).sum()), int(16 - image.max(0).sum())) for image in moved}
    assert {rows for rows, _ in empty} == {columns for _, columns in empty} == {0, 1, 2}
    hole = 1 - drawn(augmentation.cut_out, ones)[..., 0]
    sides = {(int(image.max(1).sum()), int(image.max(0).sum())) for image in hole}
    assert max(rows for rows, _ in sides) == 8 and min(rows for rows, _ in sides) == 4  # half of it over the edge
    assert all(image.sum() == image.max(1).sum() * image.max(0).sum() for image in hole)


def test_without_colour_pixels_are_moved_or_cut_out_and_keep_their_values():
    given = pictures(20)
    found = drawn(TranslationCutout().on, given, MIDDLE)
    assert set(np.unique(found)) <= {0.0, *np.unique(given)} and (found == 0).mean() > 0.1


def test_the_chance_follows_how_sure_the_discriminator_is():
    """Up while E sign D(x) is over 0.6, at the paper's speed; down while it is less; each after 4 updates."""
    adaptive, step = Adaptive(), EVERY * 64 / IMAGES
    seen = []
    for accuracy in (*[0.9] * 8, *[1.0, 0.5] * 2, *[0.0] * 8):
        told = adaptive.after_update({"d_accuracy_real": tf.constant(accuracy)}, 64)
        seen.append(float(told["augmentation_chance"]))
    np.testing.assert_allclose(seen[3::4], np.array([1, 2, 1, 0, 0]) * step, rtol=1e-5, atol=1e-12)
    assert seen[0] == seen[2] == 0 and set(adaptive.state()) == {"augmentation/chance", "augmentation/signs"}


@pytest.mark.parametrize(
    ("experiment", "overrides", "said"),
    [
        (
            "wgan-gp-fashion-mnist",
            ["train.augmentation=adaptive"],
            "scores of the loss wasserstein_gp do not say; take",
        ),
        ("pix2pix-gray-to-color", ["train.augmentation=diffaugment"], "pix2pix.Pix2Pix cannot take it"),
        ("vae-mnist", ["train.augmentation=diffaugment"], "unknown key for vae.VAE"),
        ("gan-mnist", ["train.augmentation=cutout"], "allowed is 'adaptive', 'diffaugment' or 'translation_cutout'"),
    ],
)
def test_what_cannot_take_it_says_so(experiment, overrides, said):
    with pytest.raises(UserError, match=said):
        compose_params(experiment, [*overrides, "download.source=."])


def test_who_has_none_has_no_key_for_it():
    assert "augmentation" not in compose_params("gan-mnist").model_dump()["train"]
    assert "augmentation" in GAN.practices


class Tiny(LatentGAN):
    """Dense networks on 8 x 8 pixels."""

    image_range = MIDDLE

    def build_generator(self):
        start = tf.keras.initializers.RandomNormal(stddev=0.05)
        hidden = [
            layers.Dense(32, "relu"),
            layers.Dense(64, "tanh", kernel_initializer=start),
            layers.Reshape((8, 8, 1)),
        ]
        return Sequential([layers.Input((self.settings.latent_dim,)), *hidden], name="generator")

    def build_discriminator(self):
        hidden = [layers.Flatten(), layers.Dense(64), layers.LeakyReLU(0.2), layers.Dense(64), layers.LeakyReLU(0.2)]
        return Sequential([layers.Input(self.seen_shape), *hidden, layers.Dense(1)], name="discriminator")


def corners(count, draw):
    """Return pictures float32 (count, 8, 8, 1) of an L in one corner, more or less bright: no turn of it is real."""
    mark = np.zeros((8, 8, 1), np.float32)
    mark[1:6, 1:3], mark[5:7, 1:5] = 1, 1
    return draw.uniform(0.9, 1.5, (count, 1, 1, 1)).astype(np.float32) * mark - 0.75


def generated(kind, leak=False, steps=1500):
    """Return samples of a generator trained on `corners` with an augmentation, of real images alone with `leak`."""
    sizes = ["train.batch_size=32", "train.generator_batch_size=32", "train.latent_dim=8", "train.noise=normal"]
    rates = [
        f"train.optimizers.{name}.{rule}"
        for name in ("generator", "discriminator")
        for rule in ("learning_rate=2e-3", "beta_1=0.0", "beta_2=0.99")
    ]
    loss = ["train.loss=relativistic", "train.discriminator_batches=separate", "train.penalty_weight=0.3"]
    recipe = [*sizes, *rates, *loss, "train.generator_average=0.99", "train.shared_optimizer_counter=false"]
    model = Tiny(compose_params("gan-mnist", [*recipe, f"train.augmentation={kind}"]).train, (8, 8, 1), 1)
    model.make_optimizers()
    if kind == "adaptive":
        model.augmentation.chance.assign(0.6)  # which it does not leave by much in so few images
    change, step = model.augmentation.on, tf.function(model.train_step, autograph=False)

    @tf.function(autograph=False)
    def leaking(images, number):
        with layer_keys(key(0, "leak", number)):
            return change(images, MIDDLE)

    if leak:
        model.augmentation.on = lambda images, image_range: images
    draw = np.random.default_rng(0)
    for number in map(tf.constant, range(steps)):
        real = tf.constant(corners(model.batch_size, draw))
        step({"image": leaking(real, number) if leak else real}, number)
    return model.generate(tf.random.stateless_normal((500, 8), [0, 1]), None).numpy()


def likeness(samples):
    """Return the share of samples nearer to the middle real image than to any turn, flip, shift or shade of it."""
    real = np.where(corners(1, np.random.default_rng(0)) > -0.75, 0.45, -0.75)
    turns = [np.rot90(side, i, (1, 2)) for side in (real, real[:, ::-1]) for i in range(4)]
    shifts = [np.roll(real, by, axis) for by in (-1, 1) for axis in (1, 2)]
    others = np.concatenate([*turns, *shifts, real - 0.6, real + 0.6, -real, np.where(real > 0, -0.75, real)])
    apart = ((samples[:, None] - others) ** 2).mean((2, 3, 4))
    return float((apart.argmin(1) == 0).mean())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["adaptive", "diffaugment", "translation_cutout"])
def test_the_generator_does_not_learn_the_augmentation(kind):
    """At a chance of 0.6, and as DiffAugment always is; where real images alone are changed, that is learned."""
    assert likeness(generated(kind)) > 0.95
    assert likeness(generated(kind, leak=True)) < 0.7
