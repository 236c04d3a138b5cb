"""Image retrieval: does the generator have an image like each of these real ones?

Wang et al. 2016, "Ensembles of Generative Adversarial Networks"; in the survey of Borji 2018, "Pros and Cons of GAN
Evaluation Measures". Held-out real images are the queries, the fakes are the gallery that is searched:

    distance ratio  = mean distance of a query to the nearest fake / the same to the nearest of as many training images

How to read them: a ratio of 1 is as good as training images; it grows with each kind of real image that the generator
never makes, and with fakes that are off. Queries that repeat a training image (`ganline.core.repeats`) are not asked.

Weakness: it asks only for the real images, and does not notice bad fakes beside enough good ones.
"""

import numpy as np

from ganline.core.random import generator
from ganline.core.repeats import repeats
from ganline.metrics import checks, distances
from ganline.metrics.record import Case, Measure, Number


def retrieval_distance_ratio(queries: np.ndarray, gallery: np.ndarray, baseline: np.ndarray) -> float:
    """Return how much farther the nearest gallery image is than the nearest image of the baseline; 0 or more.

    Args:
        queries: features of held-out real images, (N, d).
        gallery: features of fakes, (M, d).
        baseline: features of training images, (M, d): of more images some would be nearer by count alone.

    Raises:
        ValueError: not three finite matrices of as many dimensions, a baseline of another size than the gallery, or a
            baseline that every query repeats.
    """
    queries, gallery = checks.pair(queries, gallery, "image retrieval")
    queries, baseline = checks.pair(queries, baseline, "image retrieval")
    if len(gallery) != len(baseline):
        raise ValueError(
            f"image retrieval: {len(gallery)} images in the gallery and {len(baseline)} in the baseline; "
            "as many of both are needed"
        )
    found, usual = (distances.nearest(queries, images, 1).distances[:, 0] for images in (gallery, baseline))
    new = ~repeats(usual)
    if not new.any():
        raise ValueError("image retrieval: the training images hold a copy of every query, so no ratio can be taken")
    return float(found[new].mean() / usual[new].mean())


def _image_retrieval(case: Case) -> dict[str, float]:
    rows = generator(case.seed, "image_retrieval").permutation(len(case.train))[: len(case.sample)]
    ratio = retrieval_distance_ratio(case.real.features, case.sample.features, case.train.features[rows])
    return {"retrieval_distance_ratio": ratio}


MEASURE = Measure(
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
)
