"""FGSM and PGD."""

import numpy as np
import pytest

from ganline.models.outcome import outcome
from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import attacked
from ganline.settings.attacks import Fgsm, Pgd


def run(ground, name, settings=None, count=60, **options):
    images, labels = ground.images[:count], ground.labels[:count]
    found = attacked(attack(name), ground.victim, images, labels, settings, **options)
    return found, outcome(ground.victim, images, found.images, labels, options.get("targets"))


def test_fgsm_moves_each_pixel_by_epsilon_and_stays_in_range(ground):
    found, told = run(ground, "fgsm", Fgsm(epsilon=0.1))
    inside = (ground.images[:60] > 0.1) & (ground.images[:60] < 0.9)
    moved = np.abs(found.images - ground.images[:60])
    np.testing.assert_allclose(moved[inside], 0.1, atol=1e-6)
    assert moved.max() <= 0.1 + 1e-6 and found.images.min() >= 0 and found.images.max() <= 1
    assert (found.queries == 1).all() and told.success_rate > 0.1


def test_pgd_is_stronger_than_fgsm_within_the_same_distance(ground):
    _, once = run(ground, "fgsm", Fgsm(epsilon=0.15))
    found, often = run(ground, "pgd", Pgd(epsilon=0.15, step=0.02, iterations=20))
    assert often.success_rate > once.success_rate
    assert often.distances.linf.max() <= 0.15 + 1e-6 and (found.queries == 20).all()


def test_restarts_only_go_on_with_images_that_resist(ground):
    settings = Pgd(epsilon=0.08, step=0.02, iterations=5, restarts=3)
    found, told = run(ground, "pgd", settings)
    _, once = run(ground, "pgd", settings.model_copy(update={"restarts": 1}))
    assert told.success_rate >= once.success_rate
    resisted = told.had_right & ~told.succeeded
    assert resisted.any() and (found.queries[resisted] == 18).all() and found.queries.min() == 6


def test_targets_are_aimed_at(ground):
    targets = (ground.labels[:60] + 1) % 10
    _, aimed = run(ground, "pgd", Pgd(epsilon=0.5, step=0.05), targets=targets)
    assert aimed.success_rate > 0.8
    images, labels = ground.images[:60], ground.labels[:60]
    step = attacked(attack("fgsm"), ground.victim, images, labels, Fgsm(epsilon=0.02), targets).images
    before, after = (ground.victim.logits_of(each)[np.arange(60), targets] for each in (images, step))
    assert (after > before).mean() > 0.95


def test_the_start_is_a_function_of_the_seed(ground):
    settings = Pgd(iterations=1)
    first, again, other = (run(ground, "pgd", settings, seed=seed)[0].images for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("epsilon", [0, -0.1, 1.5])
@pytest.mark.parametrize("settings", [Fgsm, Pgd])
def test_epsilon_outside_the_pixel_range_is_refused(settings, epsilon):
    with pytest.raises(ValueError, match="epsilon\n.*(greater than 0|less than or equal to 1)"):
        settings(epsilon=float(epsilon))
