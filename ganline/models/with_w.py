"""What models with the ability "w" can be asked: what stands between their latents and their images."""

import tensorflow as tf

from ganline.models.base import Model


class WithW(Model):
    """A model that makes w of its latents and is told by it, in each layer, what to draw."""

    @property
    def style_sides(self) -> list[int]:
        """Pixels a side of the maps that each w styles, first to last."""
        raise NotImplementedError

    def styles(self, latents: tf.Tensor) -> tf.Tensor:
        """Return w, float32 (N, D), of latents float32 (N, latent_dim)."""
        raise NotImplementedError

    def mean_style(self) -> tf.Tensor:
        """Return the mean of w over the prior as training has kept it, float32 (D,)."""
        raise NotImplementedError

    def style_kernels(self) -> list[tf.Tensor]:
        """Return for each of `style_sides` by what w is multiplied there, float32 (D, units)."""
        raise NotImplementedError

    def draw_styles(self, styles: tf.Tensor, strengths: tf.Tensor, draw: tf.Tensor) -> tf.Tensor:
        """Return images float32 (N, H, W, C) in image_range, in inference mode.

        Args:
            styles: w for each layer, float32 (N, len(style_sides), D).
            strengths: float32 (len(style_sides),): how much of the noise is laid on the maps of each, 1 as in training.
            draw: int scalar, which noise; 0 is that of `generate`.
        """
        raise NotImplementedError
