"""The standard error of a share, such as of fakes that are real enough."""

import numpy as np

BINOMIAL = "as if each image were judged by itself (binomial)"
ADDED = 4
"""Images thought to be added, half of them with and half without what is counted (Agresti and Coull 1998, "Approximate
is Better than 'Exact' for Interval Estimation of Binomial Proportions"): none of 20 is not never."""


def standard_error(share: float, count: int) -> float:
    """Return the standard error of a share of `count` images, 0 to 1, as if each were judged by itself (binomial).

    The plain one would be 0 at a share of 0 or 1, and any other share then a difference.
    """
    near = (share * count + ADDED / 2) / (count + ADDED)
    return float(np.sqrt(near * (1.0 - near) / (count + ADDED)))
