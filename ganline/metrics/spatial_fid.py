"""Spatial FID: the Frechet distance (see frechet) of feature maps that still know where in the image they lie.

Nash et al. 2021, "Generating Images with Sparse Representations": sFID.
"""

from ganline.metrics.frechet import JACKKNIFE, frechet_distance, standard_error_of
from ganline.metrics.record import Case, Measure, Number, error_of


def _spatial_fid(case: Case) -> dict[str, float]:
    assert case.extractor is not None
    fake, real = (case.extractor.spatial(part.images) for part in (case.sample, case.real))
    return {"spatial_fid": frechet_distance(fake, real).distance} | standard_error_of("spatial_fid", fake, real)


MEASURE = Measure(
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
    needs=frozenset({"places"}),
    protocol=lambda case: {"spatial_features": "the first of the extractor's last maps before they are pooled"},
)
