import numpy as np
import pytest
import tensorflow as tf
from typer.testing import CliRunner

from ganline.catalogue.presets import compose_params
from ganline.models.facts import model_facts
from ganline.training import devices, profile, stand_in
from ganline.training.profile import Operation, Profile, Rates
from pipelines.cli import app
from tests.fitting import fitting

SIDES, KERNEL = (2, 16, 16, 8), (3, 3, 8, 4)


def test_what_ran_is_counted_a_step_by_place_and_by_kind():
    images, kernel, matrix = (tf.ones(shape) for shape in (SIDES, KERNEL, (8, 32)))

    @tf.function(autograph=False)
    def run(steps):
        def step(i, total):
            with tf.GradientTape() as tape:
                tape.watch([images, kernel])
                made = tf.nn.conv2d(images + total, kernel, 2, "SAME") ** 2
            slopes = tape.gradient(made, [images, kernel])
            more = tf.matmul(tf.reshape(made[0, 0], (4, 8)) + tf.reduce_sum(slopes[1]), matrix)
            return i + 1, total + tf.reduce_sum(slopes[0]) + tf.reduce_sum(more)

        return tf.while_loop(lambda i, _: i < steps, step, (0, 0.0), parallel_iterations=1)

    three = tf.constant(3)
    run(three)
    ran = profile.record(lambda: run(three), 3, run.get_concrete_function(three).graph)
    kinds = {kind.kind: kind for kind in Profile(1.0, ran, Rates(1, 1, 1)).kinds()}
    convolution, product = 2 * 2 * 8 * 8 * np.prod(KERNEL), 2 * 4 * 8 * 32
    flops = {"Conv2D": convolution, "Conv2DBackpropInput": convolution, "Conv2DBackpropFilter": convolution}
    for kind, work in (flops | {"MatMul": product}).items():
        assert (kinds[kind].calls, kinds[kind].flops) == (1, work), kind
        assert kinds[kind].seconds > 0
    # What oneDNN makes of a convolution and its bias where TensorFlow fuses nothing (BigGAN's in bfloat16).
    given = [(tf.bfloat16, shape) for shape in (SIDES, KERNEL, KERNEL[-1:])]
    assert profile.flops("Conv2DWithBias", given, [(tf.bfloat16, (2, 8, 8, 4))]) == convolution
    assert kinds["MatMul"].bytes == 4 * (4 * 8 + 8 * 32 + 4 * 32)
    assert "While" not in kinds
    assert [one.seconds for one in ran] == sorted((one.seconds for one in ran), reverse=True)
    assert any(one.name.endswith("Conv2DBackpropFilter") and "/body/" not in one.name for one in ran)


def test_what_to_mend_first_is_what_takes_longest_beyond_the_machine_s_rates():
    rates = Rates(convolution=100, product=50, memory=10)
    operations = [
        Operation("at its rate", "Conv2D", 2.0, 1, 200, 0),
        Operation("slow product", "MatMul", 2.0, 1, 50, 0),
        Operation("slow convolution", "Conv2D", 2.0, 1, 50, 0),
        Operation("bound by memory", "Mul", 2.0, 1, 0, 20),
    ]
    assert [rates.to_win(operation) for operation in operations] == [0, 1, 1.5, 0]
    mended = Profile(8.0, operations, rates).to_mend(2)
    assert [operation.name for operation in mended] == ["slow convolution", "slow product"]


@pytest.mark.parametrize("experiment", ["srgan-faces", "cyclegan-apple2orange", "acgan-fashion-mnist"])
def test_a_stand_in_feeds_what_a_training_s_data_would(experiment):
    small = ["download.source=any", "train.batch_size=2", "train.generator_batch_size=2"]
    params = compose_params(experiment, fitting(experiment, small))
    made = stand_in.model_of(params, classes=10)
    feed = stand_in.feed_of(params, made)
    chunk = feed.chunk(0, 1)
    batch = {name: values.shape for name, values in feed.batch(chunk, tf.constant(0)).items()}
    assert batch["image"] == (made.batch_size, *made.image_shape)
    if made.input_shape:
        assert batch["input"] == (made.batch_size, *made.input_shape)
    assert ("label" in batch) == ("classes" in model_facts()[params.train.model]["needs"])
    assert (made.perception is not None) == bool(made.perceives)


def test_the_command_prints_kinds_of_operations_and_what_to_mend(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "2")  # undone after the test
    monkeypatch.setattr(profile, "MEASURED", 0.1)
    monkeypatch.setattr(devices.processor, "has_bfloat16", lambda: False)
    done = CliRunner().invoke(app, ["profile", "gan-mnist", "train.batch_size=4", "train.generator_batch_size=4"])
    assert done.exit_code == 0, done.output
    assert "gan-mnist, float32: a step takes" in done.output
    kinds, mend = done.output.split("Mend first")
    assert {"MatMul", "ResourceApplyAdam", "share", "GFLOP/s", "GB/s"} <= set(kinds.split())
    assert mend.count(" in ") == 5 and "while/" not in mend
    refused = CliRunner().invoke(app, ["profile", "gan-mnits"])
    assert "did you mean gan-mnist?" in str(refused.exception)
