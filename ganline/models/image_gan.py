"""GANs that make images of other images, each of which has one true partner."""

from math import gcd

import tensorflow as tf

from ganline.core import replicas
from ganline.models.adversarial import Adversarial
from ganline.models.base import Batch, Metrics
from ganline.settings.recipes import Translation

Shape = tuple[int, int, int]


class ImageGAN(Adversarial):
    """An adversarial model whose generator is given images.

    A batch holds "input" (N, H, W, Ci) and its partner "image" (N, H', W', C), both in image_range: first those for the
    discriminator's updates, then fresh ones for the generator's. Nothing is drawn: equal inputs give equal images.
    """

    settings: Translation
    abilities: tuple[str, ...] = ("inputs", "discriminator", "fast to draw")
    image_range = (-1.0, 1.0)
    losses: tuple[str, ...] = ("least_squares", "non_saturating", "hinge")
    refuses: tuple[str, ...] = ("minibatch_stddev", "packing", "unrolled_steps", "weight_clip", "augmentation")

    def __init__(
        self, settings: Translation, image_shape: Shape, seed: int, classes: int = 0, input_shape: Shape | None = None
    ) -> None:
        """See ganline.models.base.Model; `input_shape` (H, W, Ci) is that of the images where it is not given."""
        self.input_shape: Shape = input_shape or image_shape
        super().__init__(settings, image_shape, seed, classes)

    def make(self, real: Batch, count: int, who: str, draw: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """Return the translation "image" (N, H', W', C) of real["input"], and that "input"; see Adversarial.make."""
        return {"image": self.generator(real["input"], training=training), "input": real["input"]}

    def translate(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return the images float32 (N, H', W', C) that inputs float32 (N, H, W, Ci) become, both in image_range.

        In inference mode, and by the averaged generator where there is one.
        """
        return self.drawing(inputs, training=False)

    @property
    def batch_size(self) -> int:
        """Pairs that a step takes: fresh ones for each update of either network."""
        recipe = self.settings
        judged = recipe.batch_size * recipe.discriminator_steps
        return judged + recipe.generator_batch_size * recipe.generator_steps

    @property
    def batch_parts(self) -> int:
        """See ganline.models.base.Model.batch_parts."""
        return self.batch_size // gcd(self.settings.batch_size, self.settings.generator_batch_size)

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """Update the discriminator, then the generator; see ganline.models.base.Model.train_step."""
        recipe, start = self.settings, 0
        metrics: Metrics = {}
        for size, count, update in (
            (recipe.batch_size, recipe.discriminator_steps, self.discriminator_step),
            (recipe.generator_batch_size, recipe.generator_steps, self.generator_step),
        ):
            size = replicas.share(size)
            for i in range(count):
                pairs = {name: values[start : start + size] for name, values in batch.items()}
                metrics |= update(pairs, step, step * count + i)
                start += size
        return metrics
