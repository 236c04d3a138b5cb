from dataclasses import replace

import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.models.victims import Victim
from ganline.robustness import attacks
from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import attacked
from ganline.settings import attacks as settings


def test_every_attack_has_a_record_that_fits_its_file():
    assert attacks.names() == (
        "advgan", "carlini_wagner", "deepfool", "fgsm", "jsma", "lbfgs", "pgd", "zoo",
    )  # fmt: skip
    for name in attacks.names():
        record = attack(name)
        assert record.name == name and record.source and issubclass(record.settings, settings.Section)
        assert record.settings()  # its defaults are allowed values


def refusal(ground, name="fgsm", victim=None, images=None, labels=None, targets=None):
    with pytest.raises(UserError) as refused:
        attacked(
            attack(name),
            victim or ground.victim,
            ground.images[:3] if images is None else images,
            ground.labels[:3] if labels is None else labels,
            targets=targets,
        )
    return str(refused.value)


def test_a_target_that_is_the_true_class_is_refused(ground):
    targets = (ground.labels[:3] + [0, 1, 0]) % 10
    assert f"the target of image 0 is {targets[0]}, its true class (so of 2 of 3 images)" in refusal(
        ground, targets=targets
    )


def test_an_attack_that_needs_gradients_refuses_a_victim_without(ground):
    blind = Victim(ground.victim.logits, (12, 12, 1), 10, gradients=False)
    assert "FGSM follows the victim's gradients, and this victim has none" in refusal(ground, victim=blind)


def test_images_that_do_not_suit_the_victim_are_refused(ground):
    assert "reach from 0 to 255; allowed is 0 to 1" in refusal(ground, images=ground.images[:3] * 255)
    assert "reach from nan" in refusal(ground, images=ground.images[:3] * np.nan)
    assert "shape (3, 6, 12, 1); this victim takes some of (12, 12, 1)" in refusal(ground, images=ground.images[:3, :6])
    assert "shape (0, 12, 12, 1)" in refusal(ground, images=ground.images[:0], labels=ground.labels[:0])


def test_classes_that_the_victim_does_not_know_are_refused(ground):
    assert "labels: allowed are the victim's classes, integers from 0 to 9" in refusal(ground, labels=np.full(3, 10))
    assert "targets: allowed are" in refusal(ground, targets=np.full(3, 0.5))
    assert "targets are of shape (2,); needed is one for each of 3" in refusal(ground, targets=np.array([1, 2]))


def test_parts_are_put_together_in_order(ground):
    whole = attacked(attack("fgsm"), ground.victim, ground.images[:7], ground.labels[:7])
    parts = attacked(replace(attack("fgsm"), at_once=3), ground.victim, ground.images[:7], ground.labels[:7])
    np.testing.assert_allclose(parts.images, whole.images, atol=1e-6)


def test_progress_is_shown_where_asked_for(ground, capsys):
    attacked(attack("fgsm"), ground.victim, ground.images[:7], ground.labels[:7], show="fgsm against nobody")
    assert "fgsm against nobody: 7/7" in capsys.readouterr().out
