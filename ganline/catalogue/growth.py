"""What in the phases of a growing GAN does not go together: refused before anything runs, each with what is allowed."""

from collections.abc import Iterator
from itertools import pairwise

from ganline.settings.recipes import Growing, Phase


def misgrown(train: Growing, size: int) -> Iterator[str]:
    """Yield where the phases are no way from small images to those of `size` pixels, or not within train.steps."""
    phases = train.phases
    for place, phase in enumerate(phases):
        if phase.size & (phase.size - 1):
            yield f"train.phases: size {phase.size} of {_the(place)} is no power of two; allowed is 4, 8, 16 and so on"
    if phases[0].first_step or phases[0].fade_steps:
        yield "train.phases: the first begins at step 0, and has nothing to fade from; set both to 0"
    for place, (before, phase) in enumerate(pairwise(phases), 1):
        if phase.size != 2 * before.size:
            yield (
                f"train.phases: size {phase.size} of {_the(place)} after {before.size}; from each to the next the size "
                f"doubles, so allowed is {2 * before.size}"
            )
        if phase.first_step <= before.first_step:
            yield (
                f"train.phases: first_step {phase.first_step} of {_the(place)}; the one before it begins at step "
                f"{before.first_step}, so allowed is more than that"
            )
    if phases[-1].size != size:
        yield f"train.phases end with size {phases[-1].size}: the last one's must be prepare.size = {size}"
    yield from _unfinished(phases, train.steps)
    if train.discriminator_batches == "mixed":
        yield (
            f"train.discriminator_batches = mixed: the discriminator of {train.model} compares the images of a batch; "
            "leave it at separate"
        )
    if train.learning_rate_schedule != "constant":
        yield (
            f"train.learning_rate_schedule = {train.learning_rate_schedule}: {train.model} lets the optimizers begin "
            "anew in each phase, and their rates with them; leave it at constant"
        )


def _unfinished(phases: list[Phase], steps: int) -> Iterator[str]:
    """Yield which phases are too short to fade in their images, or not reached."""
    if phases[-1].first_step >= steps:
        yield (
            f"train.phases: {_the(len(phases) - 1)} begins at step {phases[-1].first_step}, and train.steps = {steps}: "
            "the images would never have their final size; let phases begin earlier, or train longer"
        )
        return
    ends = [*(phase.first_step for phase in phases[1:]), steps]
    for place, (phase, end) in enumerate(zip(phases, ends, strict=True)):
        if phase.fade_steps > end - phase.first_step > 0:
            yield (
                f"train.phases: fade_steps {phase.fade_steps} of {_the(place)}, which lasts {end - phase.first_step} "
                "steps; allowed is up to that"
            )


def _the(place: int) -> str:
    return f"phase {place + 1}"
