"""What joins a measure to the line: its arrays, its settings and its words."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from ganline.core.maker import ImageMaker, LatentMaker, Maker
from ganline.metrics import naming
from ganline.metrics.judgements import Heard, Judgements
from ganline.settings.schema import Evaluate

if TYPE_CHECKING:
    from ganline.extractors.lpips import Lpips
    from ganline.extractors.network import Extractor

Group = Literal["quality", "diversity", "novelty", "conditioning", "people"]


@dataclass(frozen=True)
class Sample:
    """A set of N images and what the extractor says of them, row by row."""

    images: np.ndarray
    """uint8 (N, H, W, C)."""
    features: np.ndarray
    """float32 (N, d)."""
    probabilities: np.ndarray
    """float32 (N, K): of the extractor's classes."""
    labels: np.ndarray | None = None
    """int (N,): of real images their class, of fakes the class or code asked for; None where there is neither."""

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def likeliest(self) -> np.ndarray:
        """int64 (N,): the class that the extractor finds most likely."""
        return self.probabilities.argmax(axis=1)


@dataclass(frozen=True)
class Case:
    """All that a measure may look at."""

    sample: Sample
    """Whom it judges: fakes, or for the floor real images in their place."""
    real: Sample
    """As many held-out images: what it judges by."""
    train: Sample
    """All training images."""
    settings: Evaluate
    seed: int
    extractor: "Extractor | None" = None
    maker: Maker | None = None
    """Whose images are judged; None for the floor."""
    abilities: frozenset[str] = frozenset()
    """What maker, data and extractor have, in the words of ganline.core.abilities."""
    lpips: "Lpips | str | None" = None
    """Its network, or why it cannot be had; None where nobody needs it."""
    inputs: np.ndarray | None = None
    """uint8 (N, H, W, C): what each of the images judged was made from, where that is an image."""

    judgements: Judgements | None = None
    """What people said of the images; None where they said nothing."""

    def judged(self, task: str) -> Heard:
        """Return who judged the images in a task, for a measure that needs judgements; ValueError where nobody did."""
        assert self.judgements
        return self.judgements.of(task)

    @property
    def network(self) -> str:
        """In whose features the images are described, as the names of numbers have it."""
        return str(self.extractor.facts["kind"]) if self.extractor else "none"

    @property
    def latent_maker(self) -> LatentMaker:
        """The maker, for a measure that needs latents."""
        assert self.maker
        return cast(LatentMaker, self.maker)

    @property
    def image_maker(self) -> ImageMaker:
        """The maker, for a measure that needs one of images."""
        assert self.maker
        return cast(ImageMaker, self.maker)

    @property
    def given_images(self) -> np.ndarray:
        """The inputs, for a measure that needs a maker of images."""
        assert self.inputs is not None
        return self.inputs


@dataclass(frozen=True)
class Number:
    """One number in metrics.json and how it is named and read."""

    label: str
    group: Group
    better: Literal["lower", "higher", ""]
    """"" where neither end is good: read it beside its floor."""
    reading: str
    """One or two short sentences: the range, and what a high or a low value says."""
    ranks: bool = True
    """False for standard errors, thresholds and other numbers that only accompany one."""


def error_of(label: str, of: str, how: str, group: Group = "quality") -> Number:
    """Return the number that is the standard error of the number called `of`, shown as `label`, and made `how`."""
    return Number(f"{label}, standard error", group, "", f"Standard error of {of}, {how}.", ranks=False)


def spread_of(of: str) -> Number:
    """Return the number that is the standard error of the number called `of`, in plain words."""
    return Number(f"{of}, standard error", "diversity", "", f"Standard error of the {of}.", ranks=False)


@dataclass(frozen=True)
class Measure:
    """Something params.yaml can ask for: one or more numbers that are made together."""

    name: str
    """In evaluate.metrics."""
    numbers: dict[str, Number]
    """What `compute` returns, the most telling first; in names and words {frechet} and {Frechet} stand for what the
    Frechet distance is called in the features of whoever judges (see ganline.metrics.naming)."""
    compute: Callable[[Case], dict[str, float]]
    """A ValueError leaves the measure out, with its message as the reason."""
    answers: str
    """The question it answers, for docs/metrics.md."""
    misleads: str
    """When it misleads, one sentence."""
    source: str
    """Author, year, and title or venue."""
    cost: str
    """Its time for 10,000 images of 28x28 on 2 processor cores, such as "2 s"."""
    needs: frozenset[str] = frozenset()
    """Abilities, in the words of ganline.core.abilities."""
    usual: frozenset[str] = frozenset()
    """Abilities that evaluate.metrics = default asks for besides: it could be made without them, and says little."""
    floor: Literal["train", "held_out", ""] = "train"
    """Which real images stand in for the fakes: training images, or (where training images would win by being copies of
    themselves) the held-out ones; "" where real images cannot stand in."""
    beside: bool = False
    """Whether the network beside the judge is asked, too: where features alone are looked at, and some hundred do."""
    by_class: bool = False
    """Whether it looks at the data's classes where somebody knows them, though it needs none."""
    lpips: bool = False
    """Whether it looks through the network of LPIPS."""
    protocol: Callable[[Case], dict[str, Any]] = field(default=lambda case: {})
    """The settings it was made with, beyond what all have (counts, extractor, seed)."""

    def named(self, name: Callable[[str], str], words: Callable[[str], str]) -> "Measure":
        """Return the same measure with the names and the words of its numbers as these functions have them."""
        numbers = {
            name(key): replace(each, label=words(each.label), reading=words(each.reading))
            for key, each in self.numbers.items()
        }
        compute = self.compute
        return replace(
            self, numbers=numbers, compute=lambda case: {name(key): found for key, found in compute(case).items()}
        )

    def of_network(self, network: str) -> "Measure":
        """Return the same measure with the names that its numbers have in the features of this network."""
        return self.named(lambda text: naming.filled(text, network), lambda text: naming.filled(text, network))

    def of_second(self, network: str) -> "Measure":
        """Return the same measure with the names that its numbers have where this network stands beside the judge."""
        return self.named(lambda name: naming.beside(name, network), lambda text: naming.beside_words(text, network))
