"""The settings of each attack of ganline/robustness/attacks: pixels from 0 to 1, distances in the same unit.

The defaults are those of the papers, or where these are far from what MNIST needs, as the comment says.
"""

from typing import Annotated

from pydantic import Field

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
