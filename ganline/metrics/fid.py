"""FID: the Frechet distance (see frechet) between the features of all fakes and of real images."""

from ganline.metrics.frechet import JACKKNIFE, frechet_distance, standard_error_of
from ganline.metrics.record import Case, Measure, Number, error_of


def _fid(case: Case) -> dict[str, float]:
    found = frechet_distance(case.sample.features, case.real.features)
    numbers = {"fid": found.distance, "fid_mean": found.mean, "fid_cov": found.covariance}
    return numbers | standard_error_of("fid", case.sample.features, case.real.features)


MEASURE = Measure(
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
)
