"""PGGAN: what each phase computes, trains and shows, and what phases are refused."""

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.models import makers
from ganline.models.base import from_uint8
from ganline.settings.recipes import Growing
from ganline.training import loop
from ganline.training.batches import Feed
from tests.fitting import NARROW

TWO = "train.phases=[{size: 4, first_step: 0, batch_size: 6}, {size: 8, first_step: 2, fade_steps: 2}]"
THREE = (
    "train.phases=[{size: 4, first_step: 0, batch_size: 6}, {size: 8, first_step: 2, fade_steps: 2}, "
    "{size: 16, first_step: 6, batch_size: 2}]"
)
TINY = [*NARROW[Growing], "train.steps=8", "train.batch_size=4", "train.generator_batch_size=4"]


def tiny(size, phases):
    params = compose_params("pggan-emoji", [*TINY, f"prepare.size={size}", phases])
    model = models.build(params.train, (size, size, 3), 1, 0)
    model.make_optimizers()
    return model


@pytest.fixture(scope="module")
def three():
    """A new model of three phases."""
    return tiny(16, THREE)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of two phases, what was seen of it after each of 5 steps, and where it was saved after step 3."""
    model, seen, folder = tiny(8, TWO), [], tmp_path_factory.mktemp("saved")
    sampler, run = makers.Sampler(model), tf.function(model.train_step, autograph=False)
    for step in range(5):
        if step == 2:
            model.enter(1)
            run = tf.function(model.train_step, autograph=False)
        before = {name: variable.numpy() for name, variable in model.weights().items()}
        images = np.random.default_rng(step).integers(0, 256, (model.batch_size, 8, 8, 3), np.uint8)
        told = run({"image": from_uint8(images, model.image_range)}, tf.constant(step, tf.int64))
        moved = {name for name, variable in model.weights().items() if (variable.numpy() != before[name]).any()}
        drawn = model.drawing(sampler.latents(5, 0, "test")).numpy()
        seen.append((told, moved, sampler.images(sampler.latents(5, 0, "test")), drawn))
        if step == 3:
            models.save(model, folder)
    return model, seen, folder


def test_only_the_layers_of_the_phase_move(trained):
    model, seen, _ = trained
    for step, (told, moved, _, _) in enumerate(seen):
        assert set(told) == set(model.metric_names) and all(np.isfinite(value) for value in told.values())
        for name in model.network_names:
            known = {variable.ref() for variable in model._parts[name][int(step >= 2)].weights}
            numbered = {f"{name}/{i}": weight for i, weight in enumerate(model.networks[name].weights)}
            part = {number for number, weight in numbered.items() if weight.ref() in known}
            assert moved & numbered.keys() <= part, step
            # New layers count for nothing in the first step of fading in; a critic's last bias always does.
            least = 1 if step == 2 else len(part) - 3
            assert len(moved & part) >= least, (step, sorted(part - moved))
    assert model.weights()["grown"].numpy() == 5


def test_images_have_the_final_size_and_the_detail_of_the_phase(trained):
    for step, (_, _, images, drawn) in enumerate(trained[1]):
        assert images.shape == (5, 8, 8, 3)
        blocks = images.reshape(5, 4, 2, 4, 2, 3)  # at step 2 nothing of 8 pixels is in it yet
        assert (blocks == blocks[:, :, :1, :, :1]).all() == (step <= 2)
        np.testing.assert_allclose(np.clip((drawn + 1) * 127.5, 0, 255), images, atol=0.51)


def test_a_step_that_fades_in_bfloat16_trains_and_keeps_what_is_told_and_drawn_in_float32():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    model = tiny(8, TWO)
    model.enter(1)
    before = {name: variable.numpy() for name, variable in model.weights().items()}
    image = tf.random.stateless_uniform((model.batch_size, 8, 8, 3), [0, 1], -1, 1)
    told = model.train_step({"image": image}, tf.constant(3, tf.int64))
    assert float(model.share(1)) == 0.5  # of the way
    assert all(np.isfinite(value) and value.dtype == tf.float32 for value in told.values())
    moved = {name.split("/")[0] for name, value in model.weights().items() if (value.numpy() != before[name]).any()}
    assert moved >= set(model.networks)
    drawn = model.generate(tf.zeros((2, 8)), tf.zeros(2, tf.int32))
    assert drawn.dtype == tf.float32 and np.isfinite(drawn).all()


def test_a_model_saved_while_images_fade_in_draws_as_it_did(trained):
    _, seen, folder = trained
    sampler = makers.load_sampler(folder)
    np.testing.assert_array_equal(sampler.images(sampler.latents(5, 0, "test")), seen[3][2])


def test_real_images_fade_in_as_generated_ones_do(three):
    three.enter(1)
    image, shown = tf.random.stateless_uniform((4, 16, 16, 3), [0, 1]), []
    for grown in (3, 4, 5):
        three.grown.assign(grown)
        shown.append(three.of_phase({"image": image})["image"])
    eight = image.numpy().reshape(4, 8, 2, 8, 2, 3).mean((2, 4))
    four = np.repeat(np.repeat(eight.reshape(4, 4, 2, 4, 2, 3).mean((2, 4)), 2, 1), 2, 2)
    for real, share in zip(shown, (0, 0.5, 1), strict=True):
        np.testing.assert_allclose(real, (1 - share) * four + share * eight, atol=1e-5)


def test_a_phase_that_does_not_fade_takes_no_layers_of_smaller_images(three):
    three.enter(2)
    assert three.image("generator", tf.zeros((3, 8)), 2, False).shape == (3, 16, 16, 3)
    heads = [layer for layer in three._parts["generator"][2].layers if getattr(layer, "size", 3) == 1]
    assert len(heads) == 1


def test_a_shuffled_epoch_goes_on_where_the_batch_size_changes(three):
    feed, seen = Feed({"image": np.arange(24, dtype=np.uint8)[:, None]}, 4, "shuffle", seed=0), []
    for phase, (first, end) in enumerate(zip(three.phases, (2, 6, 8), strict=True)):
        three.enter(phase)
        chunk = feed.sized(three.batch_size).chunk(first, end - first, three.seen(first))
        seen += chunk["data"].numpy().ravel().tolist()
    assert three.seen(8) == len(seen) == 2 * 6 + 4 * 4 + 2 * 2 and sorted(seen[:24]) == list(range(24))


def test_optimizers_begin_anew_as_images_fade_in_and_when_they_have(three, monkeypatch, tmp_path):
    """By all that they keep, which goes up by 1 in every step of this training."""
    params = compose_params("pggan-emoji", [*TINY, "prepare.size=16", THREE, "train.steps_per_call=8"])
    assert three.restarts == (2, 4, 6)
    kept = []

    def step(chunk, first):
        variables = [variable for optimizer in three.optimizers.values() for variable in optimizer.variables()]
        for _ in chunk["data"]:
            kept.append({value for variable in variables for value in np.unique(variable)})
            for variable in variables:
                variable.assign_add(tf.ones_like(variable))
        return {name: tf.zeros(len(chunk["data"])) for name in three.metric_names}

    monkeypatch.setattr(loop, "compile_steps", lambda *_: step)
    loop.train(three, {"image": np.zeros((24, 16, 16, 3), np.uint8)}, params.train, tmp_path)
    assert kept == [{0}, {1}] * 4


@pytest.mark.parametrize(
    ("overrides", "part"),
    [
        (["prepare.size=48"], "prepare.size = 48 with train.model = pggan.PGGAN: it takes 8 or 16 or 32"),
        (["prepare.size=32"], "train.phases end with size 16: the last one's must be prepare.size = 32"),
        (["train.steps=6"], "phase 3 begins at step 6, and train.steps = 6: the images would never have"),
        (["train.phases=[{size: 16, first_step: 0, fade_steps: 1}]"], "has nothing to fade from"),
        (["train.phases=[{size: 8, first_step: 0}, {size: 16, first_step: 5, fade_steps: 4}]"], "which lasts 3 steps"),
        (["train.phases=[{size: 4, first_step: 0}, {size: 16, first_step: 5}]"], "so allowed is 8"),
        (["train.phases=[{size: 12, first_step: 0}]"], "is no power of two"),
        (["train.phases=[{size: 8, first_step: 0}, {size: 16, first_step: 0}]"], "so allowed is more than that"),
        (["train.phases=[{size: 16}]"], "train.phases.0.first_step: missing"),
        (["train.discriminator_batches=mixed"], "leave it at separate"),
        (["train.learning_rate_schedule=cosine"], "begin anew in each phase"),
        (["train.initializer=normal"], "train.initializer = normal"),
        (["train.minibatch_stddev=true"], "pggan.PGGAN cannot take it"),
        (["compute.strategy=mirrored", "compute.replicas=4"],
         "train.phases: batch_size of size 4 = 6: 4 replicas cannot share it evenly"),
    ],
)  # fmt: skip
def test_phases_that_cannot_be(overrides, part):
    with pytest.raises(UserError) as error:
        compose_params("pggan-emoji", [*TINY, "prepare.size=16", THREE, *overrides])
    assert part in str(error.value)
