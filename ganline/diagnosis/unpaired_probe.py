"""A quick look at a translator that learns without true partners: there, and back where it has a way back."""

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ganline.core.random import generator
from ganline.datasets.inputs import Inputs
from ganline.datasets.resize import like
from ganline.diagnosis.cycles import NOISE, Way, apart, cycle, noised
from ganline.diagnosis.edges import edge_agreement
from ganline.diagnosis.pair_probe import ALIKE, spread
from ganline.diagnosis.probe import CannotJudgeError, Describe, frechet, pixels

IMAGES = 64
"""Of each domain, translated each time."""
REAL = 256
"""Of each domain, held against the translations into it."""
CYCLES = 16
"""Of each domain that go there and back, and once more through noise: enough for a mean, few enough to be quick."""
FEWEST = 20
"""Images of a domain that a comparison takes."""


class UnpairedProbe:
    """Holds some images of two domains, and measures what a translator makes of them in both directions."""

    def __init__(self, inputs: Inputs, targets: np.ndarray, describe: Describe, seed: int) -> None:
        """Choose training images.

        Args:
            inputs: of the source domain, uint8 (N, H, W, C).
            targets: of the target domain, uint8 (M, H', W', C').
            describe: of images of the target domain; of the source domain, too, where these have the same form.
            seed: fixes the choice.

        Raises:
            CannotJudgeError: there are too few, or all images of a domain are alike.
        """
        for images, name in ((inputs, "source"), (targets, "target")):
            if len(images) < FEWEST:
                raise CannotJudgeError(f"the {name} domain has {len(images)} training images, and it takes {FEWEST}")
        sources, goals = (_some(images, seed, name) for images, name in ((inputs, "source"), (targets, "target")))
        one_form = sources.shape[1:] == goals.shape[1:]
        self.inputs, self.targets = sources[:IMAGES], goals[:IMAGES]
        self._copies = like(self.inputs, goals.shape[1:])
        with threadpool_limits(1, "blas"):
            self._target = _Domain(goals, self._copies, describe)
            back = like(self.targets, sources.shape[1:])
            self._source = _Domain(sources, back, describe if one_form else pixels)
        count = min(len(self._copies), len(self.targets))
        self._unlike = max(apart(self._copies[:count], self.targets[:count]), ALIKE)
        self._seed = seed

    def measure(self, there: Way, back: Way | None = None) -> dict[str, float]:
        """Return what translations there (and back, all that ends with _back too) show.

        domain, domain_back: Frechet distance of translations to the domain they are to be of, over that of the inputs
            copied; 1 is no nearer than these.
        spread, spread_back: root mean square distance between two translations, shrunk to 8x8, over that of two real
            images; near 0 where all are alike.
        copied: mean absolute difference to the inputs over that of unrelated images of the two domains.
        cycle, cycle_back: mean absolute difference of what comes back, over that of the domain's mean image; 1 is
            nothing.
        hidden, hidden_back: share of what came back that is lost if a faint noise is added halfway (NOISE grey levels);
            NaN where nothing came back.
        gain, gain_back: growth of that difference by the noise, over the noise.
        edges, only where there is no way back, which would tell more: how much more often edges of the outputs lie
            where those of their inputs do than where those of another input do, of all that they could; 0: no more.
        """
        outputs = there(self.inputs)
        found = self._target.seen(outputs) | {"copied": apart(outputs, self._copies) / self._unlike}
        if back is None:
            return found | {"edges": self._edges_kept(outputs)}
        returned = back(self.targets)
        found |= _named(self._source.seen(returned), "_back")
        ways = ((self.inputs, outputs, back, ""), (self.targets, returned, there, "_back"))
        for images, translated, way, ending in ways:
            seen = cycle(images[:CYCLES], translated[:CYCLES], way, self._noised)
            found |= _named({"cycle": seen.share, "hidden": seen.lost, "gain": seen.gain}, ending)
        return found

    def _edges_kept(self, outputs: np.ndarray) -> float:
        own, others = (edge_agreement(made, self._copies) for made in (outputs, np.roll(outputs, 1, axis=0)))
        known = ~np.isnan(own)
        chance = float(others[known].mean()) if known.any() else 1.0
        return (float(own[known].mean()) - chance) / (1 - chance) if chance < 1 else float("nan")

    def _noised(self, images: np.ndarray) -> np.ndarray:
        return noised(images, NOISE, self._seed)

    def state(self) -> dict[str, np.ndarray]:
        """Return what `restore` takes: nothing, for each look stands for itself."""
        return {}

    def restore(self, state: Any) -> None:
        """Go on from a state."""


class _Domain:
    """What translations into a domain are held against."""

    def __init__(self, real: np.ndarray, copies: np.ndarray, describe: Describe) -> None:
        self._describe, self._spread = describe, spread(real)
        if self._spread < ALIKE:
            raise CannotJudgeError("all images of a domain are alike")
        self._real = self._features(real)
        self._far = max(frechet(self._features(copies), self._real), 1e-6)

    def seen(self, made: np.ndarray) -> dict[str, float]:
        """Return "domain" and "spread" of translations into the domain."""
        with threadpool_limits(1, "blas"):
            far = frechet(self._features(made), self._real)
        return {"domain": far / self._far, "spread": spread(made) / self._spread}

    def _features(self, images: np.ndarray) -> np.ndarray:
        return np.nan_to_num(np.asarray(self._describe(images)[0], np.float64))


def _some(images: Inputs, seed: int, name: str) -> np.ndarray:
    # In no order: who takes the first few takes some of all, though data may be ordered by name, time or class.
    return np.asarray(images[generator(seed, f"diagnosis/{name}").permutation(len(images))[:REAL]])


def _named(found: dict[str, float], ending: str) -> dict[str, float]:
    return {f"{name}{ending}": value for name, value in found.items()}
