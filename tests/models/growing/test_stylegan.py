"""StyleGAN and StyleGAN2: their layers against the papers' formulas, what a step changes, what depends on the seed."""

import numpy as np
import pytest
import tensorflow as tf

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.models import build
from ganline.models.growing import styling
from ganline.models.growing.layers import blur, doubled, enlarge
from ganline.models.growing.regularisers import PathLength, lazily, slope
from tests.fitting import fitting

FEW = ["train.batch_size=4", "train.generator_batch_size=4"]
LAZY = ["train.model=stylegan.StyleGAN2", "train.r1_every=2", "train.path_length_weight=2", "train.path_length_every=2"]
STEP = tf.constant(0, tf.int64)


def made(*overrides, seed=1):
    train = compose_params("stylegan-emoji", fitting("stylegan-emoji", [*FEW, *overrides])).train
    model = build(train, (8, 8, 3), seed)
    model.make_optimizers()
    return model


def numbers(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).standard_normal(shape), tf.float32)


@pytest.fixture(scope="module", params=["StyleGAN", "StyleGAN2"])
def model(request):
    found = made(f"train.model=stylegan.{request.param}")
    for layer in found.synthesis.layers:  # as training does: at first no noise reaches the images
        if hasattr(layer, "strength"):
            layer.strength.assign(tf.ones_like(layer.strength))
    found.networks[found.average_name].set_weights(found.generator.get_weights())
    return found


# Layers


@pytest.mark.parametrize("enlarging", [False, True])
def test_scaling_inputs_and_outputs_is_a_kernel_for_each_image(enlarging):
    """Karras et al. 2020, equations 1 and 3."""
    images, w, noise = numbers(3, 4, 4, 5), numbers(3, 2), tf.zeros((3, 8, 8, 1) if enlarging else (3, 4, 4, 1))
    layer = styling.ModulatedConv2D(6, 3, enlarging)
    made_at_once = layer([images, w, noise])
    for i in range(3):
        scale = layer.style(w[i : i + 1])[0] + 1
        kernel = (layer.kernel * layer.scale).numpy() * scale.numpy()[None, None, :, None]
        kernel = kernel / np.sqrt((kernel**2).sum((0, 1, 2)) + 1e-8)
        one = images[i : i + 1]
        alone = styling.enlarged(one, tf.constant(kernel)) if enlarging else tf.nn.conv2d(one, kernel, 1, "SAME")
        np.testing.assert_allclose(made_at_once[i], tf.nn.leaky_relu(alone[0], 0.2) * 2**0.5, atol=1e-5)


def test_sides_are_doubled_and_halved_as_pixels_repeated_and_filtered_are_but_at_the_edges():
    images, kernel = numbers(2, 8, 8, 3), numbers(3, 3, 3, 4)
    inside = np.s_[:, 3:-3, 3:-3]
    np.testing.assert_allclose(
        styling.enlarged(images, kernel)[inside], blur(doubled(images, kernel))[inside], atol=1e-4
    )
    convolved = tf.nn.avg_pool2d(tf.nn.conv2d(blur(images), kernel, 1, "SAME"), 2, 2, "VALID")
    inside = np.s_[:, 1:-1, 1:-1]
    np.testing.assert_allclose(styling.shrunk(images, kernel)[inside], convolved[inside], atol=1e-4)
    upstream = numbers(2, 7, 7, 3)
    for filtering, other in ((lambda seen: styling.filtered(seen, 1), upstream), (blur, numbers(2, 8, 8, 3))):
        with tf.GradientTape() as tape:
            tape.watch(images)
            told = tf.reduce_sum(filtering(images) * other)
        assert float(tf.reduce_sum(tape.gradient(told, images) * images)) == pytest.approx(float(told), rel=1e-4)
    even = styling.filtered(enlarge(tf.ones((1, 8, 8, 2))), 1)
    np.testing.assert_allclose(even[:, 2:-2, 2:-2], 1, atol=1e-6)


def test_each_channel_gets_the_mean_and_deviation_that_its_w_asks_for():
    layer, w = styling.AdaptiveNorm(), numbers(3, 2)
    styled = layer([numbers(3, 8, 8, 5), tf.zeros((3, 8, 8, 1)), w])
    scale, shift = np.split(layer.style(w), 2, axis=1)
    np.testing.assert_allclose(tf.reduce_mean(styled, (1, 2)), shift, atol=1e-5)
    np.testing.assert_allclose(tf.math.reduce_std(styled, (1, 2)), np.abs(1 + scale), atol=1e-5)


# Penalties


def test_r1_and_the_path_length_are_those_of_maps_that_are_linear():
    direction = numbers(2, 2, 1)
    assert float(slope(lambda seen: tf.reduce_sum(seen * direction, (1, 2, 3))[:, None], numbers(3, 2, 2, 1))) == (
        pytest.approx(float(tf.reduce_sum(direction**2)), rel=1e-5)
    )
    jacobians, upstream, lengths = numbers(2, 4, 4), numbers(3, 2, 2, 1, seed=1), PathLength()
    lengths.mean.assign(2.0)
    found = lengths.penalty(
        lambda given: tf.reshape(given[0] @ jacobians[0] + given[1] @ jacobians[1], (3, 2, 2, 1)),
        [numbers(3, 4)] * 2,  # one w for both layers
        upstream,
    )
    pulled = np.einsum("lwf,nf->nlw", jacobians, tf.reshape(upstream, (3, 4)))
    of_each = np.sqrt((pulled**2).sum(2).mean(1) / 4)  # of 2 x 2 pixels
    mean = 0.99 * 2 + 0.01 * of_each.mean()
    assert float(found) == pytest.approx(((of_each - mean) ** 2).mean(), rel=1e-4)
    assert float(lengths.mean) == pytest.approx(mean, rel=1e-5)


def test_a_lazy_penalty_is_computed_in_its_steps_alone_and_weighs_as_much():
    counted = tf.Variable(0)

    @tf.function
    def told(step):
        def penalty():
            counted.assign_add(1)
            return tf.constant(1.5)

        return lazily(step, 4, penalty)

    values = [float(told(tf.constant(step, tf.int64))) for step in range(8)]
    assert counted.numpy() == 2 and values == [6, 0, 0, 0, 6, 0, 0, 0]


@pytest.mark.parametrize(
    ("network", "weight", "penalty", "factor"),
    [("discriminator", "r1_weight", "r1", 0.5), ("generator", "path_length_weight", "path_length", 1.0)],
)
def test_penalties_enter_the_loss_by_their_weight_and_pull_at_the_network(network, weight, penalty, factor):
    model = made("train.model=stylegan.StyleGAN2", "train.r1_weight=0", "train.path_length_weight=0")
    real, fake = ({"image": numbers(4, 8, 8, 3, seed=seed)} for seed in (0, 1))
    found = []
    for value in (0.0, 3.0):
        model.settings = model.settings.model_copy(update={weight: value})
        with tf.GradientTape() as tape:
            loss, told = getattr(model, f"{network}_loss")(real, fake, STEP)
        weights = model.networks[network].trainable_variables
        found.append((float(loss), told, tape.gradient(loss, weights, unconnected_gradients="zero")))
    (without, told_without, still), (loss, told, pulled) = found
    share = model.loss.share if network == "discriminator" else 1.0
    assert penalty not in told_without and float(told[penalty]) > 0
    assert loss - without == pytest.approx(3 * factor * share * float(told[penalty]), rel=1e-4)
    assert max(np.abs(a - b).max() for a, b in zip(still, pulled, strict=True)) > 1e-3


# The model


def test_mixing_crosses_over_at_a_layer_of_each_image(model):
    ones, zeros = tf.ones((400, 4)), tf.zeros((400, 4))
    crossed = np.stack([w.numpy()[:, 0] for w in model.mixed(ones, zeros, "generator", STEP)], axis=1)
    assert (np.diff(crossed, axis=1) <= 0).all() and (crossed[:, 0] == 1).all()
    assert (crossed[:, -1] == 0).mean() == pytest.approx(0.9, abs=0.05)
    assert {1, 2, 3} == set(crossed[crossed[:, -1] == 0].sum(1))
    again = model.mixed(ones, zeros, "generator", STEP)
    np.testing.assert_array_equal(np.stack([w.numpy()[:, 0] for w in again], axis=1), crossed)


def test_the_path_length_is_that_of_mixed_styles_which_its_step_alone_decides(model, monkeypatch):
    given = []
    monkeypatch.setattr(model.path_length, "penalty", lambda draw, styles, upstream: given.append(np.stack(styles)))
    for mixing, step in ((1.0, 0), (1.0, 0), (1.0, 1), (0.0, 0)):
        monkeypatch.setattr(model, "settings", model.settings.model_copy(update={"mixing": mixing}))
        model._path_length({"image": numbers(4, 8, 8, 3)}, STEP + step)
    mixed, again, later, plain = given
    np.testing.assert_array_equal(mixed, again)
    assert mixed.shape == (4, 2, 4) and (mixed[0] != mixed[-1]).any(1).all() and not np.array_equal(mixed, later)
    np.testing.assert_array_equal(plain, np.repeat(mixed[:1], 4, axis=0))


def test_images_in_use_depend_on_latents_and_seed_alone(model):
    latents, label = numbers(3, 4), tf.zeros(3, tf.int32)
    images = model.generate(latents, label)
    np.testing.assert_allclose(model.generate(latents[1:2], label[:1])[0], images[1], atol=1e-5)
    layers = len(model.style_sides)
    styles = tf.repeat(model.styles(latents)[:, None], layers, axis=1)
    np.testing.assert_allclose(model.draw_styles(styles, tf.ones(layers), STEP), images, atol=1e-5)
    for quiet in (tf.zeros(layers), tf.one_hot(0, layers), tf.one_hot(layers - 2, layers)):
        assert np.abs(model.draw_styles(styles, quiet, STEP) - images).max() > 1e-3
    assert np.abs(model.draw_styles(styles, tf.ones(layers), STEP + 1) - images).max() > 1e-3
    # Fakes in training have noise of their own, another one each step.
    first, other = (model.make({}, 3, "generator", tf.constant(i), False)["image"] for i in (0, 1))
    assert np.abs(first - other).max() > 1e-3
    np.testing.assert_array_equal(model.make({}, 3, "generator", tf.constant(0), False)["image"], first)


def test_what_w_is_multiplied_by_is_told_layer_by_layer(model):
    kernels, w = model.style_kernels(), numbers(1, 4)
    assert [kernel.shape[0] for kernel in kernels] == [4] * len(model.style_sides)
    layer = model.drawing.get_layer("synthesis").get_layer("layer1")
    np.testing.assert_allclose((w @ kernels[1])[:, : layer.style.units], layer.style(w), atol=1e-5)


def test_w_learns_a_hundred_times_as_slowly(model):
    (dense,) = [layer for layer in model.mapping.layers if hasattr(layer, "rate")]
    assert dense.rate == 0.01 and dense.kernel.numpy().std() == pytest.approx(100, rel=0.5)


def test_only_the_generators_update_moves_the_mean_of_w(model):
    real, mean = {"image": numbers(4, 8, 8, 3)}, model.mapping.get_layer("mean").mean
    model.discriminator_step(real, STEP, STEP)
    assert not mean.numpy().any()
    model.generator_step(real, STEP, STEP)
    assert mean.numpy().any()
    np.testing.assert_allclose(model.mean_style(), mean)  # the averaged generator, which draws, keeps the same one


def test_all_regularisers_at_once_go_on_exactly_in_bfloat16():
    """Every second step has both; the last of three is trained once more by a new model from what was kept before."""
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    real, model, other = {"image": numbers(4, 8, 8, 3)}, made(*LAZY), made(*LAZY)
    for i in range(3):
        kept = {name: variable.numpy() for name, variable in model.variables().items()}
        told = model.train_step(real, tf.constant(i, tf.int64))
        assert all(np.isfinite(value) for value in told.values()) and set(told) == set(model.metric_names)
        assert (told["r1"] > 0) == (told["path_length"] > 0) == (i != 1)
    for name, variable in other.variables().items():
        variable.assign(kept[name])
    other.train_step(real, tf.constant(2, tf.int64))
    for name, variable in model.variables().items():
        np.testing.assert_array_equal(variable, other.variables()[name], err_msg=name)
    assert float(kept["path_length"]) > 0


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("prepare.size=48", r"prepare.size = 48 with .*: it takes 8 or 16 or 32 or 64"),
        ("prepare.size=4", "prepare.size = 4"),
        ("train.discriminator_batches=mixed", "train.discriminator_batches = mixed: allowed is 'separate'"),
        ("train.loss=began", "train.loss = began: stylegan.StyleGAN takes"),
        ("train.loss=relativistic", "r1_weight = 10.0 with train.loss = relativistic: .* own.*; set train.r1_weight=0"),
        ("train.loss=relativistic_r1", "train.r1_weight = 10.0 with train.loss = relativistic_r1"),
        ("train.mixing=1.5", "train.mixing = 1.5"),
        ("train.r1_every=0", "train.r1_every = 0"),
        ("train.spectral_normalization=true", "stylegan.StyleGAN cannot take it"),
    ],
)
def test_what_it_cannot_take_is_refused_in_words(override, reason):
    with pytest.raises(UserError, match=reason):
        compose_params("stylegan-emoji", [override])


def test_a_loss_with_an_r1_of_its_own_is_taken_alone():
    assert compose_params("stylegan-emoji", ["train.loss=relativistic", "train.r1_weight=0"])


def test_other_models_know_no_mixing():
    with pytest.raises(UserError, match="train.mixing: unknown key for gan.GAN; known for stylegan"):
        compose_params("gan-mnist", ["train.mixing=0.5"])


@pytest.mark.slow
def test_stylegan2_has_as_many_parameters_as_the_code_of_its_paper_prints():
    """Config F at 1024 pixels; the paper's section 4.3 says 30M and 29M."""
    size = ["prepare.size=1024", "train.features=32768", "train.most_features=512", "train.latent_dim=512"]
    train = compose_params(
        "stylegan-emoji", ["train.model=stylegan.StyleGAN2", *size, "train.generator_average=0"]
    ).train
    model = build(train, (1024, 1024, 3), 1)
    counts = [sum(v.shape.num_elements() for v in n.trainable_weights) for n in model.networks.values()]
    assert counts == [30_370_060, 29_012_513]
