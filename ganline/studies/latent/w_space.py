"""w at hand: what a generator makes of its latents before it draws, and the images of any w, layer by layer."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ganline.studies.latent.base import Space

if TYPE_CHECKING:
    import tensorflow as tf

MOST, PIXELS = 500, 2**21
"""Images, and pixels of them, that are made at once, at most."""
COARSE, MIDDLE = 8, 32
"""Sides of the largest maps that count as coarse, and as middle (Karras et al. 2019, section 3.1)."""


class Band(NamedTuple):
    """Layers that belong together by the size of their maps."""

    name: str
    """"coarse", "middle" or "fine"."""
    layers: np.ndarray
    """bool (L,)."""
    sizes: str
    """Such as "4-8"."""


class Styles:
    """A generator with the ability "w", from w on. L is the number of its layers, D how many numbers w has."""

    def __init__(self, space: Space) -> None:
        """Compile what is used."""
        import tensorflow as tf

        from ganline.models.base import to_uint8

        model = self._model = space.model
        low, high = model.image_range
        compiled = partial(tf.function, autograph=False, reduce_retracing=True)
        self._map = compiled(model.styles)
        self._drawn = compiled(lambda *given: to_uint8(model.draw_styles(*given), model.image_range))
        self._unrounded = compiled(lambda *given: (model.draw_styles(*given) - low) * (255 / (high - low)))
        self.sides = np.array(model.style_sides)

    @property
    def mean(self) -> np.ndarray:
        """The mean of w that training has kept, float32 (D,)."""
        return np.asarray(self._model.mean_style())

    @property
    def kernels(self) -> list[np.ndarray]:
        """See ganline.models.base.Model.style_kernels."""
        return [np.asarray(kernel, np.float32) for kernel in self._model.style_kernels()]

    def of(self, latents: np.ndarray) -> np.ndarray:
        """Return w, float32 (N, D), of latents float32 (N, latent_dim)."""
        return np.asarray(self._map(latents.astype(np.float32)))

    def images(self, styles: np.ndarray, strengths: np.ndarray | None = None, draw: int = 0) -> np.ndarray:
        """Return images uint8 (N, H, W, C); see `ganline.models.base.Model.draw_styles`.

        Args:
            styles: w for each layer, float (N, L, D), or one for all of them, float (N, D).
            strengths: float (L,), how much noise each layer has; all of it where not given.
            draw: which noise.
        """
        return self._made(self._drawn, styles, strengths, draw)

    def unrounded(self, styles: np.ndarray) -> np.ndarray:
        """Return the same as float32, 0 to 255 where the model keeps its range, never rounded or cut off."""
        return self._made(self._unrounded, styles, None, 0)

    def truncated(self, w: np.ndarray, psi: float) -> np.ndarray:
        """Return w (N, D) moved towards its mean: what is `psi` of the way out (Karras et al. 2019, appendix B)."""
        return self.mean + psi * (w - self.mean)

    def _made(
        self, way: Callable[..., "tf.Tensor"], styles: np.ndarray, strengths: np.ndarray | None, draw: int
    ) -> np.ndarray:
        import tensorflow as tf

        layers = len(self.sides)
        if styles.ndim == 2:
            styles = np.repeat(styles[:, None], layers, axis=1)
        noise = tf.constant(np.ones(layers) if strengths is None else strengths, tf.float32), tf.constant(draw)
        size = max(1, min(MOST, PIXELS // int(np.prod(self._model.image_shape[:2]))))
        parts = [
            way(tf.constant(styles[i : i + size], tf.float32), *noise).numpy() for i in range(0, len(styles), size)
        ]
        return np.concatenate(parts)

    @property
    def bands(self) -> list[Band]:
        """Coarse, middle and fine layers, as far as there are any."""
        kinds = {
            "coarse": self.sides <= COARSE,
            "middle": (self.sides > COARSE) & (self.sides <= MIDDLE),
            "fine": self.sides > MIDDLE,
        }
        return [Band(name, chosen, _sizes(self.sides[chosen])) for name, chosen in kinds.items() if chosen.any()]


def _sizes(sides: np.ndarray) -> str:
    return f"{sides.min()}" if sides.min() == sides.max() else f"{sides.min()}-{sides.max()}"
