"""Does each number of a latent do one thing? Scores from N latents and what is known of their images.

    DCI     Eastwood and Williams 2018, "A Framework for the Quantitative Evaluation of Disentangled Representations":
            a random forest predicts each factor from the latents. Disentanglement: each coordinate matters to one
            factor alone. Completeness: each factor needs one coordinate alone. Informativeness: how well it is
            predicted.
    MIG     Chen et al. 2018, "Isolating Sources of Disentanglement in Variational Autoencoders": mutual information of
            a factor with the coordinate that tells most of it, less that with the second, as a share of its entropy.
    SAP     Kumar et al. 2018, "Variational Inference of Disentangled Latent Concepts from Unlabeled Observations": the
            same with the squared correlation.

All are 0 to 1. Most generators score near 0: nothing in a GAN's training ties a coordinate to a factor, and a rotation
of N(0, I) changes the scores but not the images.
"""

from typing import NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from ganline.core.progress import track

TREES = 40
BINS = 20
HELD_OUT = 5
"""Every so many examples one tests the predictions."""


class DCI(NamedTuple):
    """The three scores, 0 to 1, higher is better."""

    disentanglement: float
    completeness: float
    informativeness: float
    """Mean over factors of the share of a factor's variance that is predicted on held-out examples."""


def dci(codes: np.ndarray, factors: np.ndarray, seed: int) -> DCI:
    """Return the DCI scores.

    Args:
        codes: float, (N, L): latents.
        factors: float, (N, F): what is known of their images; a factor must vary.
        seed: of the forests.

    Raises:
        ValueError: sets of different length, too few examples, or a factor that does not vary.
    """
    _check(codes, factors)
    held = np.arange(len(codes)) % HELD_OUT == 0
    importance, told = [], []
    for factor in track(factors.T, "Disentanglement", factors.shape[1], "factors"):
        forest = RandomForestRegressor(
            TREES, max_features="sqrt" if codes.shape[1] > 16 else 1.0, min_samples_leaf=5, random_state=seed, n_jobs=-1
        )
        forest.fit(codes[~held], factor[~held])
        importance.append(forest.feature_importances_)
        told.append(max(0.0, forest.score(codes[held], factor[held])))
    weights = np.stack(importance, axis=1)  # (L, F)
    return DCI(_purity(weights), _purity(weights.T), float(np.mean(told)))


def _purity(weights: np.ndarray) -> float:
    """Return one less the entropy of each row, in units of the largest there could be, weighted by the rows' sums."""
    if weights.shape[1] < 2:
        return 1.0
    sums = weights.sum(axis=1)
    shares = weights / np.maximum(sums, 1e-12)[:, None]
    entropy = -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=1) / np.log(weights.shape[1])
    return float(((1 - entropy) * sums).sum() / max(sums.sum(), 1e-12))


def mutual_information_gap(codes: np.ndarray, factors: np.ndarray) -> float:
    """Return the MIG; codes float (N, L) and factors float (N, F) are sorted into bins of equal counts.

    Raises:
        ValueError: sets of different length, too few examples, fewer than two coordinates, or a constant factor.
    """
    _check(codes, factors)
    binned = [_binned(column) for column in codes.T]
    gaps = []
    for factor in map(_binned, factors.T):
        told = np.sort([_mutual_information(code, factor) for code in binned])
        gaps.append((told[-1] - told[-2]) / _entropy(np.bincount(factor)))
    return float(np.mean(gaps))


def separated_attribute_predictability(codes: np.ndarray, factors: np.ndarray) -> float:
    """Return the SAP score of codes float (N, L) and factors float (N, F).

    Raises:
        ValueError: as `mutual_information_gap`.
    """
    _check(codes, factors)
    standard = [(part - part.mean(axis=0)) / np.maximum(part.std(axis=0), 1e-12) for part in (codes, factors)]
    squared = np.sort((standard[0].T @ standard[1] / len(codes)) ** 2, axis=0)
    return float((squared[-1] - squared[-2]).mean())


def _check(codes: np.ndarray, factors: np.ndarray) -> None:
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors) or len(codes) < 2 * BINS:
        raise ValueError(f"expected (N, L) and (N, F), N at least {2 * BINS}, found {codes.shape} and {factors.shape}")
    if codes.shape[1] < 2:
        raise ValueError("a latent of one number cannot be entangled")
    if not factors.shape[1] or (factors.std(axis=0) < 1e-12).any():
        raise ValueError("every factor must vary")


def _binned(values: np.ndarray) -> np.ndarray:
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")


def _mutual_information(first: np.ndarray, second: np.ndarray) -> float:
    counts = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(counts, (first, second), 1)
    return _entropy(counts.sum(axis=0)) + _entropy(counts.sum(axis=1)) - _entropy(counts.ravel())


def _entropy(counts: np.ndarray) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
