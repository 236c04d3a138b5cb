from types import SimpleNamespace

import numpy as np

from ganline.datasets.resize import enlarged
from ganline.evaluation import measures
from ganline.evaluation.baselines import BASELINES, baselines
from ganline.metrics.record import Case, Sample


def test_the_input_copied_and_the_mean_colour():
    random = np.random.default_rng(0)
    train = np.zeros((3000, 6, 6, 3), np.uint8) + np.array([10, 200, 90], np.uint8)
    train[::2] += 20
    inputs, targets = random.integers(0, 256, (5, 6, 6, 1), np.uint8), random.integers(0, 256, (5, 6, 6, 3), np.uint8)
    found = baselines(inputs, targets, train)
    assert list(found) == ["baseline_copied_", "baseline_mean_colour_"] and found.keys() < BASELINES.keys()
    np.testing.assert_array_equal(found["baseline_copied_"], np.repeat(inputs, 3, axis=3))
    assert (
        found["baseline_mean_colour_"].shape == targets.shape
        and (found["baseline_mean_colour_"] == [20, 210, 100]).all()
    )


def test_inputs_of_another_size_are_stretched():
    inputs = np.full((2, 4, 4, 3), 7, np.uint8)
    targets = np.zeros((2, 16, 16, 1), np.uint8)
    assert (baselines(inputs, targets, targets)["baseline_copied_"] == np.full(targets.shape, 7)).all()


def test_of_smaller_inputs_pixels_are_repeated_or_enlarged_bicubically():
    small = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), np.uint8)
    targets = np.zeros((2, 16, 16, 3), np.uint8)
    found = baselines(small, targets, targets)
    assert list(found) == ["baseline_copied_", "baseline_mean_colour_", "baseline_bicubic_"]
    np.testing.assert_array_equal(found["baseline_copied_"][:, ::4, 3::4], small)
    np.testing.assert_array_equal(found["baseline_bicubic_"], enlarged(small, (16, 16)))


def test_a_hole_is_filled_with_the_mean_of_its_surroundings():
    images = np.full((1, 20, 20, 4), 255, np.uint8)
    images[0, :, :, 0] = 10
    images[0, 8:12, 8:12] = (128, 128, 128, 0)
    images[0, 5:15, 5:8, 0] = 110  # within three pixels of the hole: its left, which is 30 of the 84 pixels there
    found = baselines(images, images[..., :3], images[..., :3])
    assert list(found) == ["baseline_copied_", "baseline_mean_colour_", "baseline_mean_fill_"]
    filled = found["baseline_mean_fill_"][0]
    assert (filled[8:12, 8:12] == [round(10 + 100 * 30 / 84), 255, 255]).all()
    seen = images[0, ..., 3] == 255
    np.testing.assert_array_equal(filled[seen], images[0][seen][:, :3])
    assert (found["baseline_copied_"][0, 8:12, 8:12] == 128).all()


def test_numbers_of_pairs_stand_beside_those_of_the_baselines():
    random = np.random.default_rng(0)
    targets = random.integers(0, 256, (20, 16, 16, 3), np.uint8)
    inputs = targets.mean(axis=3, keepdims=True).astype(np.uint8)
    settings = SimpleNamespace(facts={"kind": "rotation", "classes": []})

    targets_of = Sample(targets, *np.zeros((2, len(targets), 2), np.float32))

    def case(images):
        features = np.zeros((len(images), 2), np.float32)
        return Case(
            Sample(images, features, features),
            targets_of,
            targets_of,
            None,
            1,
            settings,
            abilities=frozenset({"pairs"}),
        )

    others = {name: case(images) for name, images in baselines(inputs, targets, targets).items()}
    values, protocol = measures.measure_all(
        measures.chosen(["l1", "psnr", "ssim", "lpips"]), (), case(targets), others, {}, lambda name: None
    )
    assert values["l1"] == 0 and values["ssim"] == 1
    assert 0 < values["baseline_copied_l1"] < values["baseline_mean_colour_l1"]
    assert values["baseline_copied_ssim"] > values["baseline_mean_colour_ssim"]
    assert (
        protocol["baseline_copied_l1"]["sample"] == "the input copied" and not protocol["baseline_copied_l1"]["ranks"]
    )
    assert "its network was not asked for" in protocol["lpips"]["left_out"] and "lpips" not in values


def test_what_has_no_partners_is_not_measured_by_them():
    images = np.zeros((20, 16, 16, 3), np.uint8)
    features = np.zeros((20, 2), np.float32)
    sample = Sample(images, features, features)
    case = Case(sample, sample, sample, None, 1, SimpleNamespace(facts={"kind": "rotation", "classes": []}))
    found = measures.measure_all(measures.chosen(["l1"]), ["l1"], case, {}, {}, lambda name: None)
    assert found[0] == {} and "no true partner for each image" in found[1]["l1"]["left_out"]
