"""Directions of a latent space along which something happens, found and not guessed.

    boundaries          normals of the planes that part samples which have an attribute from those that lack it
                        (Shen et al. 2020, "Interpreting the Latent Space of GANs for Semantic Face Editing",
                        InterFaceGAN)
    principal           principal components of what a layer makes of samples, carried back to the latents
                        (Härkönen et al. 2020, "GANSpace: Discovering Interpretable GAN Controls")
    factorised          directions that the first layer's weights stretch most
                        (Shen and Zhou 2021, "Closed-Form Factorization of Latent Semantics in GANs": SeFa)

All are unit vectors in normal coordinates (`ganline.latent.paths.to_normal`), in which every prior is N(0, I); amounts
are its standard deviations (`ganline.latent.paths.move`).
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.utils.extmath import randomized_svd

DECIMALS = 5
"""Of a direction: what is beyond depends on how many threads multiplied matrices."""
HELD_OUT = 5
"""Every so many samples one is kept back to test a boundary with."""


def random_directions(count: int, dim: int, random: np.random.Generator) -> np.ndarray:
    """Return directions drawn evenly from the sphere, float64 (count, dim): the control of every other direction."""
    return _units(random.standard_normal((count, dim)))


def boundary(normal: np.ndarray, has: np.ndarray, lacks: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the direction towards an attribute, and how well it tells held-out samples apart.

    Args:
        normal: float64, (N, latent_dim): samples in normal coordinates.
        has: bool, (N,): which have the attribute.
        lacks: bool, (N,): which lack it. Samples that are neither are not used.

    Returns:
        float64 (latent_dim,), a unit vector; and the balanced accuracy on every fifth sample, which the plane was not
        fitted to: 0.5 is chance, 1 perfect.

    Raises:
        ValueError: fewer than 10 samples on one side.
    """
    used, truth = np.flatnonzero(has | lacks), has[has | lacks]
    if min(truth.sum(), (~truth).sum()) < 2 * HELD_OUT:
        raise ValueError(
            f"{truth.sum()} samples have it and {(~truth).sum()} lack it; at least {2 * HELD_OUT} are needed"
        )
    # Every fifth of those that have it, and of those that lack it: both are in either part.
    order = np.argsort(~truth, kind="stable")
    held = np.zeros(len(used), bool)
    held[order[::HELD_OUT]] = True
    classifier = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
    classifier.fit(normal[used[~held]], truth[~held])
    right = classifier.predict(normal[used[held]]) == truth[held]
    accuracy = np.mean([right[truth[held] == side].mean() for side in (True, False)])
    return _units(classifier.coef_)[0], float(accuracy)


def principal(normal: np.ndarray, activations: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions along which a layer's output varies most (GANSpace).

    Each principal component's coordinates are regressed on the latents; the direction is where they grow fastest.

    Args:
        normal: float64, (N, latent_dim): samples in normal coordinates.
        activations: float32, (N, units): what the layer makes of them.
        count: directions, 1 to latent_dim.
        seed: of the approximate decomposition.

    Returns:
        float64 (count, latent_dim), unit vectors, the first of most variance; and float64 (count,), the share of the
        activations' variance that each component has.

    Raises:
        ValueError: more directions than dimensions, or activations that do not vary.
    """
    _check_count(count, normal.shape[1])
    centred = activations - activations.mean(axis=0, dtype=np.float64).astype(np.float32)
    total = float((centred.astype(np.float64) ** 2).sum())
    if total <= 0:
        raise ValueError("the activations do not vary")
    coordinates, sizes, _ = randomized_svd(centred, count, n_iter=4, random_state=seed)
    slopes, *_ = np.linalg.lstsq(normal - normal.mean(axis=0), coordinates * sizes, rcond=None)
    return _oriented(slopes.T), sizes**2 / total


def factorised(kernel: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions of the latents that a layer stretches most (SeFa): eigenvectors of A A^T.

    Args:
        kernel: float, (latent_dim, units): the weights A of the first layer.
        count: directions, 1 to latent_dim.

    Returns:
        float64 (count, latent_dim), unit vectors, the first most stretched; and float64 (count,), the share of the
        kernel's squared size that each has.

    Raises:
        ValueError: more directions than dimensions.
    """
    _check_count(count, kernel.shape[0])
    values, vectors = np.linalg.eigh(kernel.astype(np.float64) @ kernel.astype(np.float64).T)
    return _oriented(vectors.T[::-1][:count]), values[::-1][:count] / values.sum()


def _check_count(count: int, dim: int) -> None:
    if not 1 <= count <= dim:
        raise ValueError(f"{count} directions: a latent space of {dim} dimensions has at most {dim}")


def _units(vectors: np.ndarray) -> np.ndarray:
    """Return rows (n, latent_dim) scaled to length 1."""
    return np.round(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), DECIMALS)


def _oriented(vectors: np.ndarray) -> np.ndarray:
    """Return rows scaled to length 1, the largest coordinate of each positive: where the sign means nothing."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1)[:, None], axis=1)
    return _units(vectors * np.where(largest < 0, -1, 1))
