"""What does not go together where a discriminator compares images in pairs, is kept flat, or sees them augmented."""

from collections.abc import Iterator
from typing import Any

from ganline.models.facts import loss_facts
from ganline.settings.recipes import Adversaries, ResidualGAN, Styled


def compared(train: Adversaries, loss: dict[str, Any]) -> Iterator[str]:
    """Yield what the loss asks for and the recipe does not give; see ganline.models.losses.Loss."""
    if loss["flat_at"] and train.discriminator_batches == "mixed":
        yield (
            f"train.discriminator_batches = mixed: the loss {train.loss} takes slopes at images that pass apart; set "
            "it to separate"
        )
    if loss["flat_at"] and isinstance(train, Styled) and train.r1_weight:
        yield (
            f"train.r1_weight = {train.r1_weight} with train.loss = {train.loss}: the loss has an R1 of its own, "
            "weighed by train.penalty_weight; set train.r1_weight=0"
        )
    if loss["pairs"] and train.generator_batch_size != train.batch_size:
        yield (
            f"train.generator_batch_size = {train.generator_batch_size}: {loss['at_once']}; set it to "
            f"train.batch_size = {train.batch_size}"
        )
    if train.augmentation == "adaptive" and loss["boundary"] is None:
        others = [name for name, facts in loss_facts().items() if facts["boundary"] is not None]
        yield (
            "train.augmentation = adaptive: it goes by how many real images are told for what they are, which scores "
            f"of the loss {train.loss} do not say; take diffaugment, or the loss {' or '.join(others)}"
        )


def annealed(size: int, train: ResidualGAN) -> Iterator[str]:
    """Yield where images cannot be halved as often as there are widths, or rates would move by two schedules."""
    unit = 2 ** (len(train.widths) - 1)
    if rest := size % unit:
        below = size - rest
        yield (
            f"prepare.size = {size}: train.widths has {len(train.widths)} sizes, each twice the one before; what fits "
            f"is a multiple of {unit}, such as {f'{below} or ' if below else ''}{below + unit}"
        )
    if train.learning_rate_schedule != "constant" or any(rule.decay for rule in train.optimizers.values()):
        yield (
            f"train.learning_rate_schedule and the decay of an optimizer: rates of {train.model} move to "
            "train.final_learning_rate; leave them at constant and 0"
        )
