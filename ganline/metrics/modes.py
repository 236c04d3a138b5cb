"""How many modes of the data are found, and how evenly: the protocol of Stacked MNIST.

Metz et al. 2017, "Unrolled Generative Adversarial Networks"; Srivastava et al. 2017, "VEEGAN"; Lin et al. 2018,
"PacGAN: The power of two samples in generative adversarial networks". Each class of the data is a mode. A mode is found
when at least one of the judged images is classified as it, by the likeliest class that a classifier gives. With p_c the
share of judged images that are classified as c, and q_c the share of training images that are labelled c,

    modes = #{ c : p_c > 0 },    KL(generated || data) = sum over found modes of p_c ln(p_c / q_c)

in nats. The generated images' shares stand first (the reverse KL): a class that never comes costs nothing by itself,
but the images that it lacks are too many elsewhere; evenly spread over m of K even classes it is ln(K / m).

PacGAN's code takes q_c = 1/K, since random stacks of three digits come about equally often; that is `modes_kl_even`,
and what published figures of 26,000 samples are to be held against. MNIST's digits are not quite even: the data itself
has .0043 of it.

How to read it: beside the floor, of training images in the place of fakes. n images of K even classes have a KL of
about (K - 1) / (2 n) by chance alone: .019 for 26,000 of 1,000 classes. One image finds a mode: the classifier's errors
can find modes that are not drawn, and unclear images find many.
"""

import numpy as np
from scipy.special import rel_entr

from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number

READING = "Nats; 0 where {}, ln(K / m) where m of K classes come evenly; by chance about (K - 1) / (2 n)."


def histogram(found: np.ndarray, classes: int) -> np.ndarray:
    """Return the share of each class, float64 (classes,), among the classes of N images, integer (N,) from 0.

    Raises:
        ValueError: no images, or a number that is no class.
    """
    if not len(found) or found.min() < 0 or found.max() >= classes:
        raise ValueError(f"modes: expected class numbers from 0 to {classes - 1}, got {len(found)} of them")
    return np.bincount(found, minlength=classes) / len(found)


def reverse_kl(generated: np.ndarray, data: np.ndarray) -> float:
    """Return KL(generated || data) in nats of two histograms of shares, float (K,).

    Raises:
        ValueError: a class that the data lacks is among the generated ones: it would be infinite.
    """
    if lacking := np.flatnonzero((data == 0) & (generated > 0)).tolist():
        raise ValueError(f"modes: no training image is of class {lacking[0]}, and judged images are found to be of it")
    return max(float(rel_entr(generated, data).sum()), 0.0)  # rounding can leave -1e-17


def _modes(case: Case) -> dict[str, float]:
    probabilities = checks.probabilities(case.sample.probabilities, "modes")
    classes = probabilities.shape[1]
    if case.train.labels is None:
        raise ValueError("modes: the training images have no labels")
    generated, data = histogram(case.sample.likeliest, classes), histogram(case.train.labels, classes)
    return {
        "modes": int(np.count_nonzero(generated)),
        "modes_kl": reverse_kl(generated, data),
        "modes_kl_even": reverse_kl(generated, np.full(classes, 1 / classes)),
    }


MEASURE = Measure(
    name="modes",
    numbers={
        "modes": Number(
            "Modes found",
            "diversity",
            "higher",
            "Classes of which at least one image is found; below its floor classes are missing.",
        ),
        "modes_kl": Number(
            "KL(generated || data) of the modes",
            "diversity",
            "lower",
            READING.format("classes are as frequent as among the training images"),
        ),
        "modes_kl_even": Number(
            "KL(generated || even) of the modes",
            "diversity",
            "lower",
            READING.format("classes are equally frequent") + " Stacked MNIST's published figures are this one.",
            ranks=False,
        ),
    },
    compute=_modes,
    answers="How many of the data's classes are drawn at all, and how evenly?",
    misleads="One image finds a mode: it grows with the number of images, and with the classifier's errors.",
    source="Metz et al. 2017, Unrolled Generative Adversarial Networks; Lin et al. 2018, PacGAN",
    cost="< 1 s",
    needs=frozenset({"classes"}),
    protocol=lambda case: {"found_from": 1, "classes": "the likeliest ones, as the extractor sees them"},
)
