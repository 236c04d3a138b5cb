"""Our attacks beside those of the adversarial-robustness-toolbox: the same victim, images and budgets."""

import numpy as np
import pytest

from ganline.models.outcome import outcome
from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import Aim, attacked
from ganline.settings.attacks import CarliniWagner, DeepFool, Fgsm, Jsma, Pgd, Zoo

pytest.importorskip("art", reason="the adversarial-robustness-toolbox is installed with requirements-dev.txt")


def both(ground, name, settings, count, targeted=False, **theirs):
    """Return our images and what came of them, and theirs, for images that the victim has right."""
    from benchmarks import toolbox

    right = np.flatnonzero(ground.victim.predict(ground.images) == ground.labels)[:count]
    images, labels = ground.images[right], ground.labels[right]
    targets = (labels + 1) % 10 if targeted else None
    ours = attacked(attack(name), ground.victim, images, labels, settings, targets).images
    other = toolbox.run(name, ground.victim, Aim(images, labels, targets, 0, images, ""), **theirs)
    told = (outcome(ground.victim, images, each, labels, targets) for each in (ours, other))
    return ours, other, *told


@pytest.mark.parametrize("targeted", [False, True])
def test_fgsm_is_the_same(ground, targeted):
    ours, theirs, _, _ = both(ground, "fgsm", Fgsm(epsilon=0.2), 40, targeted, eps=0.2)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_pgd_deceives_as_often(ground):
    settings = Pgd(epsilon=0.1, step=0.02, iterations=15)
    _, _, ours, theirs = both(ground, "pgd", settings, 40, eps=0.1, eps_step=0.02, max_iter=15, num_random_init=1)
    assert ours.success_rate >= theirs.success_rate - 0.05 and 0.1 < theirs.success_rate < 1


@pytest.mark.slow
def test_deepfool_comes_as_near(ground):
    settings = DeepFool(overshoot=0.02, iterations=30)
    _, _, ours, theirs = both(ground, "deepfool", settings, 15, epsilon=0.02, max_iter=30)
    assert ours.success_rate == 1 and ours.mean("l2") <= theirs.mean("l2") * 1.001


@pytest.mark.slow
@pytest.mark.parametrize("targeted", [False, True])
def test_carlini_and_wagner_come_nearer_at_equal_iterations(ground, targeted):
    settings = CarliniWagner(iterations=10, constants=10)
    budget = {"max_iter": 10, "binary_search_steps": 10}
    _, _, ours, theirs = both(ground, "carlini_wagner", settings, 20, targeted, **budget)
    assert ours.success_rate >= max(0.99, theirs.success_rate)
    assert ours.distances.l2[theirs.succeeded].mean() <= theirs.mean("l2")


def test_jsma_succeeds_as_often_within_the_same_share_and_changes_fewer_pixels(ground):
    # They may change one pair more than the share allows; they leave out how the other classes' slopes help.
    _, _, ours, theirs = both(ground, "jsma", Jsma(gamma=0.07), 40, True, theta=1.0, gamma=0.07)
    shared = ours.succeeded & theirs.succeeded
    assert 0.3 < theirs.success_rate < 1 and ours.success_rate >= theirs.success_rate
    assert ours.distances.l0.max() <= 0.07 * 144
    assert ours.distances.l0[shared].mean() <= theirs.distances.l0[shared].mean()


@pytest.mark.slow
def test_zoo_deceives_more_often_with_as_many_queries(ground):
    # 50 steps of 97 queries; ours asks once for each slope.
    theirs = {"max_iter": 50, "learning_rate": 0.1, "use_resize": False, "use_importance": False, "nb_parallel": 48}
    _, _, ours, other = both(ground, "zoo", Zoo(iterations=98, coordinates=48), 10, **theirs, initial_const=1.0)
    assert ours.success_rate == 1 and ours.success_rate >= other.success_rate
