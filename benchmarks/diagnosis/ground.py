"""What a run of the proving ground is made of: data, an experiment, and what is bent."""

from typing import NamedTuple

ALONE = ["extractor.kind=classifier", "extractor.beside=null"]
"""All are judged by a classifier of their own classes; see label.DISTANCE."""
DATASETS = {
    "mnist": ALONE,
    "fashion_mnist": ALONE,
    # Two fifths held out, and more epochs: 1,906 images are few to learn from and fewer to measure by.
    "emoji": [*ALONE, "prepare.size=16", "prepare.channels=3", "prepare.test_fraction=0.4", "extractor.epochs=30"],
    "digits": [*ALONE, "prepare.size=16", "prepare.test_fraction=0.4", "extractor.epochs=30"],
}


class Ground(NamedTuple):
    """One run: the experiment it starts from, its data, its length, what was bent, and to what end."""

    experiment: str
    dataset: str
    steps: int
    aim: str
    bent: tuple[str, ...] = ()
    keep: int = 0
    """Different training images that are left, repeated to the full count; 0: all."""


def rates(generator: float, discriminator: float) -> tuple[str, str]:
    """Return the overrides for the two learning rates."""
    return (
        f"train.optimizers.generator.learning_rate={generator}",
        f"train.optimizers.discriminator.learning_rate={discriminator}",
    )


def made(experiment: str, steps: int, base: tuple[str, ...], runs: list[tuple]) -> list[Ground]:
    """Return the runs of one experiment: (dataset, aim, overrides, images kept)."""
    grounds = []
    for dataset, aim, bent, *keep in runs:
        grounds.append(Ground(experiment, dataset, steps, aim, (*base, *bent), *keep))
    return grounds


BATCH = ("train.batch_size=32", "train.generator_batch_size=32")
LOGGED = (*BATCH, "train.log_every=20")
Z = "train.latent_dim="
GAP_ALONE = "train.model=failures.CapacityGap"
SPECTRAL = "train.spectral_normalization=true"
PENALTY = ("train.loss=wasserstein_gp", "train.discriminator_batches=separate")
PLAIN_DESCENT = ("train.optimizers.generator.name=sgd", "train.optimizers.discriminator.name=sgd", *rates(1e5, 1e5))
WASSERSTEIN = ("train.loss=wasserstein", "train.discriminator_batches=separate")
