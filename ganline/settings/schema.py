"""The parameters of a run: what params.yaml may hold, checked as a whole before anything runs."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
LARGEST_FLOAT = (2 - 2**-23) * 2.0**127
LARGEST_INT = 2**31 - 1

Loss = Literal[
    "non_saturating",
    "minimax",
    "wasserstein",
    "wasserstein_gp",
    "least_squares",
    "dragan",
    "hinge",
    "began",
    "likelihood",
]
"""Adversarial losses (ganline/models/losses.py), and "likelihood" for models that are not adversarial."""


class Section(BaseModel):
    """A part of params.yaml: unknown keys and wrong types are errors, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*")
    @classmethod
    def _fits_32_bits(cls, value: Any) -> Any:
        """Refuse numbers that become others on a device, which computes in 32 bits; infinity and NaN are none."""
        if isinstance(value, float) and not abs(value) <= LARGEST_FLOAT:
            raise ValueError(f"allowed is a number of at most {LARGEST_FLOAT:.3g} (float32)")
        if isinstance(value, int) and abs(value) > LARGEST_INT:
            raise ValueError(f"allowed is an integer of at most {LARGEST_INT} (32 bits)")
        return value


class Download(Section):
    """Where the raw data comes from."""

    dataset: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """Names data/downloaded/<dataset> and data/prepared/<dataset>."""
    source: str
    """A file of conf/sources (a known dataset), or a folder or zip of your own pictures (one subfolder a class)."""
    category: str | None
    """The part to take, where there are parts (emoji: a category; quickdraw: what is drawn; translation: A or B)."""


class Prepare(Section):
    """How source images become arrays of one size."""

    size: Annotated[int, Field(ge=8, le=1024)]
    """Height and width of the prepared images, pixels."""
    channels: Literal[1, 3]
    fit: Literal["crop", "pad", "stretch"]
    """What happens to images that are not square."""
    interpolation: Literal["area", "linear"]
    """Shrinking averages areas (and enlarges cubically), or samples linearly as OpenCV does when not told otherwise."""
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    """Share held out where the dataset brings no test split of its own."""
    max_dropped: Fraction
    """Share of unusable source images above which the stage fails."""


class Extractor(Section):
    """The network whose features feed the metrics."""

    kind: Literal["classifier", "rotation", "inception"]
    """A classifier of the dataset's classes; of four rotations, where it has no classes; or InceptionV3."""
    epochs: Count
    batch_size: Count
    learning_rate: Annotated[float, Field(gt=0)]
    weights: str | None
    """For kind inception: a local weights file, or null for Keras's ImageNet weights."""


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


class Train(Section):
    """The recipe of the training; docs/practices.md explains what stabilises GANs."""

    model: str
    """FILE.CLASS in ganline/models."""
    steps: Count
    batch_size: Count
    """Real images a discriminator update; as many fakes join them."""
    generator_batch_size: Count
    latent_dim: Count
    noise: Literal["normal", "uniform", "unit_uniform"]
    """N(0, 1), U(-1, 1) or U(0, 1)."""
    sampling: Literal["replacement", "shuffle"]
    """Real images drawn with replacement, or each once an epoch in a new order."""
    loss: Loss
    penalty_weight: Annotated[float, Field(ge=0)]
    """Of the gradient penalty, for the losses that have one."""
    optimizers: dict[str, Optimizer]
    shared_optimizer_counter: bool
    """Whether the optimizers count their updates together, which quickens Adam's start, as in one Keras instance."""
    learning_rate_schedule: Literal["constant", "linear", "cosine"]
    """Linear and cosine fall to 0 at the last step."""
    gradient_clip_value: Annotated[float, Field(gt=0)] | None
    """Largest absolute value of any gradient's element."""
    gradient_clip_norm: Annotated[float, Field(gt=0)] | None
    """Largest norm of all of a network's gradients together."""
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
    initializer: Literal["glorot_uniform", "normal"]
    """Kernels as Keras draws them, or N(0, 0.02^2)."""
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
    steps_per_call: Count
    """Steps inside one compiled call; stop requests are answered between calls."""
    log_every: Count
    sample_every: Count
    sample_count: Count
    """Images in the grid made from one fixed latent batch; for conditional models one row a class."""
    checkpoint_every: Count
    select: Literal["last", "best"]
    """Which weights the later stages use: the last, or those whose samples looked best while training."""


class Diagnosis(Section):
    """How closely a training is watched, and what is done when it fails."""

    every: Count | None
    """Steps between two looks at the samples; null for about 40 looks a run."""
    on_failure: Literal["continue", "stop", "stop_and_keep_best", "fail"]
    """Train on; end with the weights as they are, or the best seen; or fail the stage."""
    patience: Count
    """Looks in a row that must find the run failing, and not getting better, before it is ended."""


class Compute(Section):
    """How the arithmetic is done, and where; docs/devices.md says when to use what."""

    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"]
    strategy: Literal["none", "mirrored", "multi_worker"]
    """One device; several of one machine; those of several machines (TF_CONFIG says which)."""
    replicas: Count | None
    """Devices that share each batch, over all machines; null for all that there are. It decides the bits."""
    xla: bool
    deterministic: bool


class Evaluate(Section):
    """What is measured, and its protocol."""

    metrics: Annotated[
        list[str], Field(min_length=1), BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
    ]
    """Measures of ganline/suite by name (docs/metrics.md), "default" or "all"."""
    samples: Annotated[int, Field(ge=100)]
    """Fakes made, and real images they are held against (fewer where the test split is smaller)."""
    neighbours: Count
    """k of precision and recall."""
    coverage_neighbours: Count
    """k of density and coverage."""
    kid_subsets: Annotated[int, Field(ge=2)]
    kid_subset_size: Annotated[int, Field(ge=2)]
    inception_splits: Count


class Latent(Section):
    """What is asked of the latent space."""

    rows: Count
    """Interpolation paths."""
    columns: Annotated[int, Field(ge=3)]
    """Images along a path; also the side of the 2-D walk."""
    neighbours: Count
    """Nearest training images shown for a sample."""
    samples: Annotated[int, Field(ge=100)]
    """Images drawn from the prior, which all parts of the stage look at; `labels` counts them from 0."""
    directions: Count
    """Directions that each method finds."""
    labels: dict[str, list[Annotated[int, Field(ge=0)]]]
    """Your own attributes: name -> indices of samples that have it (reports/study/figures/samples-numbered.png)."""
    arithmetic: list[str]
    """Sums such as "a - little a + c" or "(a + b) / 2" of attributes and named latents; empty for a few."""
    points: str
    """File of latents by name, as `ganline explore` saves them."""


class Report(Section):
    """What the page shows."""

    images: Count
    """Images in the real and in the generated panel."""


class Params(Section):
    """Everything params.yaml holds: one section a stage, plus the experiment's name, the seed and compute."""

    experiment: str
    seed: Seed
    """Of the training and of all that is drawn after it."""
    data_seed: Seed
    """Of the split into training and test images and of the feature extractor: what a run is judged by."""
    download: Download
    prepare: Prepare
    extractor: Extractor
    train: Train
    diagnosis: Diagnosis
    compute: Compute
    evaluate: Evaluate
    latent: Latent
    report: Report


def keys(section: type[BaseModel] = Params, prefix: str = "") -> Iterator[str]:
    """Yield every dotted key that params.yaml may hold (sections too)."""
    for name, field in section.model_fields.items():
        yield f"{prefix}{name}"
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys(inner, f"{prefix}{name}.")
        elif Optimizer in get_args(inner):
            for network in ("generator", "discriminator", "critic"):
                yield from keys(Optimizer, f"{prefix}{name}.{network}.")
