import numpy as np
from scipy.optimize import minimize

from ganline.models.outcome import outcome
from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import Aim, attacked
from ganline.robustness.attacks.lbfgs import _loss, _Search


def run(ground, settings=None, count=40, **options):
    images, labels = ground.images[:count], ground.labels[:count]
    found = attacked(attack("lbfgs"), ground.victim, images, labels, settings, **options)
    return found, outcome(ground.victim, images, found.images, labels, options.get("targets"))


def test_all_images_deceive_near_their_originals(ground):
    found, told = run(ground)
    assert told.success_rate == 1 and told.mean("l2") < 1.5
    assert found.images.min() >= 0 and found.images.max() <= 1
    assert found.queries.max() <= 5 * 31 + 1


def test_targets_are_reached(ground):
    _, told = run(ground, targets=(ground.labels[:40] + 1) % 10)
    assert told.success_rate > 0.95


def test_the_loss_ends_as_low_as_scipy_s(ground):
    images, labels, constant = ground.images[:3], ground.labels[:3], np.full(3, 2, np.float32)
    aims = (labels + 3) % 10

    def loss(flat, place):
        now, one = flat.reshape(1, 12, 12, 1).astype(np.float32), slice(place, place + 1)
        value, slope, _ = _loss(ground.victim, True, now, images[one], aims[one], aims[one], constant[one])
        return float(value[0]), slope.numpy().ravel().astype(float)

    search = _Search(ground.victim, Aim(images, labels, aims, 0, images, ""), aims)
    ends = {}
    look = search._look

    def watched(now, left, constants):
        point = look(now, left, constants)
        for place, value in zip(left, point.losses, strict=True):
            ends[place] = min(value, ends.get(place, np.inf))
        return point

    search._look = watched
    search.descend(constant, 100)
    for place, image in enumerate(images):
        best = minimize(loss, image.ravel(), place, "L-BFGS-B", jac=True, bounds=[(0, 1)] * 144)
        assert ends[place] < best.fun * 1.03 + 1e-3
