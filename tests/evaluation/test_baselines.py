import numpy as np

from ganline.evaluation.baselines import BASELINES, baselines


def test_the_input_copied_and_the_mean_colour():
    random = np.random.default_rng(0)
    train = np.zeros((3000, 6, 6, 3), np.uint8) + np.array([10, 200, 90], np.uint8)
    train[::2] += 20
    inputs, targets = random.integers(0, 256, (5, 6, 6, 1), np.uint8), random.integers(0, 256, (5, 6, 6, 3), np.uint8)
    found = baselines(inputs, targets, train)
    assert found.keys() == BASELINES.keys()
    np.testing.assert_array_equal(found["copied_"], np.repeat(inputs, 3, axis=3))
    assert found["mean_colour_"].shape == targets.shape and (found["mean_colour_"] == [20, 210, 100]).all()


def test_inputs_of_another_size_are_stretched():
    inputs = np.full((2, 4, 4, 3), 7, np.uint8)
    targets = np.zeros((2, 16, 16, 1), np.uint8)
    assert (baselines(inputs, targets, targets)["copied_"] == np.full(targets.shape, 7)).all()
