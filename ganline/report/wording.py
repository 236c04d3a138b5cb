"""What the page says about numbers and figures, in plain words."""

from typing import NamedTuple


class Metric(NamedTuple):
    """How a metric is named and read."""

    label: str
    better: str
    """"lower", "higher", or "" where neither is."""
    note: str


METRICS = {
    "fid": Metric(
        "FID",
        "lower",
        "Distance between the statistics of generated and real images. Compare it only at the same number of images.",
    ),
    "fid_mean": Metric("FID, mean part", "lower", "The part of FID that comes from the average image being off."),
    "fid_cov": Metric(
        "FID, covariance part",
        "lower",
        "The part of FID that comes from variety: too little, too much, or the wrong kind.",
    ),
    "kid": Metric("KID", "lower", "Like FID, but fair to small numbers of images; chance may push it just below zero."),
    "kid_stderr": Metric("KID, standard error", "", "How far KID may be off by the choice of the subsets."),
    "inception_score": Metric(
        "Inception Score",
        "higher",
        "Clear images of many classes score high; the number of classes is the most it can reach.",
    ),
    "inception_score_std": Metric(
        "Inception Score, spread", "", "How much the score varies between parts of the images."
    ),
    "precision": Metric("Precision", "higher", "The share of generated images that lie among the real ones: quality."),
    "recall": Metric("Recall", "higher", "The share of real images that lie among the generated ones: variety."),
    "class_entropy": Metric(
        "Class entropy",
        "",
        "How evenly the images spread over the classes, in bits. Far below real images: classes are missing or rare.",
    ),
    "classes_seen": Metric(
        "Classes seen",
        "",
        "Classes that hold at least a tenth of an even share. Fewer than real images: modes are lost.",
    ),
    "condition_accuracy": Metric(
        "Condition accuracy", "higher", "The share of images that the extractor puts into the class asked for."
    ),
}

HEADLINES = ("fid", "precision", "recall")

FIGURES = {
    "interpolation": (
        "From one sample to another",
        "Each row leads from a random latent on the left to another on the right. Smooth changes show that the "
        "generator learned a space of images; sudden jumps hint at memorised ones. Where a class can be asked for, "
        "a row keeps one.",
    ),
    "walk": (
        "A plane through the latent space",
        "Four random latents at the corners, everything between them blended. Neighbours should look alike.",
    ),
    "nearest": (
        "The nearest training images",
        "Left: the first samples, not picked. Right: the training images nearest to each in the extractor's feature "
        "space. Related but not equal is what you want to see.",
    ),
    "reconstruction": (
        "Held-out images and what became of them",
        "In each pair a held-out image stands on the left, and on the right what the model makes of it again after "
        "squeezing it into a latent.",
    ),
}

TONES = {"convergence_failure": "bad"}
"""The colour of a verdict. Any other is neutral: curves without a failure do not yet make a good generator."""

EVIDENCE = {
    "largest D loss": "Fails below the threshold: the discriminator has nothing left to learn.",
    "lowest D accuracy": "Fails at the threshold and above: the discriminator tells every image apart.",
}
