"""The section `train` of params.yaml, one class a kind of model: what it does not hold is unknown to the kind.

A model names its class in the literal `recipe` (see ganline.models.base.Model). A new kind is one class here, of
`Train` or of those below that it shares keys with, and a file of conf/recipe with its defaults, which its presets
choose (`override /recipe: NAME`). Checks, messages, params.yaml, MLflow and saved models follow. A model's code says
which keys it reads by annotating `settings` with the class. docs/practices.md explains what stabilises GANs.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ganline.settings.attacks import Pixels
from ganline.settings.section import Count, Section, Seed


class Optimizer(Section):
    """One network's optimizer."""

    name: Literal["adam", "rmsprop", "sgd"]
    learning_rate: Annotated[float, Field(gt=0)]
    beta_1: Annotated[float, Field(ge=0, lt=1)]
    """Decay of the average of gradients: Adam's beta_1, or momentum."""
    beta_2: Annotated[float, Field(ge=0, lt=1)]
    """Decay of the average of squared gradients: Adam's beta_2, RMSprop's rho; SGD has none."""
    decay: Annotated[float, Field(ge=0)]
    """The learning rate at this network's i-th update is divided by 1 + decay i."""


def _selected(value: object) -> object:
    if value in ("last", "best") or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise ValueError("allowed is last, best, or a step whose weights train.keep keeps")


class Train(Section):
    """What every training has; the whole recipe of PixelCNN, which draws pixel by pixel and has no adversary."""

    model: str
    """FILE.CLASS in ganline/models."""
    steps: Count
    batch_size: Count
    """Real images an update; in GANs of the discriminator, where as many fakes join them."""
    sampling: Literal["replacement", "shuffle"]
    """Real images drawn with replacement, or each once an epoch in a new order."""
    loss: str
    """One of those that the model takes: of ganline/models/losses.py, or "likelihood" where there is no adversary."""
    optimizers: dict[str, Optimizer]
    shared_optimizer_counter: bool
    """Whether the optimizers count their updates together, which quickens Adam's start, as in one Keras instance."""
    learning_rate_schedule: Literal["constant", "linear", "linear_second_half", "cosine"]
    """All but the first fall to 0 at the last step, linear_second_half from the middle on."""
    gradient_clip_value: Annotated[float, Field(gt=0)] | None
    """Largest absolute value of any gradient's element."""
    gradient_clip_norm: Annotated[float, Field(gt=0)] | None
    """Largest norm of all of a network's gradients together."""
    initializer: Literal["glorot_uniform", "normal", "orthogonal"]
    """Kernels as Keras draws them, N(0, 0.02^2), or random matrices with orthonormal rows or columns."""
    steps_per_call: Count
    """Steps inside one compiled call; stop requests are answered between calls."""
    log_every: Count
    sample_every: Count
    sample_count: Count
    """Images in the grid made from one fixed latent batch; for conditional models one row a class, where it has
    room for all of them."""
    checkpoint_every: Count
    keep: Annotated[int, Field(ge=0)] = 0
    """Steps, evenly over the training, whose weights stay in models/kept for people to choose from."""
    select: Annotated[str | int, BeforeValidator(_selected)]
    """Which weights the later stages use: last, best (whose samples looked so while training), or a kept step's."""


class Latents(Train):
    """Models that make images of latents drawn from a prior; the whole recipe of a variational autoencoder."""

    latent_dim: Count
    noise: Literal["normal", "uniform", "unit_uniform"]
    """N(0, 1), U(-1, 1) or U(0, 1)."""


class Adversaries(Train):
    """Models whose networks play against each other, whatever their images are made of."""

    generator_batch_size: Count
    """Fakes an update of the generator; of translators pairs, fresh ones."""
    penalty_weight: Annotated[float, Field(ge=0)]
    """Of the gradient penalty, for the losses that have one."""
    discriminator_steps: Count
    """Discriminator updates a step, each on fresh images."""
    generator_steps: Count
    discriminator_batches: Literal["mixed", "separate", "sequential"]
    """Reals and fakes in one batch, in two with one update, or in two with an update after each."""
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)]
    label_smoothing_sides: Literal["one", "both"]
    """Only the labels of real images, or both."""
    label_flipping: Annotated[float, Field(ge=0, lt=0.5)]
    """Share of the discriminator's labels that are exchanged."""
    instance_noise: Annotated[float, Field(ge=0)]
    """Deviation of the noise on all images the discriminator sees at the first step; 0 at the last."""
    discriminator_normalization: Literal["as_printed", "none", "layer", "instance"]
    """What stands where the document has batch norm."""
    frozen_batch_norm: Literal["moving", "batch"]
    """What the batch norms of the network that is not being updated normalise by: moving statistics, or the batch."""
    spectral_normalization: bool
    minibatch_stddev: bool
    packing: Count
    """Images the discriminator judges together."""
    feature_matching: bool
    unrolled_steps: Annotated[int, Field(ge=0, le=20)]
    weight_clip: Annotated[float, Field(gt=0)] | None
    """Largest absolute weight of the discriminator."""
    weight_clip_batch_norm: bool
    """Whether weight_clip includes what batch norms learn and keep."""
    generator_average: Annotated[float, Field(ge=0, lt=1)]
    """Decay of the moving average of the generator's weights that makes the samples."""
    labelled_fraction: Annotated[float, Field(gt=0, le=1)]
    """Share of each class's training images whose label is used."""
    augmentation: Annotated[
        Literal["adaptive", "diffaugment", "translation_cutout"] | None, Field(exclude_if=lambda kind: kind is None)
    ] = None
    """What is done to all images the discriminator sees, with a chance that adapts, or always; left out for none."""


class GAN(Latents, Adversaries):
    """GANs that make images of latents."""


class ClassGAN(GAN):
    """Residual GANs both of whose networks are told the class (SAGAN, BigGAN)."""

    width: Count
    """Channels that those of all layers are multiples of: the papers' ch."""
    attention: Annotated[int, Field(ge=0)]
    """Pixels a side of the maps at which both networks attend; 0: nowhere."""
    orthogonal_weight: Annotated[float, Field(ge=0)]
    """Of the overlap of the generator's filters, in its loss."""


class Phase(Section):
    """A part of a training in which images have one size."""

    size: Annotated[int, Field(ge=4, le=1024)]
    """Pixels a side."""
    first_step: Annotated[int, Field(ge=0)]
    fade_steps: Annotated[int, Field(ge=0)] = 0
    """First steps of it in which images turn from enlarged ones of the size before into ones of this size."""
    batch_size: Count | None = None
    """Images an update, of either network; null for train.batch_size and train.generator_batch_size."""


class Equalized(GAN):
    """GANs whose weights are scaled as they are used, with most features where images are small."""

    features: Count
    """Features of the layers at a size, times that size, as far as most_features allows."""
    most_features: Count
    """Features of any layer, at most."""
    initializer: Literal["glorot_uniform"]
    """It has no effect: kernels are drawn from N(0, 1), and scaled as they are used."""


class Growing(Equalized):
    """GANs whose networks grow while they train, and with them the images."""

    phases: Annotated[list[Phase], Field(min_length=1)]
    """In their order; from each to the next the size doubles, and the last one's is prepare.size."""


class Styled(Equalized):
    """GANs whose generator makes w of its latents, which says in every layer what is drawn."""

    mapping_layers: Count
    """Dense layers that make w of latents."""
    mapping_rate: Annotated[float, Field(gt=0)]
    """Times the generator's learning rate, for these layers."""
    mixing: Annotated[float, Field(ge=0, le=1)]
    """Share of images that are made of two latents, in training."""
    r1_weight: Annotated[float, Field(ge=0)]
    """Gamma of R1: half of it times the squared gradient of the discriminator at real images."""
    r1_every: Count
    """Steps from one R1 to the next; it is weighed up for those between."""
    path_length_weight: Annotated[float, Field(ge=0)]
    """Of the path length regularisation, in the generator's loss."""
    path_length_every: Count
    """Steps from one to the next; it is weighed up for those between."""
    discriminator_batches: Literal["separate"]
    """The discriminator compares the images of a batch, so reals and fakes are in two."""


PARTNER = "partner"
"""The value of train.input for inputs that are not made of the image, but come with it."""


class Translation(Adversaries):
    """Adversaries that make images of other images."""

    input: str
    """What images are made of; each recipe says which of ganline/datasets/inputs.py it takes."""


class PairedTranslation(Translation):
    """Translators that learn from images whose true partners are known."""

    input: Literal["partner", "grey"]
    """What images are made of: the other picture of each pair, or the image itself without its colours."""
    l1_weight: Annotated[float, Field(ge=0)]
    """Of the mean absolute difference between an image and its true partner, in the generator's loss."""


class UnpairedTranslation(Translation):
    """Translators between two domains, both ways, that learn from pictures of each without knowing partners."""

    input: Literal["partner"]
    """What images are made of: pictures of the other domain, drawn by themselves."""
    cycle_weight: Annotated[float, Field(ge=0)]
    """Of the mean absolute difference between a picture and what comes back when it is translated there and back."""
    identity_weight: Annotated[float, Field(ge=0)]
    """Of the mean absolute change of a picture by the translation into the domain that it is of."""
    target_weight: Annotated[float, Field(ge=0)]
    """Of the mean absolute difference between a translation and a random picture of the domain it is to be of."""
    image_pool: Annotated[int, Field(ge=0, le=10_000)]
    """Earlier translations of each direction that the discriminators are shown in place of half of the new ones."""


class Cartoon(Translation):
    """Translators that draw photographs in the style of a picture, and learn it without true partners."""

    input: Literal["partner"]
    """What images are made of: the photographs, drawn by themselves."""
    adversarial_weight: Annotated[float, Field(ge=0)]
    """Of deceiving the discriminator, in the generator's loss."""
    content_weight: Annotated[float, Field(ge=0)]
    """Of the mean absolute difference, in what VGG sees, between what is drawn and the sharpened photograph."""
    style_weight: Annotated[float, Field(ge=0)]
    """Of the same difference between what is drawn and the drawing whose style it is to have."""
    initialization_steps: Annotated[int, Field(ge=0)]
    """First steps in which the generator learns content alone, and the discriminator nothing."""
    sharpening: Annotated[float, Field(ge=0)]
    """How many times the details of drawings, and of the photographs that content is compared with, are laid on."""


class SuperResolution(Translation):
    """Translators that enlarge images, and learn it from images that are shrunk for them."""

    input: Literal["shrunk"]
    scale: Literal[2, 4, 8]
    """By which the sides of the inputs are shorter than the images'."""
    content_weight: Annotated[float, Field(ge=0)]
    """Of the mean squared difference of what VGG sees in an output and in its target, in the generator's loss."""
    adversarial_weight: Annotated[float, Field(ge=0)]
    pretraining_steps: Annotated[int, Field(ge=0)]
    """Steps at the beginning in which the generator alone learns, by the mean squared difference of pixels."""


class Inpainting(Translation):
    """Translators that fill a square hole of images."""

    input: Literal["masked"]
    hole_size: Count
    """Side of the hole, pixels."""
    hole_place: Literal["random", "centre"]
    """Another place each time an image is shown, or the middle."""
    reconstruction_weight: Annotated[float, Field(ge=0)]
    """Of the mean squared difference in the hole, in the generator's loss."""
    adversarial_weight: Annotated[float, Field(ge=0)]


class Deception(Translation):
    """Translators that change images so that a classifier errs, and learn it from that classifier."""

    input: Literal["image"]
    """What images are made of: themselves."""
    epsilon: Pixels
    """How far a pixel may go at most; 1 is its whole range."""
    target: Annotated[int, Field(ge=0)] | None
    """Number of the class that images are to be told to be of; null for any but their own."""
    deceit_weight: Annotated[float, Field(ge=0)]
    """Of what images that do not deceive lack of it, in the generator's loss; that of the discriminator weighs 1."""
    distance_weight: Annotated[float, Field(ge=0)]
    """Of what the L2 norm of the change exceeds free_distance by, likewise."""
    free_distance: Annotated[float, Field(ge=0)]
    """The L2 norm up to which a change costs nothing, where pixels reach from 0 to 1."""
    victim_steps: Count
    """Of the classifier's training, before the generator's."""
    victim_seed: Seed
    """Of the classifier, so that generators of several seeds meet one and the same."""


class ResidualGAN(GAN):
    """Residual networks without normalisation, and a recipe whose values move along half a cosine to those they keep.

    With `generator_average` the half-life of the average moves likewise, from none to that of this decay.
    """

    widths: Annotated[list[Annotated[int, Field(ge=8, le=2048, multiple_of=8)]], Field(min_length=1, max_length=8)]
    """Channels at each size, the smallest first; each one is twice the size before."""
    blocks: Count
    """Residual blocks at each size."""
    annealing_steps: Count
    """Steps in which learning rate, beta_2, penalty and average move; from then on they stay."""
    final_learning_rate: Annotated[float, Field(gt=0)]
    final_beta_2: Annotated[float, Field(ge=0, lt=1)]
    final_penalty_weight: Annotated[float, Field(ge=0)]


def recipes(kind: type[Train] = Train) -> dict[str, type[Train]]:
    """Return every recipe by the name of its class."""
    found = {kind.__name__: kind}
    for below in kind.__subclasses__():
        found |= recipes(below)
    return found
