"""Strengths from comparisons in pairs: the model of Bradley and Terry (1952), with ties as Davidson (1970) adds them.

With strengths p_i, the first of a pair is preferred in proportion to p_i, the second to p_j, and neither to
v sqrt(p_i p_j). A weak normal prior on the logarithms keeps a run that never lost from an endless strength.
"""

from typing import NamedTuple

import numpy as np

PRIOR = 0.1
"""Precision of the prior: log-strengths have a deviation of about 3, that is 24 to 1."""
STEPS, LONGEST, CLOSE = 60, 2.0, 1e-10


class Strengths(NamedTuple):
    """What was fitted."""

    log: np.ndarray
    """float64 (K,): logarithms of the strengths, with mean 0."""
    log_ties: float
    """Logarithm of v; minus infinity where there are no ties."""

    def shares(self) -> np.ndarray:
        """Return how often each is expected to be preferred over each other, a tie as half, float64 (K, K)."""
        first, second = self.log[:, None], self.log[None, :]
        tie = np.exp(self.log_ties + (first + second) / 2)
        return (np.exp(first) + tie / 2) / (np.exp(first) + np.exp(second) + tie)

    def scores(self) -> np.ndarray:
        """Return how often each is expected to be preferred over the others, on average, float64 (K,)."""
        others = 1 - np.eye(len(self.log))
        return (self.shares() * others).sum(1) / others.sum(1)


def fit(wins: np.ndarray, ties: np.ndarray, prior: float = PRIOR) -> Strengths:
    """Return the likeliest strengths under the prior.

    Args:
        wins: float (K, K), K >= 2: how often row was preferred over column.
        ties: float (K, K), symmetric: how often neither was.
        prior: precision of the normal prior on log-strengths and on log v.
    """
    designs, counts = _trials(np.asarray(wins, float), np.asarray(ties, float))
    x = np.zeros(designs.shape[2])
    for _ in range(STEPS):
        logits = designs @ x
        p = np.exp(logits - logits.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        total = counts.sum(1)
        mean = np.einsum("nk,nkd->nd", p, designs)
        gradient = np.einsum("nk,nkd->d", counts, designs) - total @ mean - prior * x
        spread = np.einsum("n,nk,nkd,nke->de", total, p, designs, designs) - np.einsum("n,nd,ne->de", total, mean, mean)
        step = np.linalg.solve(spread + prior * np.eye(len(x)), gradient)
        x += step * min(1.0, LONGEST / max(np.abs(step).max(), CLOSE))
        if np.abs(step).max() < CLOSE:
            break
    runs = len(wins)
    return Strengths(x[:runs] - x[:runs].mean(), float(x[runs]) if len(x) > runs else -np.inf)


def _trials(wins: np.ndarray, ties: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each pair the utilities of its outcomes, (pairs, outcomes, parameters), and how often each came."""
    runs, any_ties = len(wins), bool(ties.any())
    one = np.eye(runs + any_ties)
    designs, counts = [], []
    for i, j in zip(*np.triu_indices(runs, 1), strict=True):
        tied = [(one[i] + one[j]) / 2 + one[runs]] if any_ties else []
        designs.append([one[i], one[j], *tied])
        counts.append([wins[i, j], wins[j, i], *([ties[i, j]] if any_ties else [])])
    return np.array(designs), np.array(counts)
