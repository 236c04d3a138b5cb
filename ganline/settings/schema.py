"""The parameters of a run: what params.yaml may hold, checked as a whole before anything runs."""

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, Field, create_model, model_validator

from ganline.settings.networks import Kind
from ganline.settings.recipes import Optimizer, Train, recipes
from ganline.settings.robustness import Robustness
from ganline.settings.section import Count, Fraction, Section, Seed


class Download(Section):
    """Where the raw data comes from."""

    dataset: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """Names data/downloaded/<dataset> and data/prepared/<dataset>."""
    source: str
    """A file of conf/sources (a known dataset), or a folder or zip of your own pictures (one subfolder a class)."""
    category: str | None
    """The part to take, where there are parts (emoji: a category; quickdraw: what is drawn; pairs: A, B, both)."""


class Pairs(Section):
    """The two sides of a translation: the images that a translator is to make, and the partners that it is given."""

    layout: Literal["folders", "side_by_side", "unpaired"]
    """Two folders with equal names, or the two halves of each file; or two folders of pictures that do not belong
    together, as many in each as there are."""
    images: Annotated[str, Field(min_length=1)]
    """The folder of the images (A also stands for trainA, testA and so on), or left or right."""
    partners: Annotated[str, Field(min_length=1)]
    """The same of their partners."""
    size: Annotated[int, Field(ge=8, le=1024)] | None = None
    """Height and width of the prepared partners, pixels; null: those of the images."""
    channels: Literal[1, 3]
    """Of the prepared partners."""

    @model_validator(mode="after")
    def _two(self) -> "Pairs":
        if self.layout == "side_by_side" and {self.images, self.partners} != {"left", "right"}:
            raise ValueError("with layout = side_by_side images and partners are left and right, in either order")
        if self.images == self.partners:
            raise ValueError(f"images and partners are both {self.images!r}; allowed are two folders")
        return self


class Stacked(Section):
    """How many images are made of three that are drawn at random, as Stacked MNIST is of digits."""

    train: Annotated[int, Field(ge=2)]
    """Of training images."""
    test: Annotated[int, Field(ge=2)]
    """Of held-out ones."""


Fit = Literal["crop", "pad", "stretch", "trim"]
Interpolation = Literal["area", "linear"]


class Prepare(Section):
    """How source images become arrays of one size."""

    size: Annotated[int, Field(ge=8, le=1024)]
    """Height and width of the prepared images, pixels."""
    channels: Literal[1, 3]
    fit: Fit
    """What happens to images that are not square; or to all of them, to bring what they show on white to one frame."""
    interpolation: Interpolation
    """Shrinking averages areas (and enlarges cubically), or samples linearly as OpenCV does when not told otherwise."""
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    """Share held out where the dataset brings no test split of its own."""
    max_dropped: Fraction
    """Share of unusable source images above which the stage fails."""
    pairs: Annotated[Pairs | None, Field(exclude_if=lambda pairs: pairs is None)] = None
    """How the images find their partners; left out where there are none."""
    stacked: Annotated[Stacked | None, Field(exclude_if=lambda stacked: stacked is None)] = None
    """To make each image of three grey ones, its red, green and blue; left out where images are as they are."""

    @model_validator(mode="after")
    def _three(self) -> "Prepare":
        if self.stacked and (self.channels != 3 or self.pairs):
            raise ValueError("stacked images have channels = 3, one for each of three images, and no pairs")
        return self

    @property
    def partners(self) -> "Prepare":
        """The same for the partners: their size and channels in place of the images'."""
        assert self.pairs
        return self.model_copy(update={"size": self.pairs.size or self.size, "channels": self.pairs.channels})


class Preprocessing(Section):
    """What images become before they go into a network file of yours, as whoever trained it says."""

    size: Annotated[int, Field(ge=8, le=1024)]
    """Pixels a side."""
    layout: Literal["channels_last", "channels_first"]
    """(N, size, size, 3), as TensorFlow has images, or (N, 3, size, size), as PyTorch has."""
    order: Literal["rgb", "bgr"]
    range: Annotated[list[float], Field(min_length=2, max_length=2)]
    """What black and white are made first, such as [0, 1], [-1, 1] or [0, 255]."""
    mean: Annotated[list[float] | None, Field(min_length=3, max_length=3)] = None
    """What is then taken off red, green and blue."""
    std: Annotated[list[Annotated[float, Field(gt=0)]] | None, Field(min_length=3, max_length=3)] = None
    """What they are then divided by."""
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    """How images are resized, antialiased where they shrink."""
    output: str | None = None
    """The one to take of several outputs: features (N, d), tokens (N, t, d), of which the first is taken, or maps."""
    features: Count | None = None
    """How many features that must be; null for as many as come."""


class Extractor(Section):
    """The network whose features feed the metrics."""

    kind: Kind
    """A classifier of the dataset's classes; of four rotations, where it has no classes; or one trained elsewhere."""
    beside: Kind | None
    """A second network, whose numbers stand beside those of the first; null, or the first one's name, for none."""
    epochs: Count
    batch_size: Count
    learning_rate: Annotated[float, Field(gt=0)]
    weights: str | None
    """A file of yours, for the kinds that take one (ganline/settings/networks.py); null for the weights they have."""
    preprocessing: Annotated[Preprocessing | None, Field(exclude_if=lambda told: told is None)] = None
    """For kind file; left out for others."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The judge, and the one beside it where there is one."""
        return (self.kind, self.beside) if self.beside and self.beside != self.kind else (self.kind,)


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

    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"]
    """auto: bfloat16 where it is native and known to do the model no harm, else float32 (docs/devices.md)."""
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
    """Measures of ganline/metrics by name (docs/metrics.md), "default" or "all"."""
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
    """Of the recipe that the model names; see `params_of`."""
    diagnosis: Diagnosis
    compute: Compute
    evaluate: Evaluate
    latent: Latent
    robustness: Robustness
    report: Report


@cache
def params_of(recipe: type[Train]) -> type[Params]:
    """Return the Params whose section `train` is this recipe."""
    return create_model("Params", __base__=Params, train=(recipe, ...))


def keys(params: type[Params] | None = None) -> list[str]:
    """Return every dotted key that params.yaml may hold (sections too), whatever the model or with this recipe."""
    kinds = [params] if params else map(params_of, recipes().values())
    return list(dict.fromkeys(key for kind in kinds for key in _below(kind)))


def _below(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield f"{prefix}{name}"
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _below(inner, f"{prefix}{name}.")
        elif Optimizer in get_args(inner):
            for network in ("generator", "discriminator", "critic"):
                yield from _below(Optimizer, f"{prefix}{name}.{network}.")
