"""The measures that look at pixels and at densities."""

import numpy as np

from ganline.core.abilities import lacking
from ganline.core.random import generator
from ganline.metrics.diversity import feature_spread, image_similarity
from ganline.metrics.image_quality import nearest_similarity, sharpness, similarity
from ganline.metrics.image_statistics import (
    brightness_distance,
    contrast_distance,
    gradient_distance,
    saturation_distance,
    spectrum_distance,
)
from ganline.metrics.log_likelihood import BANDWIDTHS, FOR_BANDWIDTH, SIDE, parzen_log_likelihood
from ganline.metrics.mass_coverage import MASS, mass_coverage
from ganline.metrics.record import Case, Measure, Number
from ganline.metrics.structural_similarity import scales_that_fit

PAIRS = 2000
"""Pairs of images within classes, over all classes."""
JUDGED = 1000
"""Images whose nearest real image is looked for, and held-out images that are reconstructed."""


def _diversity(case: Case) -> dict[str, float]:
    sample = case.sample
    classes = sample.likeliest if _knows_classes(case) else np.zeros(len(sample), np.int64)
    alike = image_similarity(sample.images, classes, PAIRS, case.seed)
    apart = feature_spread(sample.features, classes, PAIRS, case.seed)
    return {
        "ms_ssim": alike.mean,
        "ms_ssim_stderr": alike.standard_error,
        "feature_spread": apart.mean,
        "feature_spread_stderr": apart.standard_error,
    }


def _knows_classes(case: Case) -> bool:
    return not lacking(("classes",), case.abilities)


def _image_quality(case: Case) -> dict[str, float]:
    found = nearest_similarity(_some(case.sample.images, case.seed), case.real.images)
    return {"sharpness": sharpness(case.sample.images), "nearest_ssim": found.ssim, "nearest_psnr": found.psnr}


def _reconstruction(case: Case) -> dict[str, float]:
    images = _some(case.real.images, case.seed)
    found = similarity(images, case.latent_maker.redraw(images))
    return {"reconstruction_ssim": found.ssim, "reconstruction_psnr": found.psnr}


def _some(images: np.ndarray, seed: int) -> np.ndarray:
    """Return JUDGED of the images, or all where there are fewer."""
    return images[generator(seed, "pixels").permutation(len(images))[:JUDGED]]


def _image_statistics(case: Case) -> dict[str, float]:
    images, real = case.sample.images, case.real.images
    spectrum = spectrum_distance(images, real)
    found = {
        "spectrum_distance": spectrum.all,
        "spectrum_distance_high": spectrum.high,
        "gradient_distance": gradient_distance(images, real),
        "brightness_distance": brightness_distance(images, real),
        "contrast_distance": contrast_distance(images, real),
    }
    return found | ({"saturation_distance": saturation_distance(images, real)} if images.shape[3] == 3 else {})


def _log_likelihood(case: Case) -> dict[str, float]:
    found = parzen_log_likelihood(case.sample.images, case.real.images, case.seed)
    return {
        "log_likelihood": found.mean,
        "log_likelihood_stderr": found.standard_error,
        "log_likelihood_bandwidth": found.bandwidth,
    }


def _mass_coverage(case: Case) -> dict[str, float]:
    found = mass_coverage(case.sample.features, case.real.features, case.seed)
    return {"mass_coverage": found.share, "mass_coverage_stderr": found.standard_error}


def _stderr(of: str) -> Number:
    return Number(f"{of}, standard error", "diversity", "", f"Standard error of the {of}.", ranks=False)


MEASURES = (
    Measure(
        "diversity",
        {
            "ms_ssim": Number(
                "MS-SSIM within a class",
                "diversity",
                "",
                "0 to 1: how alike two images of one class are. Above its floor the class is drawn as fewer images "
                "than it has; below it, images are noisy or ragged.",
            ),
            "ms_ssim_stderr": _stderr("MS-SSIM within a class"),
            "feature_spread": Number(
                "Feature distance within a class",
                "diversity",
                "",
                "0 or more: how far apart two images of one class are. Below its floor there is too little variety; "
                "above it, images are no clear members of their class.",
            ),
            "feature_spread_stderr": _stderr("feature distance within a class"),
        },
        _diversity,
        answers="Are images of one kind as unlike each other as real ones are?",
        misleads="Noise counts as variety, classes that are missing altogether are not seen, and repetition shows only "
        "once a class is down to a few images.",
        source="Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs",
        cost="0.5 s",
        default=True,
        protocol=lambda case: {
            "pairs": PAIRS,
            "ms_ssim_scales": scales_that_fit(*case.real.images.shape[1:3]),
            "classes": "as the extractor sees them" if _knows_classes(case) else "none: pairs of any two images",
        },
    ),
    Measure(
        "image_quality",
        {
            "sharpness": Number(
                "Sharpness",
                "quality",
                "",
                "0 or more: variance of the Laplacian. Below its floor images are blurred, above it noisy or ragged.",
            ),
            "nearest_ssim": Number(
                "SSIM to the nearest real image",
                "quality",
                "",
                "-1 to 1: low is unlike anything real, 1 is a copy of a held-out image.",
            ),
            "nearest_psnr": Number(
                "PSNR to the nearest real image",
                "quality",
                "",
                "In dB, 58.9 for copies: low is unlike anything real. A little blur raises it.",
            ),
        },
        _image_quality,
        answers="Are single images as sharp, and as close to something real, as real ones are?",
        misleads="A collapse onto simple images comes close to real ones, and a shift by one pixel counts as far.",
        source="Wang et al. 2004, Image Quality Assessment: From Error Visibility to Structural Similarity; "
        "Pech-Pacheco et al. 2000, Diatom Autofocusing in Brightfield Microscopy",
        cost="1 s",
        default=True,
        protocol=lambda case: {
            "nearest_of": "held-out images, by Euclidean distance of pixels",
            "nearest_shrunk_to": SIDE,
            "nearest_judged": min(JUDGED, len(case.sample)),
        },
    ),
    Measure(
        "reconstruction",
        {
            "reconstruction_ssim": Number(
                "SSIM of reconstructions",
                "quality",
                "higher",
                "-1 to 1: how like held-out images are to what the model makes of them; 1 is equal.",
            ),
            "reconstruction_psnr": Number(
                "PSNR of reconstructions", "quality", "higher", "In dB, 58.9 for equal images; forgives blur."
            ),
        },
        _reconstruction,
        answers="Can the model redraw an image that it has not seen?",
        misleads="Good reconstructions say nothing about images drawn from the prior.",
        source="Wang et al. 2004, Image Quality Assessment: From Error Visibility to Structural Similarity",
        cost="1 s",
        needs=frozenset({"latents", "encoder"}),
        floor="",
        protocol=lambda case: {"redrawn": "held-out images", "n_redrawn": min(JUDGED, len(case.real))},
    ),
    Measure(
        "image_statistics",
        {
            "spectrum_distance": Number(
                "Spectrum distance",
                "quality",
                "lower",
                "In dB, 0 is best: how far the power at each frequency is off, on average.",
            ),
            "spectrum_distance_high": Number(
                "Spectrum distance, high frequencies",
                "quality",
                "lower",
                "The same over the upper third: noise, blur, or the grid that upsampling leaves.",
            ),
            "gradient_distance": Number(
                "Gradient distance", "quality", "lower", "0 to 1.4, 0 is best: edges too soft, too hard or too many."
            ),
            "brightness_distance": Number(
                "Brightness distance", "quality", "lower", "0 to 1, 0 is best: images too dark, too bright or too even."
            ),
            "contrast_distance": Number(
                "Contrast distance", "quality", "lower", "0 to 0.5, 0 is best: images too flat or too stark."
            ),
            "saturation_distance": Number(
                "Saturation distance", "quality", "lower", "0 to 1, 0 is best: colours too pale or too strong."
            ),
        },
        _image_statistics,
        answers="Do images have the spectrum, edges, brightness, contrast and colourfulness of real ones?",
        misleads="It knows nothing of what images show: shreds of real images score well.",
        source="Zeng et al. 2017, Statistics of Deep Generated Images; Durall et al. 2020, Watch your Up-Convolution",
        cost="1 s",
        default=True,
    ),
    Measure(
        "log_likelihood",
        {
            "log_likelihood": Number(
                "Log-likelihood (Parzen)",
                "diversity",
                "higher",
                "In nats an image, any number: high where every held-out image has a fake near it.",
            ),
            "log_likelihood_stderr": _stderr("log-likelihood"),
            "log_likelihood_bandwidth": Number(
                "Log-likelihood, bandwidth", "diversity", "", "The width of the kernels, for pixels of 0 to 1.", False
            ),
        },
        _log_likelihood,
        answers="How likely are held-out images under a density made of the fakes (for comparison with old papers)?",
        misleads="Almost always: averages of images beat real ones, a little blur raises it, and it says little about "
        "how images look (Theis et al. 2016).",
        source="Breuleux et al. 2011, Quickly Generating Representative Samples from an RBM-Derived Process; "
        "Goodfellow et al. 2014, Generative Adversarial Nets",
        cost="6 s",
        protocol=lambda case: {
            "pixels": f"0 to 1, sides shrunk to at most {SIDE}",
            "bandwidths": f"{len(BANDWIDTHS)} from {BANDWIDTHS[0]:g} to {BANDWIDTHS[-1]:g}, evenly in logarithm",
            "bandwidth_chosen_on": f"at most {FOR_BANDWIDTH} held-out images, which are not judged",
        },
    ),
    Measure(
        "mass_coverage",
        {
            "mass_coverage": Number(
                "Mass coverage",
                "diversity",
                "higher",
                f"0 to 1: share of real images where the model has {MASS:.0%} of its mass; {MASS:g} for equal "
                "distributions, less where kinds of images are missing.",
            ),
            "mass_coverage_stderr": _stderr("mass coverage"),
        },
        _mass_coverage,
        answers="How much of what is real does the model take for likely?",
        misleads="Images that spread too widely cover everything, a slight shift of all images looks like missing "
        "ones, and many exact copies among the fakes bring it to 0.",
        source="Tolstikhin et al. 2017, AdaGAN: Boosting Generative Models",
        cost="3 s",
        protocol=lambda case: {
            "density": "Gaussian kernels at the features of the fakes, each fake judged by the others",
            "mass": MASS,
        },
    ),
)
