import numpy as np
import pytest

from ganline.models.outcome import outcome
from ganline.models.victims import as_floats
from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import attacked
from ganline.settings.attacks import Advgan

SETTINGS = Advgan(steps=60, batch_size=32, learning_rate=5e-3)


def run(ground, settings=SETTINGS, **options):
    own = as_floats(ground.train_images[:300])
    found = attacked(attack("advgan"), ground.victim, ground.images, ground.labels, settings, own=own, **options)
    return found, outcome(ground.victim, ground.images, found.images, ground.labels, options.get("targets"))


def test_it_deceives_on_images_that_it_has_not_seen(ground, capsys):
    found, told = run(ground, show="advgan")
    assert told.success_rate > 0.6
    assert told.distances.linf.max() <= 0.3 + 1e-6 and found.images.min() >= 0 and found.images.max() <= 1
    assert found.queries[0] == np.ceil((300 + 60 * 32) / len(ground.images))
    assert "advgan: its training: 60/60" in capsys.readouterr().out


@pytest.mark.slow
def test_one_generator_reaches_each_image_s_own_target_and_is_a_function_of_the_seed(ground):
    targets = (ground.labels + 1 + np.arange(len(ground.labels)) % 9) % 10
    settings = Advgan(steps=60, batch_size=32, learning_rate=5e-3, epsilon=0.6)
    found, told = run(ground, settings, targets=targets)
    assert told.success_rate > 0.3  # by chance an error in nine is the target
    again, _ = run(ground, settings, targets=targets)
    np.testing.assert_array_equal(again.images, found.images)
