"""The measures made of distances between features."""

from typing import Any

from ganline.core.random import generator
from ganline.core.repeats import SAME
from ganline.metrics import birthday_paradox as birthday
from ganline.metrics import geometry_score as geometry
from ganline.metrics import memorisation as copies
from ganline.metrics.image_retrieval import retrieval_distance_ratio, retrieval_precision
from ganline.metrics.precision_recall import precision_recall
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.shares import standard_error
from ganline.metrics.two_sample_test import FOLDS, linear_test, nearest_neighbour_test

RETRIEVED = 10
"""Images retrieved for each query."""
LANDMARK_SETS = 100
"""The authors take 1,000; as many would take minutes."""


def _precision_recall(case: Case) -> dict[str, float]:
    settings = case.settings
    found = precision_recall(
        case.real.features, case.sample.features, settings.neighbours, settings.coverage_neighbours
    )
    return found._asdict() | {
        "precision_stderr": standard_error(found.precision, len(case.sample)),
        "recall_stderr": standard_error(found.recall, len(case.real)),
        "coverage_stderr": standard_error(found.coverage, len(case.real)),
    }


def _c2st_nn(case: Case) -> dict[str, float]:
    found = nearest_neighbour_test(case.real.features, case.sample.features)
    return {
        "c2st_nn": found.accuracy,
        "c2st_nn_real": found.real,
        "c2st_nn_fake": found.fake,
        "c2st_nn_stderr": standard_error(found.accuracy, 2 * len(case.sample)),
    }


def _c2st_linear(case: Case) -> dict[str, float]:
    found = linear_test(case.real.features, case.sample.features, case.seed)
    return {"c2st_linear": found.accuracy, "c2st_linear_stderr": found.standard_error}


def _birthday_paradox(case: Case) -> dict[str, float]:
    found = birthday.birthday_paradox(case.sample.features, case.real.features)
    return {
        "support_size": found.support_size,
        "duplicate_share": found.duplicate_share,
        "support_size_at_least": found.at_least,
        "support_size_stderr": found.standard_error,
        "duplicate_share_stderr": found.duplicate_share_error,
    }


def _memorisation(case: Case) -> dict[str, float]:
    found = copies.memorisation(case.sample.features, case.real.features, case.train.features)
    return {
        "copied_share": found.copied_share,
        "nearest_distance_ratio": found.nearest_distance_ratio,
        "copied_share_stderr": standard_error(found.copied_share, len(case.sample)),
        "held_out_repeats": found.left_out,
    }


def _mifid(case: Case) -> dict[str, float]:
    found = copies.mifid(case.sample.features, case.real.features, case.train.features)
    return {
        "mifid": found.mifid,
        "memorisation_distance": found.memorisation_distance,
        "memorisation_threshold": found.threshold,
    }


def _image_retrieval(case: Case) -> dict[str, float]:
    rows = generator(case.seed, "image_retrieval").permutation(len(case.train))[: len(case.sample)]
    ratio = retrieval_distance_ratio(case.real.features, case.sample.features, case.train.features[rows])
    return {"retrieval_distance_ratio": ratio}


def _retrieval_precision(case: Case) -> dict[str, float]:
    if case.real.labels is None:
        raise ValueError("retrieval_precision: needs the class of each held-out image, got none")
    precision = retrieval_precision(
        case.real.features, case.real.labels, case.sample.features, case.sample.likeliest, RETRIEVED
    )
    return {"retrieval_precision": precision}


def _geometry_score(case: Case) -> dict[str, float]:
    found = geometry.geometry_score(case.real.features, case.sample.features, LANDMARK_SETS, case.seed)
    return {"geometry_score": found.score, "geometry_score_stderr": found.standard_error}


def _of_training_images(case: Case) -> dict[str, Any]:
    return {"reference": "training and test split", "n_train": len(case.train)}


BINOMIAL = "as if each image were judged by itself (binomial)"

MEASURES: tuple[Measure, ...] = (
    Measure(
        name="precision_recall",
        numbers={
            "precision": Number(
                "Precision",
                "quality",
                "higher",
                "0 to 1: share of fakes that lie among the real images. Low means that many fakes look like nothing "
                "real.",
            ),
            "recall": Number(
                "Recall",
                "diversity",
                "higher",
                "0 to 1: share of real images that lie among the fakes. Low means that much of what is real never "
                "comes.",
            ),
            "f1": Number(
                "F1", "quality", "higher", "0 to 1: harmonic mean of precision and recall, high only where both are."
            ),
            "density": Number(
                "Density",
                "quality",
                "higher",
                "From 0, about 1 for real images: how thick real images lie about a fake. Above its floor fakes keep "
                "to the commonest kinds.",
            ),
            "coverage": Number(
                "Coverage",
                "diversity",
                "higher",
                "0 to 1: share of real images with a fake close by. Low means that kinds of images are missing.",
            ),
            "precision_stderr": error_of("Precision", "precision", BINOMIAL),
            "recall_stderr": error_of("Recall", "recall", BINOMIAL, "diversity"),
            "coverage_stderr": error_of("Coverage", "coverage", BINOMIAL, "diversity"),
        },
        compute=_precision_recall,
        answers="How many fakes look real, and how much of what is real do the fakes cover?",
        misleads="Odd images have large balls: odd real ones raise precision, odd fakes raise recall (noise may have a "
        "high recall); density and coverage suffer less.",
        source="Kynkaanniemi et al. 2019, Improved Precision and Recall Metric for Assessing Generative Models; "
        "Naeem et al. 2020, Reliable Fidelity and Diversity Metrics for Generative Models",
        cost="1.5 s",
        default=True,
        protocol=lambda case: {
            "neighbours": case.settings.neighbours,
            "coverage_neighbours": case.settings.coverage_neighbours,
        },
    ),
    Measure(
        name="c2st_nn",
        numbers={
            "c2st_nn": Number(
                "Nearest-neighbour two-sample test",
                "quality",
                "lower",
                "0.5 is best: an image's nearest other image is as often fake as real. 1: always of its own set. "
                "Below 0.5 fakes nearly repeat the images they are judged by.",
            ),
            "c2st_nn_real": Number(
                "Real images told by their nearest neighbour",
                "quality",
                "",
                "0 to 1. Above c2st_nn_fake: fakes are scattered more widely than real images.",
                ranks=False,
            ),
            "c2st_nn_fake": Number(
                "Fakes told by their nearest neighbour",
                "diversity",
                "",
                "0 to 1. Above c2st_nn_real: fakes crowd together among the real images, as in mode collapse.",
                ranks=False,
            ),
            "c2st_nn_stderr": error_of("Nearest-neighbour two-sample test", "c2st_nn", BINOMIAL),
        },
        compute=_c2st_nn,
        answers="Can fakes be told from real images by what lies nearest?",
        misleads="It sees any difference in the features, whether or not people would; good fakes may still reach 0.9.",
        source="Lopez-Paz and Oquab 2017, Revisiting Classifier Two-Sample Tests; Xu et al. 2018, An Empirical Study "
        "on Evaluation Metrics of Generative Adversarial Networks",
        cost="1 s",
        default=True,
    ),
    Measure(
        name="c2st_linear",
        numbers={
            "c2st_linear": Number(
                "Linear two-sample test",
                "quality",
                "lower",
                "0.5 is best: a linear classifier cannot tell fakes from real images. 1: it always can.",
            ),
            "c2st_linear_stderr": error_of(
                "Linear two-sample test",
                "c2st_linear",
                f"across {FOLDS} folds, which share images (Nadeau and Bengio 2003)",
            ),
        },
        compute=_c2st_linear,
        answers="Can a linear classifier tell fakes from real images?",
        misleads="It sees shifts of the features and hardly anything else: missing kinds that balance out, or copies, "
        "pass.",
        source="Lopez-Paz and Oquab 2017, Revisiting Classifier Two-Sample Tests",
        cost="3 s",
        protocol=lambda case: {"folds": FOLDS, "classifier": "logistic regression of standardised features"},
    ),
    Measure(
        name="birthday_paradox",
        numbers={
            "support_size": Number(
                "Support size",
                "diversity",
                "higher",
                "From 1: from how many different images the generator seems to draw, by its near-duplicates. Far below "
                "its floor it keeps coming back to the same pictures. All pairs of fakes, if none is alike: then only "
                "support_size_at_least holds.",
            ),
            "duplicate_share": Number(
                "Fakes with a near-duplicate",
                "diversity",
                "lower",
                "0 to 1: share of fakes that nearly equal another fake. Real images have some too, see the floor.",
            ),
            "support_size_at_least": Number(
                "Support size, lower bound",
                "diversity",
                "",
                "What the support size exceeds with 95 % confidence (Poisson).",
                ranks=False,
            ),
            "support_size_stderr": error_of(
                "Support size", "support_size", "by the count of pairs (Poisson)", "diversity"
            ),
            "duplicate_share_stderr": error_of(
                "Fakes with a near-duplicate", "duplicate_share", "by the count of pairs (Poisson)", "diversity"
            ),
        },
        compute=_birthday_paradox,
        answers="From how many different images does the generator seem to draw?",
        misleads="Blurred or simple fakes lie close together and count as duplicates; a few images that come very "
        "often hide how many others there are.",
        source="Arora et al. 2018, Do GANs Learn the Distribution? Some Theory and Empirics",
        cost="1 s",
        default=True,
        protocol=lambda case: {
            "near_duplicate": f"no farther apart than percentile {birthday.PERCENTILE:g} of the distances of held-out "
            "images to their nearest other",
        },
    ),
    Measure(
        name="memorisation",
        numbers={
            "copied_share": Number(
                "Copied share",
                "novelty",
                "lower",
                f"0 to 1: share of fakes nearer to a training image than all but {copies.PERCENTILE:g} % of the "
                "held-out images are. About 0.01 where nothing is copied.",
            ),
            "nearest_distance_ratio": Number(
                "Nearest-distance ratio",
                "novelty",
                "",
                "From 0: how far a fake is from its nearest training image, against a held-out image (medians). 1: "
                "like new real images; below: copies; above: far from all real images.",
            ),
            "copied_share_stderr": error_of("Copied share", "copied_share", BINOMIAL, "novelty"),
            "held_out_repeats": Number(
                "Held-out images that repeat a training image",
                "novelty",
                "",
                f"How many held-out images are training images again (nearer than {100 * SAME:g} % of the mean "
                "distance). The generator was shown them, so no threshold for copies rests on them.",
                ranks=False,
            ),
        },
        compute=_memorisation,
        answers="Are the fakes copies of training images?",
        misleads="A copy that is mirrored or recoloured may pass for new, and plain images that lie close to "
        "everything may count as copies.",
        source="Ganline's own, in the spirit of Alaa et al. 2022, How Faithful is Your Synthetic Data?",
        cost="2.5 s with 60,000 training images",
        floor="held_out",
        default=True,
        protocol=lambda case: _of_training_images(case) | {"copied_below_percentile": copies.PERCENTILE},
    ),
    Measure(
        name="mifid",
        numbers={
            "mifid": Number(
                "MiFID",
                "novelty",
                "lower",
                "0 is best: FID, divided by memorisation_distance where that is below memorisation_threshold. Far "
                "above FID it says that fakes are copies.",
            ),
            "memorisation_distance": Number(
                "Memorisation distance",
                "novelty",
                "",
                "0 to 2: mean cosine distance of a fake to its nearest training image. Held-out images have twice "
                "memorisation_threshold.",
                ranks=False,
            ),
            "memorisation_threshold": Number(
                "Memorisation threshold",
                "novelty",
                "",
                "Half the memorisation distance of the held-out images.",
                ranks=False,
            ),
        },
        compute=_mifid,
        answers="How good are the fakes, if copies of training images do not count?",
        misleads="It jumps at the threshold, and a generator that copies half of the time may stay above it.",
        source="Bai et al. 2021, On Training Sample Memorization: Lessons from Benchmarking Generative Modeling with a "
        "Large-scale Competition",
        cost="2.5 s with 60,000 training images",
        floor="",  # training images are copies of themselves, and held-out images have no FID against themselves
        default=True,
        protocol=lambda case: (
            _of_training_images(case)
            | {
                "threshold": f"Ganline's own: {copies.PART:g} of the held-out images' memorisation distance, since how "
                "large cosine distances are depends on the extractor",
            }
        ),
    ),
    Measure(
        name="image_retrieval",
        numbers={
            "retrieval_distance_ratio": Number(
                "Retrieval distance ratio",
                "diversity",
                "lower",
                "1 is as good as training images: how far a held-out image is from the nearest fake, against the "
                "nearest of as many training images. It grows with what the generator never makes.",
            ),
        },
        compute=_image_retrieval,
        answers="Does the generator have an image like each real one?",
        misleads="Bad fakes beside enough good ones go unnoticed.",
        source="Wang et al. 2016, Ensembles of Generative Adversarial Networks; Borji 2018, Pros and Cons of GAN "
        "Evaluation Measures",
        cost="1 s",
    ),
    Measure(
        name="retrieval_precision",
        numbers={
            "retrieval_precision": Number(
                "Retrieval precision",
                "diversity",
                "higher",
                f"0 to 1: share of a held-out image's {RETRIEVED} nearest fakes that are of its class. Low means that "
                "its class is missing, or runs into others.",
            ),
        },
        compute=_retrieval_precision,
        answers="Does a search among the fakes find images of the right class?",
        misleads="The extractor decides what class a fake is, and a few fakes of each class are enough.",
        source="Borji 2018, Pros and Cons of GAN Evaluation Measures",
        cost="1 s",
        needs=frozenset({"classes"}),
        protocol=lambda case: {"retrieved": RETRIEVED, "labels_of_fakes": "the extractor's likeliest class"},
    ),
    Measure(
        name="geometry_score",
        numbers={
            "geometry_score": Number(
                "Geometry score",
                "diversity",
                "lower",
                "0 is best, 2 the worst possible: how differently many holes fakes and real images have. Topology "
                "alone: neither place nor scale counts.",
            ),
            "geometry_score_stderr": error_of(
                "Geometry score", "geometry_score", "by the choice of landmarks", "diversity"
            ),
        },
        compute=_geometry_score,
        answers="Do fakes and real images have the same shape, up to bending and stretching?",
        misleads="Fakes that look like nothing real, or a single class, can have as many holes as all real images; of "
        "less than some thousand images it says little.",
        source="Khrulkov and Oseledets 2018, Geometry Score: A Method For Comparing Generative Adversarial Networks",
        cost="25 s",
        protocol=lambda case: {
            "landmarks": geometry.LANDMARKS,
            "landmark_sets": LANDMARK_SETS,
            "gamma": f"{len(case.sample)} / 5000 / 128",
        },
    ),
)
