import dataclasses

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from ganline.catalogue.presets import compose_params
from ganline.metrics.classification import MEASURE, Labelled, classification
from ganline.metrics.record import Case

SETTINGS = compose_params("gan-mnist").evaluate


def halves(count, seed, noise=20):
    """Images whose left (0) or right half (1) is bright, in turn."""
    labels = np.arange(count) % 2
    images = np.random.default_rng(seed).integers(0, noise, (count, 8, 8, 1))
    images[labels == 0, :, :4] += 200
    images[labels == 1, :, 4:] += 200
    return Labelled(images.astype(np.uint8), labels)


def of_digits(sample, labels=None):
    return Labelled(sample.images, sample.labels if labels is None else labels)


def measured(digits, kind, degree):
    fakes = of_digits(digits.corrupted(kind, degree))
    return classification(fakes, of_digits(digits.train), of_digits(digits.real), seed=0)


def test_plain_classes_are_learned_from_any_set():
    found = classification(halves(60, 0), halves(100, 1), halves(80, 2), seed=0)
    assert found[:3] == (1.0, 1.0, 1.0)
    assert found.divergence < 0.01


def test_swapped_labels_teach_the_opposite():
    fakes = halves(60, 0)
    found = classification(fakes._replace(labels=1 - fakes.labels), halves(60, 1), halves(60, 2), seed=0)
    assert found[:3] == (0.0, 0.0, 1.0)
    assert found.divergence > 1.0


def test_fakes_of_one_class_teach_that_class_alone():
    # A third of the held-out images is of class 0; the classifier that saw no class 1 says: 0, for certain.
    fakes = halves(60, 0)
    fakes = Labelled(fakes.images[fakes.labels == 0], fakes.labels[fakes.labels == 0])
    held_out = halves(90, 2)
    rows = np.r_[np.flatnonzero(held_out.labels == 0)[:20], np.flatnonzero(held_out.labels == 1)[:40]]
    found = classification(fakes, halves(60, 1), Labelled(held_out.images[rows], held_out.labels[rows]), seed=0)
    assert found.train_on_fakes == pytest.approx(1 / 3) and found.test_on_fakes == 1.0
    # Nearly sure of 1, against 1 of 32 after 30 images of the other class
    assert found.divergence == pytest.approx(2 / 3 * np.log(32), rel=0.2)


def test_training_images_in_place_of_fakes_teach_as_much(digits):
    found = measured(digits, "noise", 0)
    assert found.train_on_reals > 0.9
    assert found.train_on_fakes == pytest.approx(found.train_on_reals, abs=0.01)
    assert found.test_on_fakes == pytest.approx(found.train_on_reals, abs=0.03)
    assert found.divergence < 0.05


@pytest.mark.parametrize("kind, middle", [("noise", 0.6), ("mislabelled", 0.3), ("dropped", 0.3)])
def test_falls_as_images_get_worse(digits, kind, middle):
    found = [measured(digits, kind, degree) for degree in (0, middle, 1)]
    assert found[0].train_on_fakes > found[1].train_on_fakes > found[2].train_on_fakes
    assert found[0].divergence < found[1].divergence < found[2].divergence
    assert found[0].train_on_reals == found[1].train_on_reals
    if kind == "mislabelled":
        assert found[0].test_on_fakes > found[1].test_on_fakes > found[2].test_on_fakes


def test_does_not_see_copies_of_training_images(digits):
    assert measured(digits, "memorised", 1).train_on_fakes == pytest.approx(
        measured(digits, "memorised", 0.5).train_on_fakes, abs=0.03
    )


def test_large_images_are_shrunk(digits):
    sets = [Labelled(part.images[:200], part.labels[:200]) for part in (digits.real, digits.train, digits.real)]
    large = [Labelled(part.images.repeat(2, axis=1).repeat(2, axis=2), part.labels) for part in sets]
    assert classification(*large, seed=0) == classification(*sets, seed=0)


def test_is_a_function_of_the_seed_and_not_of_threads():
    sets = halves(60, 0, noise=55), halves(90, 1, noise=55), halves(80, 2, noise=55)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(classification(*sets, seed=1))
    assert found[0] == found[1] != classification(*sets, seed=2)


def test_fakes_without_labels_have_the_extractors_likeliest_class(digits):
    measure = MEASURE
    case = Case(digits.train, digits.real, digits.train, SETTINGS, 0)
    unlabelled = dataclasses.replace(case, sample=dataclasses.replace(digits.train, labels=None))
    assert measure.protocol(unlabelled)["labels"] == "the extractor's likeliest class"
    named = dataclasses.replace(case, sample=dataclasses.replace(digits.train, labels=digits.train.likeliest))
    assert measure.compute(unlabelled) == measure.compute(named)
    assert set(measure.compute(case)) == set(measure.numbers)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda sets: sets | {"fakes": Labelled(sets["fakes"].images / 255, sets["fakes"].labels)}, "must be uint8"),
        (lambda sets: sets | {"fakes": Labelled(sets["fakes"].images[:1], sets["fakes"].labels[:1])}, "at least 2"),
        (lambda sets: sets | {"fakes": sets["fakes"]._replace(labels=np.zeros(3, int))}, "60 integers"),
        (lambda sets: sets | {"fakes": sets["fakes"]._replace(images=np.zeros((60, 9, 9, 1), np.uint8))}, "compared"),
        (lambda sets: sets | {"train": sets["train"]._replace(labels=np.zeros(60, int))}, "two classes at least"),
        (lambda sets: sets | {"train": sets["train"]._replace(images=np.zeros((60, 8, 8, 1), np.uint8))}, "all alike"),
    ],
)
def test_refusals(change, message):
    sets = {"fakes": halves(60, 0), "train": halves(60, 1), "held_out": halves(60, 2)}
    with pytest.raises(ValueError, match=f"classification: .*{message}"):
        classification(**change(sets), seed=0)
