"""The measures made of class probabilities, class labels and bins."""

from typing import Any

from ganline.metrics.am_score import am_score
from ganline.metrics.bin_differences import IMAGES_PER_BIN, MOST_FITTED, SIGNIFICANCE, bin_differences
from ganline.metrics.boundary_distortion import boundary_distortion
from ganline.metrics.class_histogram import SEEN, class_agreement, class_divergence, class_histogram
from ganline.metrics.classification import COMPONENTS, SIDE, Labelled, classification
from ganline.metrics.inception_score import inception_score
from ganline.metrics.mode_score import mode_score
from ganline.metrics.modified_inception_score import modified_inception_score
from ganline.metrics.record import Case, Measure, Number, Sample
from ganline.metrics.shares import standard_error

BINS = 100


def _inception_score(case: Case) -> dict[str, float]:
    found = inception_score(case.sample.probabilities, case.settings.inception_splits)
    return {"inception_score": found.mean, "inception_score_std": found.deviation}


def _modified_inception_score(case: Case) -> dict[str, float]:
    return {"modified_inception_score": modified_inception_score(case.sample.probabilities)}


def _mode_score(case: Case) -> dict[str, float]:
    return {"mode_score": mode_score(case.sample.probabilities, case.real.probabilities)}


def _am_score(case: Case) -> dict[str, float]:
    return {"am_score": am_score(case.sample.probabilities, case.real.probabilities)}


def _class_histogram(case: Case) -> dict[str, float]:
    found = class_histogram(case.sample.probabilities)
    return {
        "class_entropy": found.entropy,
        "classes_seen": found.seen,
        "class_perplexity": found.perplexity,
        "class_kl": class_divergence(case.sample.probabilities, case.real.probabilities),
    }


def _condition_accuracy(case: Case) -> dict[str, float]:
    if case.sample.labels is None:
        raise ValueError("condition_accuracy: needs the class of each image, got none")
    share = class_agreement(case.sample.probabilities, case.sample.labels)
    return {"condition_accuracy": share, "condition_accuracy_stderr": standard_error(share, len(case.sample))}


def _bins(case: Case) -> dict[str, float]:
    found = bin_differences(case.train.features, case.sample.features, BINS, case.seed)
    return {"ndb_share": found.share, "ndb_jsd": found.divergence}


def _bins_protocol(case: Case) -> dict[str, Any]:
    return {
        "reference": "training split",
        "n_real": len(case.train),
        "bins": min(BINS, len(case.train) // IMAGES_PER_BIN),
        "bins_made_of": f"{min(len(case.train), MOST_FITTED)} training images",
        "significance": SIGNIFICANCE,
    }


def _classification(case: Case) -> dict[str, float]:
    found = classification(*_labelled(case), case.seed)
    return {
        "train_on_fakes_accuracy": found.train_on_fakes,
        "train_on_fakes_accuracy_stderr": standard_error(found.train_on_fakes, len(case.real)),
        "test_on_fakes_accuracy": found.test_on_fakes,
        "test_on_fakes_accuracy_stderr": standard_error(found.test_on_fakes, len(case.sample)),
        "adversarial_divergence": found.divergence,
        "adversarial_divergence_stderr": found.divergence_error,
        "train_on_reals_accuracy": found.train_on_reals,
    }


def _boundary_distortion(case: Case) -> dict[str, float]:
    return {"boundary_fraction": boundary_distortion(*_labelled(case), case.seed)}


def _classifier_protocol(case: Case) -> dict[str, Any]:
    asked = "as asked for" if case.maker is not None else "of the data"
    return {
        "reference": "training and test split",
        "labels": "the extractor's likeliest class" if case.sample.labels is None else asked,
        "classifier": (
            f"multinomial logistic regression on {COMPONENTS} principal components of pixels, at most {SIDE}x{SIDE}"
        ),
    }


def _labelled(case: Case) -> tuple[Labelled, Labelled, Labelled]:
    """Return the judged, the training and the held-out images with their classes."""
    judged, train, held_out = (_with_labels(sample) for sample in (case.sample, case.train, case.real))
    return judged, train, held_out


def _with_labels(sample: Sample) -> Labelled:
    return Labelled(sample.images, sample.likeliest if sample.labels is None else sample.labels)


MEASURES: tuple[Measure, ...] = (
    Measure(
        name="inception_score",
        numbers={
            "inception_score": Number(
                "Inception Score",
                "quality",
                "higher",
                "1 to the number of classes, more is better; real images have no part in it.",
            ),
            "inception_score_std": Number(
                "Inception Score, deviation",
                "quality",
                "",
                "Standard deviation of inception_score over its splits.",
                ranks=False,
            ),
        },
        compute=_inception_score,
        answers="Is the extractor sure of each image, and do all its classes come?",
        misleads="One perfect image a class gets the best score; with an extractor of other classes than the data's "
        "it says little.",
        source="Salimans et al. 2016, Improved Techniques for Training GANs",
        cost="< 1 s",
        default=True,
        protocol=lambda case: {"splits": case.settings.inception_splits},
    ),
    Measure(
        name="modified_inception_score",
        numbers={
            "modified_inception_score": Number(
                "Modified Inception Score",
                "diversity",
                "",
                "From 1, where all images of a class are alike to the extractor; below its floor classes have "
                "collapsed inside, above it images are unclear.",
            ),
        },
        compute=_modified_inception_score,
        answers="Do images of one class differ from each other?",
        misleads="Noise raises it too, and a very sure extractor sees little variety.",
        source="Gurumurthy et al. 2017, DeLiGAN: Generative Adversarial Networks for Diverse and Limited Data",
        cost="< 1 s",
        floor="held_out",  # of the images it was trained on the extractor is too sure
        protocol=lambda case: {"classes": "the likeliest ones, as the extractor sees them; those of 2 images or more"},
    ),
    Measure(
        name="mode_score",
        numbers={
            "mode_score": Number(
                "Mode score",
                "quality",
                "higher",
                "Up to about the number of classes, more is better; below 1 where the real images' classes never come.",
            ),
        },
        compute=_mode_score,
        answers="Is the extractor sure of each image, and do the real images' classes come?",
        misleads="Too many images of a rare class can score more than real images do.",
        source="Che et al. 2017, Mode Regularized Generative Adversarial Networks",
        cost="< 1 s",
        protocol=lambda case: {"formula": "exp(mean KL(p(y|x) || real p(y)) - KL(real p(y) || p(y)))"},
    ),
    Measure(
        name="am_score",
        numbers={
            "am_score": Number(
                "AM Score",
                "quality",
                "lower",
                "0 nats is best, less is better; grows with classes that are missing and images that are unclear.",
            ),
        },
        compute=_am_score,
        answers="Is each image clearly of a class, and are the classes as frequent as in real images?",
        misleads="The extractor can be sure of rubbish; variety inside a class is not seen.",
        source="Zhou et al. 2018, Activation Maximization Generative Adversarial Nets",
        cost="< 1 s",
        needs=frozenset({"classes"}),
        default=True,
    ),
    Measure(
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
        default=True,
        protocol=lambda case: {"classes": "the likeliest ones, as the extractor sees them", "seen_from": SEEN},
    ),
    Measure(
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
        default=True,
        protocol=lambda case: {"classes": "the likeliest ones, as the extractor sees them"},
    ),
    Measure(
        name="bins",
        numbers={
            "ndb_share": Number(
                "NDB/K",
                "diversity",
                "lower",
                "Share of the bins that hold significantly too many or too few images, 0 to 1; .05 comes by chance.",
            ),
            "ndb_jsd": Number(
                "Bins' JS divergence",
                "diversity",
                "lower",
                "Bits, 0 to 1; a little above 0 for real images, more is worse.",
            ),
        },
        compute=_bins,
        answers="Are all kinds of training images there, and as often?",
        misleads="With many images any small difference is significant; within a bin nothing is seen.",
        source="Richardson and Weiss 2018, On GANs and GMMs",
        cost="2 s",
        floor="held_out",  # the bins are made of training images
        default=True,
        protocol=_bins_protocol,
    ),
    Measure(
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
                "Accuracy on fakes of a classifier trained on real images, 0 to 1; more says that they show their "
                "classes.",
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
        default=True,
        protocol=_classifier_protocol,
    ),
    Measure(
        name="boundary_distortion",
        numbers={
            "boundary_fraction": Number(
                "Real images' worth",
                "diversity",
                "higher",
                "Share of as many real images that teaches a classifier as much as the fakes do: 1 is best, 1/64 says "
                "that one real image teaches as much as 64 fakes.",
            ),
        },
        compute=_boundary_distortion,
        answers="Is the variety at the boundaries between classes there?",
        misleads="It is coarse where the classifier learns all it can from few images; wrong labels lower it too.",
        source="Santurkar et al. 2018, A Classification-Based Study of Covariate Shift in GAN Distributions",
        cost="4 s",
        needs=frozenset({"classes"}),
        protocol=_classifier_protocol,
    ),
)
