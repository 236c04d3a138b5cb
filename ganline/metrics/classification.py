"""What a simple classifier learns from fakes, and what one that learned from real images makes of them.

Accuracies, 0 to 1, of one kind of classifier trained three times, on equally many images:

    train on fakes, test on held-out real images    (TSTR: Esteban et al. 2017, "Real-valued (Medical) Time Series
        Generation with Recurrent Conditional GANs"; the classification accuracy score of Ravuri and Vinyals 2019,
        "Classification Accuracy Score for Conditional Generative Models"; the adversarial accuracy of Yang et al. 2017,
        "LR-GAN: Layered Recursive Generative Adversarial Networks for Image Generation")
    train on real images, test on held-out real images    (what to hold the first against)
    train on real images, test on fakes    (TRTS; on the held-out ones, so that training images too can be tested)

and Yang et al.'s adversarial divergence: with p and q what the classifiers trained on real images and on fakes say of
a held-out image,

    mean_x KL( p(y|x) || q(y|x) ), in nats

How to read them: near the second accuracy the first says that fakes can stand in for real images: they are good, varied
and of the classes they are said to be. Low where the third is high, they show their classes but not their variety.
The divergence is near 0 (see the floor) where both classifiers judge alike, and sees differences that leave the
likeliest class as it is.

The classifier is multinomial logistic regression on the principal components of the pixels: deterministic and quick,
and far from the best there is. What it cannot learn from real images these numbers do not see.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import rel_entr
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ganline.core.random import generator
from ganline.datasets.resize import resize
from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number, Sample
from ganline.metrics.shares import standard_error

SIDE = 28
"""Larger images are shrunk to this side."""
COMPONENTS = 64
MOST_STEPS = 1000

Classifier = Callable[[np.ndarray], np.ndarray]
"""Components (N, d) -> probabilities (N, K)."""


class Labelled(NamedTuple):
    """Images and their classes."""

    images: np.ndarray
    """uint8 (N, H, W, C)."""
    labels: np.ndarray
    """Integers from 0 (N,)."""


class Classification(NamedTuple):
    """The three accuracies and the divergence."""

    train_on_fakes: float
    test_on_fakes: float
    train_on_reals: float
    divergence: float
    """In nats, 0 or more."""
    divergence_error: float
    """Standard error of the divergence, as far as the choice of held-out images goes."""


def classification(fakes: Labelled, train: Labelled, held_out: Labelled, seed: int) -> Classification:
    """Return what classifiers learn from fakes and from real images.

    It runs on one thread, so that nothing depends on the machine's number of cores.

    Args:
        fakes: whom to judge.
        train: real training images.
        held_out: other real images.
        seed: fixes which images are trained on: of each set as many as the smallest has.

    Raises:
        ValueError: images or labels of another form, sizes that differ, or real images all of one class or all alike.
    """
    sets = checked("classification", fakes, train, held_out)
    classes, count = classes_of(sets), min(len(part.labels) for part in sets)
    random = generator(seed, "classification")
    fake_rows, train_rows, held_out_rows = (random.permutation(len(part.labels))[:count] for part in sets)
    with threadpool_limits(1):
        project = projection(train, train_rows, "classification")
        fake, real = project(fakes.images), project(held_out.images)
        from_fakes = trained(fake[fake_rows], fakes.labels[fake_rows], classes)(real)
        from_train = trained(project(train.images[train_rows]), train.labels[train_rows], classes)(real)
        of_fakes = trained(real[held_out_rows], held_out.labels[held_out_rows], classes)(fake)
    divergences = rel_entr(_smoothed(from_train, count), _smoothed(from_fakes, count)).sum(axis=1)
    return Classification(
        accuracy(from_fakes, held_out.labels),
        accuracy(of_fakes, fakes.labels),
        accuracy(from_train, held_out.labels),
        max(float(divergences.mean()), 0.0),
        float(divergences.std() / np.sqrt(len(divergences))),
    )


def checked(measure: str, *sets: Labelled) -> list[Labelled]:
    """Return the sets with their labels as int64.

    Raises:
        ValueError: as `classification` says.
    """
    for part in sets:
        checks.image_pair(sets[0].images, part.images, measure, rows=2)
    return [Labelled(part.images, checks.labels(part.labels, len(part.images), measure)) for part in sets]


def classes_of(sets: Sequence[Labelled]) -> int:
    """Return how many classes there are, by the highest label."""
    return 1 + max(int(part.labels.max()) for part in sets)


def projection(train: Labelled, rows: np.ndarray, measure: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return what maps images to the principal components of some training images, float64 (N, 64 or fewer).

    They are scaled by the deviation of the first, so that regularisation means the same for all data.

    Raises:
        ValueError: these training images are of one class, or all alike.
    """
    images, labels = train.images[rows], train.labels[rows]
    if (labels == labels[0]).all() or (images == images[0]).all():
        raise ValueError(f"{measure}: the {len(images)} real images must be of two classes at least, and not all alike")
    pixels = _pixels(images)
    components = PCA(min(COMPONENTS, *pixels.shape), svd_solver="covariance_eigh").fit(pixels)
    deviation = np.sqrt(components.explained_variance_[0])
    return lambda images: components.transform(_pixels(images)) / deviation


def trained(points: np.ndarray, labels: np.ndarray, classes: int) -> Classifier:
    """Return a classifier trained on components (N, d) and int64 labels (N,)."""
    present = np.unique(labels)
    if len(present) == 1:
        return lambda points: np.tile(np.eye(classes)[present[0]], (len(points), 1))
    model = LogisticRegression(max_iter=MOST_STEPS).fit(points, labels)

    def classifier(points: np.ndarray) -> np.ndarray:
        probabilities = np.zeros((len(points), classes))
        probabilities[:, present] = model.predict_proba(points)
        return probabilities

    return classifier


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of images whose likeliest class is their label."""
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def _pixels(images: np.ndarray) -> np.ndarray:
    height, width = (min(side, SIDE) for side in images.shape[1:3])
    if (height, width) != images.shape[1:3]:
        images = np.stack([resize(image, height, width) for image in images])
    return images.reshape(len(images), -1).astype(np.float64)


def _smoothed(probabilities: np.ndarray, count: int) -> np.ndarray:
    """Return the probabilities as if each class had been seen once more in training on `count` images.

    A class that one classifier never saw has probability 0, and the divergence would be infinite.
    """
    return (probabilities * count + 1.0) / (count + probabilities.shape[1])


def labelled(case: Case) -> tuple[Labelled, Labelled, Labelled]:
    """Return the judged, the training and the held-out images with their classes."""
    judged, train, held_out = (_with_labels(sample) for sample in (case.sample, case.train, case.real))
    return judged, train, held_out


def _with_labels(sample: Sample) -> Labelled:
    return Labelled(sample.images, sample.likeliest if sample.labels is None else sample.labels)


def _classification(case: Case) -> dict[str, float]:
    found = classification(*labelled(case), case.seed)
    return {
        "train_on_fakes_accuracy": found.train_on_fakes,
        "train_on_fakes_accuracy_stderr": standard_error(found.train_on_fakes, len(case.real)),
        "test_on_fakes_accuracy": found.test_on_fakes,
        "test_on_fakes_accuracy_stderr": standard_error(found.test_on_fakes, len(case.sample)),
        "adversarial_divergence": found.divergence,
        "adversarial_divergence_stderr": found.divergence_error,
        "train_on_reals_accuracy": found.train_on_reals,
    }


def classifier_protocol(case: Case) -> dict[str, Any]:
    """Return how the classifier is trained, and on which labels."""
    asked = "as asked for" if case.maker is not None else "of the data"
    return {
        "reference": "training and test split",
        "labels": "the extractor's likeliest class" if case.sample.labels is None else asked,
        "classifier": (
            f"multinomial logistic regression on {COMPONENTS} principal components of pixels, at most {SIDE}x{SIDE}"
        ),
    }


MEASURE = Measure(
    name="classification",
    numbers={
        "train_on_fakes_accuracy": Number(
            "Train on fakes, test on reals",
            "diversity",
            "higher",
            "Accuracy on held-out real images of a classifier trained on fakes, 0 to 1; hold it against "
            "train_on_reals_accuracy. Also known as classification accuracy score and adversarial accuracy.",
        ),
        "train_on_fakes_accuracy_stderr": Number(
            "Train on fakes, standard error",
            "diversity",
            "",
            "Binomial standard error of train_on_fakes_accuracy.",
            ranks=False,
        ),
        "test_on_fakes_accuracy": Number(
            "Train on reals, test on fakes",
            "conditioning",
            "higher",
            "Accuracy on fakes of a classifier trained on real images, 0 to 1; more says that they show their classes.",
        ),
        "test_on_fakes_accuracy_stderr": Number(
            "Test on fakes, standard error",
            "conditioning",
            "",
            "Binomial standard error of test_on_fakes_accuracy.",
            ranks=False,
        ),
        "adversarial_divergence": Number(
            "Adversarial divergence",
            "diversity",
            "lower",
            "Nats, from 0; how far apart classifiers trained on real images and on fakes judge held-out ones.",
        ),
        "adversarial_divergence_stderr": Number(
            "Adversarial divergence, standard error",
            "diversity",
            "",
            "Standard error of adversarial_divergence, as far as the choice of held-out images goes.",
            ranks=False,
        ),
        "train_on_reals_accuracy": Number(
            "Train on reals, test on reals",
            "diversity",
            "",
            "What the classifier of train_on_fakes_accuracy reaches with as many real images.",
            ranks=False,
        ),
    },
    compute=_classification,
    answers="Can a classifier learn from fakes what it learns from real images? LR-GAN calls the first number "
    "adversarial accuracy.",
    misleads="The classifier is simple, and sees little of what colour photographs hold; where the generator "
    "cannot be asked for classes, the labels are the extractor's guesses.",
    source="Ravuri and Vinyals 2019, Classification Accuracy Score for Conditional Generative Models; Esteban et "
    "al. 2017 (TSTR, TRTS); Yang et al. 2017, LR-GAN",
    cost="3 s",
    needs=frozenset({"classes"}),
    protocol=classifier_protocol,
)
