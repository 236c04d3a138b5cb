import numpy as np
import pytest
from scipy.stats import binomtest
from toy_generator import bars, look

from ganline.latent.attributes import Rate, measurements, of_classes, of_marks, of_measurements, rate


@pytest.fixture(scope="module")
def factors():
    return np.random.default_rng(1).standard_normal((400, 3))


@pytest.fixture(scope="module")
def seen(factors):
    return look(bars(factors))


def test_measurements_follow_the_factors_that_made_the_images(factors, seen):
    found = measurements(seen.images)
    for place, name in enumerate(("slant", "contrast", "area")):
        assert np.corrcoef(factors[:, place], found[name])[0, 1] > 0.8
    assert not {"redness", "saturation"} & set(found)


def test_golden_figure():
    image = np.full((1, 10, 20, 1), 255, np.uint8)
    image[0, 2:8, 4:8] = 0  # 6 x 4 of ink on white paper
    found = {name: values[0] for name, values in measurements(image).items()}
    assert found["area"] == pytest.approx(24 / 200)
    assert found["height"] == pytest.approx(np.sqrt(35 / 12) / 10)
    assert found["width"] == pytest.approx(np.sqrt(15 / 12) / 20)
    assert (found["slant"], found["symmetry"]) == (0, 1)
    assert found["brightness"] == pytest.approx(176 / 200)
    leaning = np.zeros((2, 9, 9, 1), np.uint8)
    leaning[0, np.arange(1, 8), np.arange(7, 0, -1)] = 200  # up and to the right: a column a row
    leaning[1, np.arange(1, 8), np.arange(1, 8)] = 200
    np.testing.assert_allclose(measurements(leaning)["slant"], [1, -1], atol=1e-6)
    assert measurements(leaning)["symmetry"][0] == pytest.approx(1 / 13)


def test_colours_and_blank_images():
    images = np.zeros((2, 8, 8, 3), np.uint8)
    images[0, ..., 0] = 255
    found = measurements(images)
    assert [found[name][0] for name in ("redness", "greenness", "blueness", "saturation")] == [1, -0.5, -0.5, 1]
    assert all(np.isfinite(values).all() for values in found.values())
    assert found["area"].tolist() == found["slant"].tolist() == [0, 0]
    with pytest.raises(ValueError, match="uint8 images"):
        measurements(images.astype(float))


def test_levels_are_those_of_each_label(seen):
    labels = np.arange(400) % 2
    images = seen.images.copy()
    images[labels == 1] //= 3  # one class is darker
    darker = look(images)
    found = {attribute.name: attribute for attribute in of_measurements(darker, labels, 2)}
    brightness = found["brightness"]
    assert brightness.level[1] < 0.5 * brightness.level[0]
    has = brightness.has(darker, labels)
    assert [has[labels == label].mean() for label in (0, 1)] == pytest.approx([0.1, 0.1], abs=0.01)
    assert np.array_equal(has, brightness.members) and not (has & brightness.lacks(darker, labels)).any()


def test_what_does_not_vary_is_no_attribute(seen):
    same = look(np.repeat(seen.images[:1], 50, axis=0))
    assert of_measurements(same, np.zeros(50, int), 0) == []
    assert of_classes(["dark", "bright"], same, 0, 5) == []


def test_classes_are_the_likeliest(seen):
    dark, bright = of_classes(["dark", "bright"], seen, 0, 5)
    labels = np.zeros(400, int)
    assert np.array_equal(dark.has(seen, labels), seen.probabilities[:, 0] >= 0.5)
    assert np.array_equal(dark.lacks(seen, labels), bright.has(seen, labels))
    assert len(of_classes(["dark", "bright"], seen, 0, 1)) == 1
    assert of_classes([], seen, 0, 5) == []  # columns of an extractor that knows no classes


def test_marks_teach_an_attribute(seen):
    slant = measurements(seen.images)["slant"]
    marked = np.flatnonzero(slant[:100] > np.quantile(slant, 0.7))
    attribute = of_marks("leaning", marked.tolist(), seen, 0)
    assert np.array_equal(np.flatnonzero(attribute.members), marked)
    assert np.corrcoef(attribute.score(seen)[100:], slant[100:])[0, 1] > 0.8


@pytest.mark.parametrize(
    ("marked", "wrong"),
    [([], "no sample is named"), ([3, 400, 501], "400, 501: samples are numbered 0 to 399"), ([0, 1], "every sample")],
)
def test_marks_that_cannot_be(seen, marked, wrong):
    with pytest.raises(ValueError, match=f"leaning: .*{wrong}"):
        of_marks("leaning", marked, seen, 0)


def test_rates_have_wilson_intervals():
    found = rate(np.array([True] * 30 + [False] * 70))
    expected = binomtest(30, 100).proportion_ci(0.95, "wilson")
    assert found.interval == (expected.low, expected.high) and str(found) == "30 % (22 to 40)"
    assert found.clearly_above(Rate(10, 100), 3) and not found.clearly_above(Rate(11, 100), 3)
    assert not Rate(3, 10).clearly_above(Rate(1, 10), 3)  # three times, but from too few
    assert Rate(20, 100).clearly_above(Rate(0, 100), 3)
