"""The attacks of the adversarial-robustness-toolbox as rows beside ours, with the same budgets."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from ganline.models.victims import Victim
from ganline.robustness.attacks.base import Aim

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from art.attacks import evasion
    from art.estimators.classification import TensorFlowV2Classifier

CLASSES: dict[str, Callable[..., Any]] = {
    "fgsm": evasion.FastGradientMethod,
    "pgd": evasion.ProjectedGradientDescent,
    "deepfool": evasion.DeepFool,
    "carlini_wagner": evasion.CarliniL2Method,
    "jsma": evasion.SaliencyMapMethod,
    "zoo": evasion.ZooAttack,
}
"""What it has of our attacks."""


def wrapped(victim: Victim) -> TensorFlowV2Classifier:
    """Return a victim as the toolbox takes it."""
    return TensorFlowV2Classifier(
        model=lambda images, training=False: victim.logits(tf.convert_to_tensor(images, tf.float32)),
        nb_classes=victim.classes,
        input_shape=victim.image_shape,
        clip_values=(0, 1),
        loss_object=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )


def run(name: str, victim: Victim, aim: Aim, **settings: Any) -> np.ndarray:
    """Return what its attack of this name makes of the aim's images, float32 (N, H, W, C), all in one batch.

    Args:
        name: of ours, a key of CLASSES.
        victim: who is to be deceived.
        aim: the images, their classes and targets.
        settings: its own words for them.
    """
    more: dict[str, Any] = {} if name in ("fgsm", "zoo") else {"verbose": False}
    if name == "zoo":
        more = {"verbose": False}
        settings = {"batch_size": 1} | settings  # it shares Adam's memory out wrongly among images of one batch
    elif aim.targets is not None and name != "jsma":
        more["targeted"] = True
    made = CLASSES[name](wrapped(victim), **{"batch_size": len(aim.images)} | settings, **more)
    given = {} if name == "deepfool" else {"y": aim.classes}
    return np.asarray(made.generate(aim.images, **given), np.float32)
