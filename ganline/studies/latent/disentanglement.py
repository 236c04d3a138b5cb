"""Does each coordinate do one thing?"""

import numpy as np

from ganline.latent.disentanglement import dci, mutual_information_gap, separated_attribute_predictability
from ganline.latent.paths import to_normal
from ganline.studies.finding import Finding, LeftOut, Number
from ganline.studies.latent.base import Space

TITLE = "Disentanglement"
FACTORS = ("area", "slant", "symmetry", "detail", "brightness", "redness", "greenness", "blueness")
"""Measurements that are taken for factors: those that do not follow from each other by their definition."""


def find(space: Space) -> Finding:
    """Return the DCI, MIG and SAP of the samples' latents against what is measured of their images."""
    space.must_draw_fast()
    samples = space.samples
    names = [attribute.name for attribute in space.attributes if attribute.name in FACTORS]
    if len(names) < 2:
        raise LeftOut("its samples differ in fewer than two things that are measured")
    if space.generator.latent_dim < 2:
        raise LeftOut("a latent of one number cannot be entangled")
    factors = np.stack([samples.measured[name] for name in names], axis=1)
    for label in np.unique(samples.labels):  # what the labels do is not asked here
        factors[samples.labels == label] -= factors[samples.labels == label].mean(axis=0)
    codes = to_normal(samples.latents, space.generator.prior)
    found = dci(codes, factors, space.seed)
    gap, separated = mutual_information_gap(codes, factors), separated_attribute_predictability(codes, factors)
    listed = ", ".join(names)
    numbers = {
        "dci": Number(
            found.disentanglement, "DCI disentanglement", "higher",
            "0 to 1: 1 where each coordinate matters to one factor alone (Eastwood and Williams 2018).",
        ),
        "completeness": Number(
            found.completeness, "DCI completeness", "higher",
            "0 to 1: 1 where each factor depends on one coordinate alone.",
        ),
        "informativeness": Number(
            found.informativeness, "DCI informativeness", "higher",
            "0 to 1: how much of the factors a random forest reads from the latents. Near 0 the two above mean little.",
        ),
        "mig": Number(
            gap, "MIG", "higher",
            "0 to 1: how much more one coordinate tells of a factor than the next (Chen et al. 2018).",
        ),
        "sap": Number(
            separated, "SAP", "higher",
            "0 to 1: the same with squared correlations (Kumar et al. 2018).",
        ),
    }  # fmt: skip
    words = (
        f"Factors are what is measured of the images: {listed}. "
        + (
            "No coordinate stands for one of them, as is usual where nothing in training asks for it."
            if gap < 0.1
            else "Some coordinates stand for one of them."
        )
        + (
            " The latents tell little of them one by one, so the scores mean little."
            if found.informativeness < 0.1
            else ""
        )
    )
    return Finding(numbers=numbers, words=[words])
