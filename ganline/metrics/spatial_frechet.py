"""Spatial Frechet distance: that (see frechet) of feature maps that still know where in the image they lie.

Nash et al. 2021, "Generating Images with Sparse Representations": sFID.
"""

from ganline.metrics.frechet import JACKKNIFE, frechet_distance, standard_error_of
from ganline.metrics.record import Case, Measure, Number, error_of


def _spatial_frechet(case: Case) -> dict[str, float]:
    assert case.extractor is not None
    fake, real = (case.extractor.spatial(part.images) for part in (case.sample, case.real))
    distance = frechet_distance(fake, real).distance
    return {"spatial_{frechet}": distance} | standard_error_of("spatial_{frechet}", fake, real)


MEASURE = Measure(
    name="spatial_frechet",
    numbers={
        "spatial_{frechet}": Number(
            "Spatial {Frechet}",
            "quality",
            "lower",
            "From 0: the distance of feature maps that know where in the image something is. It sees wrong places and "
            "textures that {frechet} overlooks.",
        ),
        "spatial_{frechet}_stderr": error_of("Spatial {Frechet}", "spatial_{frechet}", JACKKNIFE),
    },
    compute=_spatial_frechet,
    answers="Are the parts of fakes in the right places?",
    misleads="It takes only the first maps; and what misleads the distance misleads it.",
    source="Nash et al. 2021, Generating Images with Sparse Representations",
    cost="10 s",
    needs=frozenset({"places"}),
    protocol=lambda case: {"spatial_features": "the first of the extractor's last maps before they are pooled"},
)
