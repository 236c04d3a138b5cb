"""Each loss against its formula in NumPy, and what it says at the equilibrium its paper names."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ganline.models import facts, losses
from ganline.models.facts import loss_facts
from ganline.models.losses import LOSSES
from ganline.models.terms import (
    BALANCE_RATE,
    DIVERSITY_RATIO,
    around,
    began_balance,
    between,
    gradient_penalty,
    in_order,
)

REAL, FAKE = np.array([[2.0], [-1.0], [0.5]], np.float32), np.array([[-3.0], [0.25], [1.0]], np.float32)
P, Q = 1 / (1 + np.exp(-REAL)), 1 / (1 + np.exp(-FAKE))
EXPECTED = {
    "non_saturating": (-np.log(P), -np.log(1 - Q), -np.log(Q)),
    "brier": ((P - 1) ** 2, Q**2, -np.log(Q)),
    "minimax": (-np.log(P), -np.log(1 - Q), np.log(1 - Q)),
    "dragan": (-np.log(P), -np.log(1 - Q), np.log(1 - Q)),
    "wasserstein": (-REAL, FAKE, -FAKE),
    "wasserstein_gp": (-REAL, FAKE, -FAKE),
    "wasserstein_gp_drift": (0.001 * REAL**2 - REAL, FAKE, -FAKE),
    "least_squares": ((REAL - 1) ** 2, FAKE**2, (FAKE - 1) ** 2),
    "hinge": (np.maximum(0, 1 - REAL), np.maximum(0, 1 + FAKE), -FAKE),
    "began": (REAL, -FAKE, FAKE),
    "relativistic": (-np.log(P), -np.log(1 - Q), -np.log(Q)),
    "relativistic_r1": (-np.log(P), -np.log(1 - Q), -np.log(Q)),
}
NEEDS = ("autoencoder", "pairs", "flat_at")
PENALISED = {"wasserstein_gp", "wasserstein_gp_drift", "dragan", "relativistic", "relativistic_r1"}


@pytest.mark.parametrize("name", LOSSES)
def test_each_side_is_its_formula(name):
    loss, ones = LOSSES[name](), np.ones_like(REAL)
    found = (loss.real(REAL, ones), loss.fake(FAKE, 0 * ones), loss.generator(tf.constant(FAKE)))
    for ours, theirs in zip(found, EXPECTED[name], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_equilibria():
    zero, half = np.zeros((4, 1), np.float32), np.full((4, 1), 0.5, np.float32)
    bce, squares = LOSSES["non_saturating"](), LOSSES["least_squares"]()
    both = bce.share * (bce.real(zero, zero + 1) + bce.fake(zero, zero))
    np.testing.assert_allclose(both, np.log(2), rtol=1e-6)  # D = 1/2: ln 2
    np.testing.assert_allclose(
        squares.share * (squares.real(half, half * 2) + squares.fake(half, half * 0)), 0.25
    )  # the .244 that The GAN Book prints for LSGAN


def test_cross_entropy_is_exact_for_large_logits():
    """The book's convergence failure prints a G loss of 24.5: probabilities clipped at 1e-7 could not pass 16.1."""
    assert float(LOSSES["non_saturating"]().generator(tf.constant([[-24.5]]))) == pytest.approx(24.5)


def test_the_checks_read_what_the_losses_declare():
    literals = ("name", "says", "share", "boundary", "labels", "saturates", "unbounded", "penalised", "at_once")
    told = {name: {key: getattr(loss, key) for key in (*literals, *NEEDS)} for name, loss in LOSSES.items()}
    assert loss_facts() == told and set(told) == set(EXPECTED)
    assert {name for name, facts in told.items() if facts["penalised"]} == PENALISED
    aimed = {"non_saturating", "brier", "minimax", "least_squares", "dragan"}
    assert {name for name, f in told.items() if f["labels"]} == aimed
    assert {facts["says"] for facts in told.values() if facts["labels"]} == {"probabilities", "scores"}


def test_a_new_loss_is_one_class(tmp_path, monkeypatch):
    """What a newcomer adds to the file of losses is known to the checks, for every model that can give what it asks."""
    text = Path(losses.__file__).read_text()
    added = text + '\n\nclass Softplus(Hinge):\n    name = "softplus"\n    autoencoder = True\n'
    (tmp_path / "losses.py").write_text(added)
    monkeypatch.setattr(facts, "LOSSES", tmp_path / "losses.py")
    for cached in (facts.loss_facts, facts.model_facts):
        monkeypatch.setattr(facts, cached.__name__, cached.__wrapped__)
    assert facts.loss_facts()["softplus"]["boundary"] == 0.0
    taking = {name for name, found in facts.model_facts().items() if "softplus" in found["losses"]}
    assert "gan.GAN" in taking and not taking & {"cgan.CGAN", "sgan.SGAN", "infogan.InfoGAN", "vae.VAE"}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_tells_what_it_names(name):
    loss, scores = LOSSES[name](), tf.constant(REAL)
    told = loss.signs(scores, tf.constant(FAKE))
    told |= loss.after_update(told) | ({"gradient_penalty": 0} if loss.penalised else {})
    assert set(told) == set(loss.metric_names)


@pytest.mark.parametrize("name", LOSSES)
def test_what_looks_more_real_scores_higher(name):
    """The discriminator's loss falls as the score of a real image moves the way that realness says."""
    loss, ones = LOSSES[name](), np.ones((1, 1), np.float32)
    low, high = sorted((0.2 * ones, 0.4 * ones), key=lambda score: float(loss.realness(score)))
    assert float(loss.real(high, ones)) < float(loss.real(low, ones))
    assert float(loss.generator(tf.constant(high))) < float(loss.generator(tf.constant(low)))


def test_began_weighs_fakes_by_what_it_keeps():
    loss = LOSSES["began"]()
    loss.state()["balance"].assign(0.25)
    assert float(loss.side(tf.constant(FAKE), None, real=False)) == pytest.approx(-0.25 * FAKE.mean())
    assert float(loss.side(tf.constant(REAL), None, real=True)) == pytest.approx(REAL.mean())
    assert all(not other().state() for name, other in LOSSES.items() if name != "began")


def test_gradient_penalty_of_a_linear_critic():
    """A critic w.x has gradient w everywhere: the penalty is (|w| - 1)^2."""
    weights = tf.random.stateless_normal((4, 4, 2), [0, 1])
    score = lambda images: tf.reduce_sum(images * weights, axis=[1, 2, 3])[:, None]  # noqa: E731
    expected = (np.linalg.norm(weights) - 1) ** 2
    assert float(gradient_penalty(score, tf.ones((3, 4, 4, 2)))) == pytest.approx(expected, rel=1e-5)


def test_gradient_penalty_of_a_dead_critic_has_a_finite_gradient():
    weight = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(
            lambda images: weight * tf.reduce_sum(images, [1, 2, 3])[:, None], tf.ones((2, 3, 3, 1))
        )
    assert np.isfinite(tape.gradient(penalty, weight)) and float(penalty) == pytest.approx(1, abs=1e-4)


def test_points_of_the_penalties():
    real, fake = tf.ones((1000, 2, 2, 1)), -tf.ones((1000, 2, 2, 1))
    points = between(real, fake, [1, 2]).numpy()
    assert (points == points[:, :1, :1]).all()  # one draw an image
    assert points.std() == pytest.approx(2 / 12**0.5, rel=0.05) and abs(points.mean()) < 0.1
    images = tf.random.stateless_normal((100, 8, 8, 1), [0, 1])
    moved = around(images, [1, 2]) - images
    assert float(tf.reduce_min(moved)) >= 0 and float(tf.reduce_max(moved)) < 0.5 * float(tf.math.reduce_std(images))


def test_began_moves_its_balance_towards_the_ratio():
    balance, convergence = began_balance(tf.constant(0.1), tf.constant(2.0), tf.constant(0.4))
    assert float(balance) == pytest.approx(0.1 + BALANCE_RATE * (DIVERSITY_RATIO * 2.0 - 0.4))
    assert float(convergence) == pytest.approx(2.0 + abs(DIVERSITY_RATIO * 2.0 - 0.4))
    assert float(began_balance(tf.constant(0.0), tf.constant(0.0), tf.constant(9.0))[0]) == 0


def test_terms_are_added_from_the_first_to_the_last():
    draw = np.random.default_rng(0)
    for count in (1, 2, 3, 4):
        values = draw.normal(0, 1, count) * 10.0 ** draw.uniform(-4, 4, count)
        terms = [tf.constant(value, tf.float32) for value in values]
        with tf.GradientTape() as tape:
            tape.watch(terms)
            total = in_order(terms)
        assert total.numpy() == np.add.accumulate([term.numpy() for term in terms])[-1]
        assert [slope.numpy() for slope in tape.gradient(total, terms)] == [1.0] * count
