"""The settings of each attack of ganline/robustness/attacks: pixels from 0 to 1, distances in the same unit.

The defaults are those of the papers, or where these are far from what MNIST needs, as the comment says.
"""

from typing import Annotated

from pydantic import Field, field_validator

from ganline.settings.section import Count, Section

Pixels = Annotated[float, Field(gt=0, le=1)]
"""A largest change of a pixel: more than 0, which changes nothing, and at most 1, the whole range."""


class Fgsm(Section):
    """The fast gradient sign method."""

    epsilon: Pixels = 0.3
    """How far each pixel goes."""


class Pgd(Section):
    """Projected gradient descent."""

    epsilon: Pixels = 0.3
    """How far a pixel may go at most."""
    step: Pixels = 0.01
    """How far in one iteration."""
    iterations: Count = 40
    restarts: Count = 1
    """Starts at random; an image that deceives is kept."""


class DeepFool(Section):
    """DeepFool."""

    iterations: Count = 50
    """At most; images that deceive stop."""
    overshoot: Annotated[float, Field(ge=0, le=1)] = 0.02
    """By what share farther than the boundary is thought to be."""
    candidates: Count = 10
    """The likeliest classes whose boundaries are looked at."""


class CarliniWagner(Section):
    """Carlini and Wagner's attack for L2."""

    iterations: Count = 60
    """For each constant."""
    constants: Count = 5
    """How many c are tried, by bisection."""
    learning_rate: Annotated[float, Field(gt=0)] = 0.3
    """Of Adam; it falls to a tenth along the iterations."""
    first_constant: Annotated[float, Field(gt=0)] = 1.0
    confidence: Annotated[float, Field(ge=0)] = 0.0
    """By how much the logit of the wrong class is to exceed the right one's."""


class Jsma(Section):
    """The Jacobian-based saliency map attack."""

    theta: Annotated[float, Field(ge=-1, le=1)] = 1.0
    """What is added to a pixel in one iteration: positive to brighten pixels, negative to darken them."""
    gamma: Annotated[float, Field(gt=0, le=1)] = 0.145
    """Largest share of an image's values that are changed."""

    @field_validator("theta")
    @classmethod
    def _changes(cls, theta: float) -> float:
        if abs(theta) < 0.01:
            raise ValueError("allowed is -1 to -0.01 and 0.01 to 1: less would take very long to change anything")
        return theta


class Lbfgs(Section):
    """Szegedy et al.'s attack by L-BFGS."""

    iterations: Count = 30
    """For each constant; images whose loss falls no more stop."""
    constants: Count = 5
    """How many c are tried, by bisection."""
    first_constant: Annotated[float, Field(gt=0)] = 1.0


class Zoo(Section):
    """Zeroth order optimisation, by ZOO-ADAM."""

    iterations: Count = 100
    """At most; images that deceive and come no nearer stop."""
    coordinates: Count = 128
    """Values whose slope is asked for in one iteration, by a query each."""
    learning_rate: Annotated[float, Field(gt=0)] = 0.1
    """Of Adam, for each value by itself."""
    first_constant: Annotated[float, Field(gt=0)] = 1.0
    difference: Annotated[float, Field(ge=1e-4, le=1)] = 0.01
    """By how much a value is changed to see the slope; victims whose answers change in steps need more."""


class Advgan(Section):
    """AdvGAN: a generator that is trained to deceive the victim."""

    epsilon: Pixels = 0.3
    """How far a pixel may go at most."""
    steps: Count = 400
    batch_size: Count = 64
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    """Of Adam, of both networks."""
    deceit_weight: Annotated[float, Field(ge=0)] = 10.0
    """Of the loss of images that do not deceive; that of the discriminator weighs 1."""
    distance_weight: Annotated[float, Field(ge=0)] = 1.0
    """Of what the L2 norm of the change exceeds `free_distance` by."""
    free_distance: Annotated[float, Field(ge=0)] = 1.5
