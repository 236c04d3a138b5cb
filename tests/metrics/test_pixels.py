import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.abilities import lacking
from ganline.evaluation import measures as suite
from ganline.metrics.record import Case, Sample
from ganline.models import makers

MEASURES = suite.chosen(
    ["diversity", "image_quality", "reconstruction", "image_statistics", "log_likelihood", "mass_coverage"]
)
MEASURE = {measure.name: measure for measure in MEASURES}
COLOUR = {"saturation_distance"}


@pytest.fixture(scope="module")
def case(digits):
    settings = compose_params("gan-mnist", []).evaluate

    def make(sample, real=None, **more):
        has = digits.extractor.abilities
        return Case(sample, real or digits.real, digits.train, settings, 1, digits.extractor, abilities=has, **more)

    return make


def blank(side=28, channels=1, count=40):
    images = np.random.default_rng(0).integers(0, 256, (count, side, side, channels)).astype(np.uint8)
    return Sample(images, images.reshape(count, -1)[:, :8].astype(np.float32), np.full((count, 10), 0.1, np.float32))


def test_every_number_is_made_and_finite(case, digits):
    some = Sample(digits.train.images[:200], digits.train.features[:200], digits.train.probabilities[:200])
    for measure in MEASURES:
        if measure.name != "reconstruction":
            found = measure.compute(case(some))
            assert set(measure.numbers) - COLOUR == set(found)
            assert np.isfinite(list(found.values())).all()
            assert measure.protocol(case(digits.train)).keys().isdisjoint(found)


def test_colour_images_have_a_saturation(case):
    found = MEASURE["image_statistics"].compute(case(blank(channels=3), blank(channels=3)))
    assert set(found) == set(MEASURE["image_statistics"].numbers)


def test_diversity_does_not_see_wrong_labels(case, digits):
    right, wrong = (MEASURE["diversity"].compute(case(digits.corrupted("mislabelled", degree))) for degree in (0, 1))
    assert right == wrong


def test_diversity_without_classes_pairs_any_images(case, digits):
    known = case(digits.train)
    unknown = Case(known.sample, known.real, known.train, known.settings, known.seed)
    assert MEASURE["diversity"].protocol(unknown)["classes"].startswith("none")
    assert MEASURE["diversity"].compute(unknown)["ms_ssim"] < MEASURE["diversity"].compute(known)["ms_ssim"] - 0.1


@pytest.mark.parametrize("name", ["diversity", "image_quality"])
def test_small_images_leave_a_measure_out(case, name):
    with pytest.raises(ValueError, match="at least 11 pixels a side"):
        MEASURE[name].compute(case(blank(side=8), blank(side=8)))


def test_reconstruction(case, digits):
    vae = models.build(compose_params("vae-mnist").train, (28, 28, 1), 1)

    def compute(reconstruct):
        vae.reconstruct, vae.image_range = reconstruct, (-1.0, 1.0)
        return MEASURE["reconstruction"].compute(case(digits.train, maker=makers.Sampler(vae)))

    assert compute(lambda images: images) == pytest.approx(
        {"reconstruction_ssim": 1.0, "reconstruction_psnr": 58.92}, abs=0.01
    )
    worse = compute(lambda images: tf.clip_by_value(images + 0.2, -1.0, 1.0))
    assert worse["reconstruction_psnr"] == pytest.approx(20.0, abs=1.5)  # most pixels are off by a tenth of the range
    gan = makers.Sampler(models.build(compose_params("gan-mnist").train, (28, 28, 1), 1))
    assert lacking(MEASURE["reconstruction"].needs, gan.abilities) == "this model has no encoder"
