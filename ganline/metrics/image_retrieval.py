"""Image retrieval: does the generator have an image like each of these real ones?

Wang et al. 2016, "Ensembles of Generative Adversarial Networks"; in the survey of Borji 2018, "Pros and Cons of GAN
Evaluation Measures". Held-out real images are the queries, the fakes are the gallery that is searched:

    distance ratio  = mean distance of a query to the nearest fake / the same to the nearest of as many training images
    precision at 10 = share of a query's 10 nearest fakes that are of the query's class, averaged over the queries

How to read them: a ratio of 1 is as good as training images; it grows with each kind of real image that the generator
never makes, and with fakes that are off. Precision falls where a class is missing, and its queries find others instead,
or where classes run into each other. See the floor: real images of other classes are sometimes nearer
too. Queries that repeat a training image (`ganline.core.repeats`) are not asked about distances.

Weakness: they ask only for the real images, and do not notice bad fakes beside enough good ones.
"""

import numpy as np

from ganline.core.repeats import repeats
from ganline.metrics import checks, distances


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


def retrieval_precision(
    queries: np.ndarray, query_labels: np.ndarray, gallery: np.ndarray, gallery_labels: np.ndarray, count: int = 10
) -> float:
    """Return the share of each query's `count` nearest gallery images that are of its class, averaged; 0 to 1.

    Args:
        queries: features of held-out real images, (N, d).
        query_labels: their classes, integers (N,).
        gallery: features of fakes, (M, d).
        gallery_labels: their likeliest classes, integers (M,).
        count: images retrieved for each query, 1 to M.

    Raises:
        ValueError: not two finite matrices of as many dimensions, not one class number an image, or a `count` outside
            1 to M.
    """
    queries, gallery = checks.pair(queries, gallery, "image retrieval")
    query_labels = checks.labels(query_labels, len(queries), "image retrieval", "the queries' labels")
    gallery_labels = checks.labels(gallery_labels, len(gallery), "image retrieval", "the gallery's labels")
    if not 1 <= count <= len(gallery):
        raise ValueError(f"image retrieval: count is {count}: allowed is 1 to {len(gallery)}, the gallery's images")
    found = gallery_labels[distances.nearest(queries, gallery, count).indices]
    return float(np.mean(found == query_labels[:, None]))
