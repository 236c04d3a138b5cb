"""Retrieval precision: does a search among the fakes find images of the right class?

Borji 2018, "Pros and Cons of GAN Evaluation Measures". Held-out real images are the queries, the fakes are the gallery
that is searched: the share of a query's 10 nearest fakes that are of the query's class, averaged over the queries. How
to read it: it falls where a class is missing, and its queries find others instead, or where classes run into each
other. See the floor: real images of other classes are sometimes nearer too. image_retrieval asks how near they are.

Weakness: it asks only for the real images, and does not notice bad fakes beside enough good ones.
"""

import numpy as np

from ganline.metrics import checks, distances
from ganline.metrics.record import Case, Measure, Number

RETRIEVED = 10
"""Images retrieved for each query."""


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


def _retrieval_precision(case: Case) -> dict[str, float]:
    if case.real.labels is None:
        raise ValueError("retrieval_precision: needs the class of each held-out image, got none")
    precision = retrieval_precision(
        case.real.features, case.real.labels, case.sample.features, case.sample.likeliest, RETRIEVED
    )
    return {"retrieval_precision": precision}


MEASURE = Measure(
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
)
