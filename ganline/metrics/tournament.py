"""Tournament win rate and skill rating: every discriminator judges every generator's samples.

Olsson et al. 2018, "Skill rating for generative models". An image is a game: its generator wins where the discriminator
takes it for real. The win rate of a generator is its share of games won, each discriminator with one voice. The skill
is a rating on Elo's scale, by maximum likelihood in the model of Bradley and Terry (1952):

    P(generator g wins against discriminator d) = 1 / (1 + 10^((R_d - R_g) / 400))

where the paper plays the games one after the other (Glicko-2). A small ridge keeps whom nobody beats finite. The mean
generator has 1500.

How to read it: more is better. 400 points more are odds of 10 to 1 against a discriminator that would take every other
image of the weaker one for real. Numbers of different tournaments do not compare.

Its weakness: it is as good as its judges. A discriminator knows the faults of its own generator best and may be fooled
by faults it never met; variety is not seen, since a single good image wins every game. Standard errors cover the draw
of the images, and for the skill also how far the discriminators disagree beyond what one number a player can say; they
do not cover other discriminators.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

MEASURE = "tournament"
MEAN_SKILL = 1500.0
POINTS = 400.0 / np.log(10.0)
"""Elo points of a factor e in the odds."""
RIDGE = 0.1
"""As if ratings were drawn from a normal distribution of deviation 3.2, in factors e: 549 points."""


class Tournament(NamedTuple):
    """What G generators and D discriminators showed."""

    win_rates: np.ndarray
    """float64 (G,), 0 to 1."""
    win_rate_errors: np.ndarray
    """Their standard errors, (G,)."""
    skills: np.ndarray
    """float64 (G,), in points."""
    skill_errors: np.ndarray
    """Their standard errors against the mean generator, (G,)."""
    discriminator_skills: np.ndarray
    """float64 (D,), on the same scale."""


def tournament(wins: np.ndarray, games: int) -> Tournament:
    """Return win rates and skills.

    Args:
        wins: of the images of a generator (row) how many a discriminator (column) took for real, integer (G, D).
        games: images that each discriminator saw of each generator.

    Raises:
        ValueError: not such counts, or no generator or no discriminator.
    """
    wins = np.asarray(wins)
    if wins.ndim != 2 or 0 in wins.shape or not np.issubdtype(wins.dtype, np.integer):
        raise ValueError(f"{MEASURE}: wins must be integers (generators, judges), got {wins.dtype} {wins.shape}")
    if games < 1 or wins.min() < 0 or wins.max() > games:
        raise ValueError(f"{MEASURE}: wins must lie between 0 and {games} games, got {wins.min()} to {wins.max()}")
    shares = wins / games
    skills, skill_errors, judges = _ratings(wins.astype(np.float64), games)
    return Tournament(
        shares.mean(axis=1),
        np.sqrt((shares * (1.0 - shares) / games).sum(axis=1)) / wins.shape[1],
        skills,
        skill_errors,
        judges,
    )


def _ratings(wins: np.ndarray, games: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the generators' skills and their standard errors, and the discriminators' skills."""
    generators, discriminators = wins.shape

    def chances(ratings: np.ndarray) -> np.ndarray:
        return expit(ratings[:generators, None] - ratings[None, generators:])

    def loss(ratings: np.ndarray) -> tuple[float, np.ndarray]:
        ahead = ratings[:generators, None] - ratings[None, generators:]
        value = np.sum(games * np.logaddexp(0.0, ahead) - wins * ahead) + RIDGE / 2 * np.sum(ratings**2)
        surplus = games * expit(ahead) - wins
        return value, np.concatenate([surplus.sum(axis=1), -surplus.sum(axis=0)]) + RIDGE * ratings

    def curvature(ratings: np.ndarray) -> np.ndarray:
        weights = games * chances(ratings) * (1.0 - chances(ratings))
        corner = np.zeros((generators, generators)), np.zeros((discriminators, discriminators))
        matrix = np.block([[corner[0], -weights], [-weights.T, corner[1]]])
        return matrix + np.diag(np.concatenate([weights.sum(axis=1), weights.sum(axis=0)]) + RIDGE)

    start = np.zeros(generators + discriminators)
    best = minimize(loss, start, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-8}).x
    centre = np.eye(generators) - 1.0 / generators
    spread = centre @ np.linalg.inv(curvature(best))[:generators, :generators] @ centre
    errors = np.sqrt(np.diag(spread).clip(0.0) * _dispersion(wins, games, chances(best)))
    points = MEAN_SKILL + POINTS * (best - best[:generators].mean())
    return points[:generators], POINTS * errors, points[generators:]


def _dispersion(wins: np.ndarray, games: int, chances: np.ndarray) -> float:
    """Return by how much the results vary more than games with these chances would, 1 or more (Pearson's chi-square).

    More means that the discriminators do not agree on an order: no rating a player explains that.
    """
    freedom = (wins.shape[0] - 1) * (wins.shape[1] - 1)
    if not freedom:
        return 1.0
    surprise = (wins - games * chances) ** 2 / (games * chances * (1.0 - chances))
    return max(1.0, float(surprise.sum()) / freedom)
