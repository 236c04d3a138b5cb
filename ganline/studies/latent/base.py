"""What the parts of this study share: the space that they explore."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.latent.attributes import Attribute, measurements, of_classes, of_marks, of_measurements
from ganline.latent.named import Named, read
from ganline.metrics.record import Sample
from ganline.settings.schema import Latent, Params
from ganline.studies.finding import Kept, LeftOut

if TYPE_CHECKING:
    from ganline.extractors.network import Extractor
    from ganline.models.base import Model
    from ganline.models.makers import Sampler


CLASSES = 10
"""Classes that count as attributes, at most: those that most samples look like."""


@dataclass(frozen=True)
class Drawn:
    """N images that the generator drew, and what is known of them."""

    latents: np.ndarray
    """float32 (N, latent_dim) from the prior."""
    labels: np.ndarray
    """int32 (N,): the class or code asked for; 0 where there are none."""
    images: np.ndarray
    """uint8 (N, H, W, C)."""
    features: np.ndarray
    """float32 (N, d)."""
    probabilities: np.ndarray
    """float32 (N, K)."""

    @cached_property
    def measured(self) -> dict[str, np.ndarray]:
        """What can be measured of the images (`ganline.latent.attributes.measurements`): float64 (N,) by name."""
        return measurements(self.images)


@dataclass(frozen=True)
class Space:
    """A trained generator's latent space, and all that a part may use to explore it."""

    generator: "Sampler"
    """Latents in, pictures out; compiled once. Any number of latents at a time."""
    model: "Model"
    """What the generator is part of: for gradients, encoders, activations and weights."""
    extractor: "Extractor"
    train: Sample
    """All training images, with features and probabilities."""
    test: Sample
    """All held-out images."""
    classes: Sequence[str]
    """Names of the dataset's classes; empty where it has none."""
    params: Params
    kept: dict[str, Kept] = field(default_factory=dict)
    """What the parts before kept, by <part>/<name>."""

    @property
    def protocol(self) -> dict[str, Any]:
        """What the protocol of every number says."""
        extractor = self.extractor.facts
        return {
            "extractor": extractor["kind"],
            "extractor_weights_sha256": extractor.get("weights_sha256", ""),
            "samples": self.settings.samples,
            "seed": self.seed,
        } | ({} if extractor["kind"] == self.params.extractor.kind else {"judge": "beside"})

    @property
    def settings(self) -> Latent:
        """The section `latent` of params.yaml."""
        return self.params.latent

    @property
    def seed(self) -> int:
        """Of all that is random; use ganline.core.random.generator(seed, "latent/PART/...")."""
        return self.params.seed

    @cached_property
    def samples(self) -> Drawn:
        """`latent.samples` images from the prior, drawn once for all parts; indices in params.yaml count them."""
        return self.draw(self.settings.samples, "samples")

    def draw(self, count: int, purpose: str) -> Drawn:
        """Return fresh samples from the prior, with labels drawn uniformly where the generator takes any."""
        return self.look(
            self.generator.latents(count, self.seed, f"latent/{purpose}"),
            self.generator.labels(count, self.seed, f"latent/{purpose}"),
        )

    def look(self, latents: np.ndarray, labels: np.ndarray) -> Drawn:
        """Return the images of latents float32 (N, latent_dim) and labels int (N,), and what is said of them."""
        return self.told(latents, labels, self.generator.images(latents, labels))

    def told(self, latents: np.ndarray, labels: np.ndarray, images: np.ndarray) -> Drawn:
        """Return images uint8 (N, H, W, C) made of such latents and labels in any way, and what is said of them."""
        size = self.extractor.batch_size
        parts = [self.extractor.describe(images[i : i + size]) for i in range(0, len(images), size)]
        features, probabilities = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Drawn(latents, labels, images, features, probabilities)

    @cached_property
    def attributes(self) -> list[Attribute]:
        """What is known to be measurable of this generator's images: classes, measurements, and your own labels.

        Where the generator is asked for classes, they are none: no edit of a latent is to change them.
        """
        conditions, samples = self.generator.conditions, self.samples
        asked = self.conditions == list(self.known_classes) and conditions > 0
        found = [] if asked else of_classes(self.known_classes, samples, conditions, CLASSES)
        return found + of_measurements(samples, samples.labels, conditions) + self._marked[0]

    @property
    def bad_labels(self) -> list[str]:
        """What is wrong with latent.labels, a sentence each."""
        return self._marked[1]

    @cached_property
    def _marked(self) -> tuple[list[Attribute], list[str]]:
        found, wrong = [], []
        for name, marked in self.settings.labels.items():
            try:
                found.append(of_marks(name, marked, self.samples, self.generator.conditions))
            except ValueError as error:
                wrong.append(f"latent.labels: {error}.")
        return found, wrong

    @cached_property
    def points(self) -> dict[str, Named]:
        """The named latents of latent.points that this generator can take."""
        return {name: point for name, point in self._named[0].items() if self._takes(point)}

    @property
    def bad_points(self) -> list[str]:
        """What is wrong with latent.points, a sentence each."""
        found, wrong = self._named
        misfits = [name for name, point in found.items() if not self._takes(point)]
        if misfits:
            sizes = f"{self.generator.latent_dim} numbers and a label below {max(1, self.generator.conditions)}"
            wrong = [*wrong, f"latent.points: {', '.join(misfits)}: this generator takes {sizes}."]
        return wrong

    def _takes(self, point: Named) -> bool:
        return len(point.latent) == self.generator.latent_dim and point.label < max(1, self.generator.conditions)

    @cached_property
    def _named(self) -> tuple[dict[str, Named], list[str]]:
        try:
            return read(Path(self.settings.points)), []
        except UserError as error:
            return {}, [f"latent.points: {error}."]

    @property
    def conditions(self) -> list[str]:
        """Names of what the generator can be asked for, in the order of its labels; empty where it takes none."""
        return self.generator.condition_names(self.classes)

    @property
    def known_classes(self) -> list[str]:
        """Names of the columns of `probabilities`; empty where these are no classes of the dataset."""
        return [] if lacking(("classes",), self.extractor.abilities) else list(self.extractor.facts["classes"])

    @property
    def abilities(self) -> frozenset[str]:
        """See ganline.studies.answers.Subject."""
        return self.generator.abilities

    @property
    def looks_fast(self) -> bool:
        """Whether the extractor can be shown some thousand images more."""
        return not lacking(("fast to look",), self.extractor.abilities)

    def must_draw_fast(self) -> None:
        """Raise LeftOut for a model that takes so long to draw that thousands of images cannot be asked of it."""
        if reason := self.lacks("fast to draw"):
            raise LeftOut(f"{reason} for the images that this needs")

    def lacks(self, *needs: str) -> str:
        """Return why the model has not all these abilities, or "" where it has."""
        return lacking(needs, self.generator.abilities, self.generator.name)
