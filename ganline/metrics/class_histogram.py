"""How generated images spread over the classes of the data: what mode collapse shows in.

From the class that a classifier finds most likely for each image: the entropy of the histogram of classes in bits,
H = -sum_c p_c log2 p_c, its perplexity 2^H, and the number of classes that are there. Ten classes equally often are
3.32 bits; The GAN Book (Chaudhary 2024, Skill 3) shows a collapse from six digits and 2.34 bits to two digits and
0.98 bits. Held against the histogram q of real images: the divergence sum_c p_c log2(p_c / q_c) (Metz et al. 2017,
"Unrolled Generative Adversarial Networks").

How to read it: beside the same figures of real images. Far lower entropy means that classes are missing or rare. The
perplexity is the same as a number of classes: as varied as that many, equally often. The divergence is 0 where classes
are as frequent as in real images. Variety inside a class is not seen, and the classifier's own errors are.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import entr, rel_entr

from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number

SEEN = 0.1
"""A class counts as seen from this part of an even share on: 1 % of the images where there are ten classes. The errors
of a good classifier alone stay below it."""
HALF = 0.5
"""Images added to every class before the divergence is taken: it stays finite where real images lack a class."""


class ClassHistogram(NamedTuple):
    """What the histogram of the most likely classes says."""

    entropy: float
    """In bits, 0 to log2 of the number of classes."""
    seen: int
    """Classes that hold at least SEEN of an even share."""
    perplexity: float
    """2^entropy, 1 to the number of classes."""


def class_histogram(probabilities: np.ndarray) -> ClassHistogram:
    """Return what N images spread over, from their class probabilities, float (N, K).

    Raises:
        ValueError: not a finite matrix of probabilities with at least one row.
    """
    probabilities = checks.probabilities(probabilities, "class histogram")
    shares = _counts(probabilities) / len(probabilities)
    entropy = float(entr(shares).sum() / np.log(2.0))
    return ClassHistogram(entropy, int(np.sum(shares >= SEEN / len(shares))), 2.0**entropy)


def class_divergence(probabilities: np.ndarray, real: np.ndarray) -> float:
    """Return the Kullback-Leibler divergence in bits of N images' class histogram from that of M real images.

    Args:
        probabilities: float, (N, K).
        real: float, (M, K).

    Raises:
        ValueError: not two finite matrices of probabilities of as many classes.
    """
    measure = "class divergence"
    pair = checks.pair(probabilities, real, measure)
    counts = [_counts(checks.probabilities(part, measure)) + HALF for part in pair]
    shares, wanted = (count / count.sum() for count in counts)
    return max(float(rel_entr(shares, wanted).sum() / np.log(2.0)), 0.0)  # rounding can leave -1e-17


def _counts(probabilities: np.ndarray) -> np.ndarray:
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])


def _class_histogram(case: Case) -> dict[str, float]:
    found = class_histogram(case.sample.probabilities)
    return {
        "class_entropy": found.entropy,
        "classes_seen": found.seen,
        "class_perplexity": found.perplexity,
        "class_kl": class_divergence(case.sample.probabilities, case.real.probabilities),
    }


MEASURE = Measure(
    name="class_histogram",
    numbers={
        "class_entropy": Number(
            "Class entropy",
            "diversity",
            "",
            "Bits; ten classes equally often are 3.32. Far below its floor is mode collapse.",
        ),
        "classes_seen": Number(
            "Classes seen",
            "diversity",
            "higher",
            "Classes that hold at least a tenth of an even share; below its floor classes are missing.",
        ),
        "class_perplexity": Number(
            "Class perplexity",
            "diversity",
            "",
            "class_entropy as a number of classes: as varied as that many, equally often.",
            ranks=False,
        ),
        "class_kl": Number(
            "Class divergence",
            "diversity",
            "lower",
            "Bits; 0 where classes are as frequent as in real images, more is worse.",
        ),
    },
    compute=_class_histogram,
    answers="How do the images spread over the classes, and is that as in real images?",
    misleads="Variety inside a class is not seen; of unclear images the extractor's own preference is.",
    source="Metz et al. 2017, Unrolled Generative Adversarial Networks; Chaudhary 2024, The GAN Book",
    cost="< 1 s",
    needs=frozenset({"classes"}),
    protocol=lambda case: {"classes": "the likeliest ones, as the extractor sees them", "seen_from": SEEN},
)
