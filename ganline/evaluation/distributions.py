"""The measures of how far apart two clouds of features lie as wholes."""

import numpy as np

from ganline.metrics.extrapolated_frechet import MOST_PARTS, extrapolated_frechet_distance
from ganline.metrics.frechet import (
    BLOCKS,
    LEAST_FOR_ERROR,
    class_frechet_distance,
    frechet_distance,
    frechet_standard_error,
)
from ganline.metrics.kid import kernel_distance
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.wasserstein_critic import STEPS, wasserstein_critic


def _fid(case: Case) -> dict[str, float]:
    found = frechet_distance(case.sample.features, case.real.features)
    numbers = {"fid": found.distance, "fid_mean": found.mean, "fid_cov": found.covariance}
    return numbers | _stderr("fid", case.sample.features, case.real.features)


def _class_fid(case: Case) -> dict[str, float]:
    if case.sample.labels is None or case.real.labels is None:
        raise ValueError("class Frechet distance: needs the class of each image, got none")
    found = class_frechet_distance(case.sample.features, case.sample.labels, case.real.features, case.real.labels)
    return {
        "class_fid": found.distance,
        "class_fid_stderr": found.standard_error,
        "class_fid_classes": found.classes,
        "class_fid_left_out": found.left_out,
    }


def _spatial_fid(case: Case) -> dict[str, float]:
    assert case.extractor is not None
    fake, real = (case.extractor.spatial(part.images) for part in (case.sample, case.real))
    return {"spatial_fid": frechet_distance(fake, real).distance} | _stderr("spatial_fid", fake, real)


def _stderr(name: str, fake: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """Return the distance's standard error, or nothing where the images are too few for one."""
    few = min(len(fake), len(real)) < LEAST_FOR_ERROR
    return {} if few else {f"{name}_stderr": frechet_standard_error(fake, real)}


def _fid_infinity(case: Case) -> dict[str, float]:
    found = extrapolated_frechet_distance(case.sample.features, case.real.features, case.seed)
    return {"fid_infinity": found.distance, "fid_infinity_stderr": found.standard_error}


def _kid(case: Case) -> dict[str, float]:
    settings = case.settings
    found = kernel_distance(
        case.sample.features, case.real.features, settings.kid_subsets, settings.kid_subset_size, case.seed
    )
    return {"kid": found.mean, "kid_stderr": found.standard_error}


def _wasserstein_critic(case: Case) -> dict[str, float]:
    found = wasserstein_critic(case.real.features, case.sample.features, case.seed)
    return {"wasserstein_critic": found.distance, "wasserstein_critic_stderr": found.standard_error}


JACKKNIFE = f"by a jackknife over {BLOCKS} blocks of both sets; it errs on the large side"

MEASURES: tuple[Measure, ...] = (
    Measure(
        name="fid",
        numbers={
            "fid": Number(
                "FID",
                "quality",
                "lower",
                "From 0: how far the mean and the spread of all fakes lie from those of real images. It falls as "
                "counts grow.",
            ),
            "fid_mean": Number(
                "FID, mean part",
                "quality",
                "lower",
                "From 0: the part of fid that all fakes share, such as being too bold.",
                ranks=False,
            ),
            "fid_cov": Number(
                "FID, covariance part",
                "diversity",
                "lower",
                "From 0: the part of fid that is too little or too much variety.",
                ranks=False,
            ),
            "fid_stderr": error_of("FID", "fid", JACKKNIFE),
        },
        compute=_fid,
        answers="How far are fakes, taken together, from real images?",
        misleads="It knows nothing but mean and covariance: copies of training images score best, and a few repeated "
        "images well if they are spread like the data. Only equal counts and extractors compare.",
        source="Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
        cost="0.5 s",
        baselines=True,
        default=True,
    ),
    Measure(
        name="class_fid",
        numbers={
            "class_fid": Number(
                "Class FID",
                "conditioning",
                "lower",
                "From 0: FID between fakes asked for a class and real images of it, averaged over the classes. Above "
                "its floor while fid is not: wishes are not met, or variety within classes is missing.",
            ),
            "class_fid_stderr": error_of("Class FID", "class_fid", JACKKNIFE, "conditioning"),
            "class_fid_classes": Number(
                "Class FID, classes", "conditioning", "", "How many classes are averaged over.", ranks=False
            ),
            "class_fid_left_out": Number(
                "Class FID, classes left out",
                "conditioning",
                "",
                "How many classes have no more images, on either side, than there are features.",
                ranks=False,
            ),
        },
        compute=_class_fid,
        answers="Are the fakes of a class like the real images of that class?",
        misleads="With few images a class its floor is high, and what differs between generators drowns in it.",
        source="Miyato and Koyama 2018, cGANs with Projection Discriminator (intra FID)",
        cost="0.5 s",
        needs=frozenset({"labels"}),
        default=True,
        protocol=lambda case: {"class_of_fakes": "the one asked for"},
    ),
    Measure(
        name="spatial_fid",
        numbers={
            "spatial_fid": Number(
                "Spatial FID",
                "quality",
                "lower",
                "From 0: FID of feature maps that know where in the image something is. It sees wrong places and "
                "textures that fid overlooks.",
            ),
            "spatial_fid_stderr": error_of("Spatial FID", "spatial_fid", JACKKNIFE),
        },
        compute=_spatial_fid,
        answers="Are the parts of fakes in the right places?",
        misleads="It takes only the first maps; and what misleads fid misleads it.",
        source="Nash et al. 2021, Generating Images with Sparse Representations",
        cost="10 s",
        protocol=lambda case: {"spatial_features": "the first of the extractor's last maps before they are pooled"},
    ),
    Measure(
        name="fid_infinity",
        numbers={
            "fid_infinity": Number(
                "FID infinity",
                "quality",
                "lower",
                "About 0 for equal distributions, and then negative as often as positive: fid as it would be for "
                "endlessly many images, so it compares across counts.",
            ),
            "fid_infinity_stderr": error_of(
                "FID infinity", "fid_infinity", f"by a jackknife over {BLOCKS} blocks of both sets"
            ),
        },
        compute=_fid_infinity,
        answers="How far are fakes from real images, without the bias of the count?",
        misleads="It spreads more than fid, and knows as little beyond mean and covariance.",
        source="Chong and Forsyth 2020, Effectively Unbiased FID and Inception Score and Where to Find Them",
        cost="1 s",
        default=True,
        protocol=lambda case: {"sizes": f"both sets in 1 to {MOST_PARTS} parts, each of more images than features"},
    ),
    Measure(
        name="kid",
        numbers={
            "kid": Number(
                "KID",
                "quality",
                "lower",
                "About 0 for equal distributions, and then negative as often as positive; more is worse. It does not "
                "drift with the count, so it is the one to trust for few images.",
            ),
            "kid_stderr": error_of(
                "KID",
                "kid",
                "by a jackknife over the images; where fakes are as good as real ones it errs on the large side",
            ),
        },
        compute=_kid,
        answers="How far are fakes from real images, where there are few of them?",
        misleads="It sees three moments and no more, and its unit depends on the extractor.",
        source="Binkowski et al. 2018, Demystifying MMD GANs",
        cost="4 s",
        baselines=True,
        default=True,
        protocol=lambda case: {
            "subsets": case.settings.kid_subsets,
            "subset_size": case.settings.kid_subset_size,
        },
    ),
    Measure(
        name="wasserstein_critic",
        numbers={
            "wasserstein_critic": Number(
                "Wasserstein critic",
                "quality",
                "lower",
                "About 0 for equal distributions, and then negative as often as positive; more is worse, in feature "
                "distance: how far apart a new critic can tell fakes and real images it never saw.",
            ),
            "wasserstein_critic_stderr": error_of(
                "Wasserstein critic", "wasserstein_critic", "over the judged images, not over critics"
            ),
        },
        compute=_wasserstein_critic,
        answers="How far apart can an independent critic tell fakes and real images?",
        misleads="A lower bound, as good as the critic's training: small differences go unseen where images are few.",
        source="Danihelka et al. 2017, Comparison of Maximum Likelihood and GAN-based Training of Real NVPs; Gulrajani "
        "et al. 2017, Improved Training of Wasserstein GANs",
        cost="4 s",
        protocol=lambda case: {"critic_steps": STEPS, "halves": "one trains the critic, the other is judged"},
    ),
)
