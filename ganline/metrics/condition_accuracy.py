"""Condition accuracy: does the generator make what it is asked for?

Odena et al. 2017, "Conditional Image Synthesis with Auxiliary Classifier GANs": the share of images that a classifier
of real images puts into the class that was asked for. How to read it: beside its floor, what the classifier says of
real images. One image a class, again and again, gets the best value.
"""

import numpy as np

from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number
from ganline.metrics.shares import standard_error


def class_agreement(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of images whose most likely class is their label.

    Args:
        probabilities: float, (N, K).
        labels: integers 0 to K - 1, (N,).

    Raises:
        ValueError: not a finite matrix of probabilities with at least one row, or not one label of a class a row.
    """
    probabilities = checks.probabilities(probabilities, "class agreement")
    labels = checks.labels(labels, len(probabilities), "class agreement")
    if labels.max() >= probabilities.shape[1]:
        raise ValueError(f"class agreement: label {labels.max()}, but there are {probabilities.shape[1]} classes")
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def _condition_accuracy(case: Case) -> dict[str, float]:
    if case.sample.labels is None:
        raise ValueError("condition_accuracy: needs the class of each image, got none")
    share = class_agreement(case.sample.probabilities, case.sample.labels)
    return {"condition_accuracy": share, "condition_accuracy_stderr": standard_error(share, len(case.sample))}


MEASURE = Measure(
    name="condition_accuracy",
    numbers={
        "condition_accuracy": Number(
            "Condition accuracy",
            "conditioning",
            "higher",
            "Share of images that the extractor puts into the class asked for, 0 to 1; more is better.",
        ),
        "condition_accuracy_stderr": Number(
            "Condition accuracy, standard error",
            "conditioning",
            "",
            "Binomial standard error of condition_accuracy.",
            ranks=False,
        ),
    },
    compute=_condition_accuracy,
    answers="Does the generator make what it is asked for?",
    misleads="One image a class, again and again, gets the best value.",
    source="Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs",
    cost="< 1 s",
    needs=frozenset({"classes", "labels"}),
    protocol=lambda case: {"classes": "the likeliest ones, as the extractor sees them"},
)
