"""Optimizers as recipes describe them, with what may limit gradients and how learning rates move."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from ganline.settings.recipes import Optimizer, Train

KERAS_EPSILON = 1e-7
"""Adam's, as documents have it that train with Keras."""


def is_scaled(optimizer: tf.keras.optimizers.Optimizer) -> bool:
    """Return whether the optimizer scales its loss, as in float16."""
    return isinstance(optimizer, tf.keras.mixed_precision.LossScaleOptimizer)


def begin_anew(optimizers: Mapping[str, tf.keras.optimizers.Optimizer]) -> None:
    """Let optimizers forget all they keep; loss scales stay."""
    for optimizer in optimizers.values():
        inner = optimizer.inner_optimizer if is_scaled(optimizer) else optimizer
        for variable in inner.variables():
            variable.assign(tf.zeros_like(variable))


def make_optimizer(
    rule: Optimizer, settings: Train, updates: int, adam_epsilon: float = KERAS_EPSILON
) -> tf.keras.optimizers.Optimizer:
    """Return the optimizer that `rule` describes, which counts `updates` updates a step."""
    # The legacy classes run TensorFlow's fused kernels: one pass over memory for each variable. The new ones are made
    # of a dozen elementwise operations, which for large dense layers cost more than the gradients. Same update rules.
    kinds = tf.keras.optimizers.legacy
    rate = _learning_rate(rule, settings.learning_rate_schedule, settings.steps * updates)
    limits = {"clipvalue": settings.gradient_clip_value, "global_clipnorm": settings.gradient_clip_norm}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    if rule.name == "adam":
        return kinds.Adam(rate, rule.beta_1, rule.beta_2, adam_epsilon, **given)
    if rule.name == "rmsprop":
        return kinds.RMSprop(rate, rule.beta_2, rule.beta_1, **given)
    return kinds.SGD(rate, rule.beta_1, **given)


def _learning_rate(rule: Optimizer, schedule: str, updates: int) -> float | Any:
    schedules = tf.keras.optimizers.schedules
    if rule.decay:
        return schedules.InverseTimeDecay(rule.learning_rate, decay_steps=1, decay_rate=rule.decay)
    if schedule == "linear":
        return schedules.PolynomialDecay(rule.learning_rate, updates, end_learning_rate=0.0)
    if schedule == "linear_second_half":
        return _SecondHalf(rule.learning_rate, updates)
    return schedules.CosineDecay(rule.learning_rate, updates) if schedule == "cosine" else rule.learning_rate


class _SecondHalf(tf.keras.optimizers.schedules.LearningRateSchedule):
    """Constant for the first half of the updates, then linear to 0 (Zhu et al. 2017, section 4)."""

    def __init__(self, rate: float, updates: int) -> None:
        self._rate, self._updates = rate, updates

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        left = 1 - tf.cast(step, tf.float32) / self._updates
        return self._rate * tf.clip_by_value(2 * left, 0.0, 1.0)
