"""CycleGAN (Zhu et al. 2017) as The GAN Book has it twice, with a U-Net and with nine residual blocks."""

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.activations import LeakyReLU
from ganline.models.layers import Conv2D, Conv2DTranspose, InstanceNormalization, ReflectionPadding
from ganline.models.translation.networks import patches, unet
from ganline.models.two_domains import TwoDomains


class UNet(TwoDomains):
    """CycleGAN of The GAN Book (Chaudhary 2024, Skill 8), apples and oranges: U-Nets of 8 levels.

    Images are squares whose side is a multiple of 32. The U-Net halves them as often as they can be halved, 8 times at
    most: for 256 pixels that is the document's; smaller images lack the deepest levels.
    """

    size_multiple = 32
    encoder: tuple[int, ...] = (32, 64, 128, 256, 256, 256, 256)
    bottleneck = 512
    decoder: tuple[int, ...] = (256, 256, 256, 256, 256, 64, 32)
    judge_widths: tuple[int, ...] = (64, 128, 256, 512, 512)

    def build_generator(self) -> tf.keras.Model:
        """Inputs (N, H, W, C) -> images (N, H, W, C), all in [-1, 1]: a U-Net."""
        inputs = layers.Input(self.input_shape)
        made = unet(inputs, self.encoder, self.bottleneck, self.decoder, self.image_shape[2], _normalized)
        return tf.keras.Model(inputs, made, name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Images (N, H, W, C) -> a logit for each patch (N, H / 2^n, W / 2^n, 1), n being the number of widths."""
        images = layers.Input(self.image_shape)
        return tf.keras.Model(images, patches(images, self.judge_widths, _normalized), name="discriminator")


class ResNet(TwoDomains):
    """CycleGAN of The GAN Book (Chaudhary 2024, Skill 8), horses and zebras: nine residual blocks, judges of 70 pixels.

    The listing has the block once; the printed summary and its total have nine. Kernels are drawn from N(0, 0.02^2)
    where the document draws them so: all but each network's last. Images are squares whose side is a multiple of 8.
    """

    size_multiple = 8
    least_size = 16
    blocks = 9

    def build_generator(self) -> tf.keras.Model:
        """Inputs (N, H, W, C) -> images (N, H, W, C), all in [-1, 1]."""
        inputs = layers.Input(self.input_shape)
        x = _active(_normal(Conv2D, 64, 7, use_bias=False)(ReflectionPadding(3)(inputs)))
        for width in (128, 256):
            x = _active(_normal(Conv2D, width, 3, strides=2, padding="same")(x))
        for _ in range(self.blocks):
            inside = _active(_normal(Conv2D, 256, 3)(ReflectionPadding(1)(x)))
            inside = InstanceNormalization()(_normal(Conv2D, 256, 3)(ReflectionPadding(1)(inside)))
            x = layers.Add()([x, inside])
        for width in (128, 64):
            x = _active(_normal(Conv2DTranspose, width, 3, strides=2, padding="same")(x))
        x = InstanceNormalization()(Conv2D(self.image_shape[2], 7)(ReflectionPadding(3)(x)))
        return tf.keras.Model(inputs, layers.Activation("tanh", dtype="float32")(x), name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Images (N, H, W, C) -> a logit for each patch (N, H / 8, W / 8, 1)."""
        images = x = layers.Input(self.image_shape)
        for width, stride in ((64, 2), (128, 2), (256, 2), (512, 1)):
            x = LeakyReLU(0.2)(_normal(Conv2D, width, 4, strides=stride, padding="same")(x))
            x = _normalized(x) if width > 64 else x
        return tf.keras.Model(images, Conv2D(1, 4, padding="same")(x), name="discriminator")


def _normalized(x: tf.Tensor) -> tf.Tensor:
    """Return x (N, H, W, C) with each channel of each image normalised, but of one pixel, which it would wipe out."""
    return InstanceNormalization()(x) if x.shape[1] > 1 else x


def _active(x: tf.Tensor) -> tf.Tensor:
    return layers.ReLU()(InstanceNormalization()(x))


def _normal(kind: type[layers.Layer], width: int, size: int, **given: object) -> layers.Layer:
    """Return a convolution whose kernel is drawn from N(0, 0.02^2)."""
    return kind(width, size, kernel_initializer=tf.keras.initializers.RandomNormal(0.0, 0.02), **given)
