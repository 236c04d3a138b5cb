"""The settings of each defence of ganline/robustness/defences: pixels from 0 to 1, distances in the same unit.

The defaults are those of the papers for MNIST, or where these take hours on two cores, as the comment says.
"""

from typing import Annotated

from pydantic import Field

from ganline.settings.attacks import Pixels
from ganline.settings.section import Count, Section

Alarms = Annotated[float, Field(gt=0, lt=1)]
"""Share of unharmed images that a detector rejects."""


class AdversarialTraining(Section):
    """A classifier that learns from images under attack."""

    epsilon: Pixels = 0.3
    """How far a pixel goes at most."""
    step: Pixels = 0.1
    """How far in one iteration."""
    iterations: Count = 5
    """Of the attack on each batch (the paper: 40 of 0.01, which take eight times as long)."""
    steps: Count = 2500


class Distillation(Section):
    """A classifier that learns the probabilities of another at a temperature."""

    temperature: Annotated[float, Field(ge=1)] = 100.0
    steps: Count = 1500
    """Of the teacher, and as many of its student."""


class RandomForest(Section):
    """Trees on pixels."""

    trees: Count = 100
    surrogate_steps: Count = 500
    """Of the network that an attacker trains on the forest's answers."""


class NearestNeighbours(Section):
    """The nearest training images."""

    neighbours: Count = 5
    surrogate_steps: Count = 500
    """Of the network that an attacker trains on the neighbours' answers."""


class Squeezing(Section):
    """Fewer shades and a median filter, and a detector of images that are told another class for it."""

    bits: Annotated[int, Field(ge=1, le=8)] = 1
    """Of a pixel's shade that stay."""
    median: Annotated[int, Field(ge=1, le=9)] = 2
    """Side of the median filter's window, pixels; 1 leaves it out."""
    false_alarms: Alarms = 0.05


class NullLabel(Section):
    """A class more, for images that look attacked."""

    epsilon: Pixels = 0.4
    """The largest perturbation that it learns from."""
    steps: Count = 1500


class DefenseGan(Section):
    """What the generator draws nearest to an image, in the image's place."""

    steps: Count = 100
    """L: of gradient descent in the latent space (the paper: 200, from starts drawn without a look at the image)."""
    restarts: Count = 4
    """R: starts for each image, the best of which is taken (the paper: 10)."""
    drawn: Count = 2000
    """Samples from which each image takes its nearest as starts, at least as many as restarts."""
    learning_rate: Annotated[float, Field(gt=0)] = 0.1
    epsilon: Annotated[float, Field(ge=0, lt=0.5)] | None = None
    """How far an attack is taken to move a pixel: what differs by no more costs nothing, and what differs by
    1 - epsilon as much as can be. None for squared differences, as in the paper, which draw the attack, too."""


class Magnet(Section):
    """Autoencoders that know unharmed images: detectors and a reformer."""

    autoencoders: Count = 3
    """One of which is drawn for each image."""
    channels: Count = 8
    noise: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Deviation of what is laid over the images that they learn to reproduce."""
    false_alarms: Alarms = 0.01
    steps: Count = 600
    """Of the training of each."""
