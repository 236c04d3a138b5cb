"""The parameters of a run: what params.yaml may hold, checked as a whole before anything runs."""

import ast
import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from yaml import YAMLError

from ganline.errors import UserError

MODELS = Path(__file__).parent / "models"

Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A part of params.yaml: unknown keys and wrong types are errors, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Download(Section):
    """Where the raw data comes from."""

    dataset: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """Names data/raw/<dataset> and data/prepared/<dataset>."""
    source: str
    """A file of conf/sources (a known dataset), or a folder of your own pictures (one subfolder a class)."""


class Prepare(Section):
    """How source images become arrays of one size."""

    size: Annotated[int, Field(ge=8, le=1024)]
    """Height and width of the prepared images, pixels."""
    channels: Literal[1, 3]
    fit: Literal["crop", "pad", "stretch"]
    """What happens to images that are not square."""
    test_fraction: Annotated[float, Field(gt=0, lt=1)]
    """Share held out where the dataset brings no test split of its own."""
    max_dropped: Fraction
    """Share of unusable source images above which the stage fails."""


class Extractor(Section):
    """The network whose features feed the metrics."""

    kind: Literal["classifier", "inception"]
    epochs: Count
    batch_size: Count
    learning_rate: Annotated[float, Field(gt=0)]
    weights: str | None
    """For kind inception: a local weights file, or null for Keras's ImageNet weights."""


class Optimizer(Section):
    """One network's optimizer."""

    name: Literal["adam"]
    learning_rate: Annotated[float, Field(gt=0)]
    beta_1: Annotated[float, Field(ge=0, lt=1)]


class Train(Section):
    """The recipe of the training."""

    model: str
    """FILE.CLASS in ganline/models."""
    steps: Count
    batch_size: Count
    """Real images a discriminator step; as many fakes join them."""
    generator_batch_size: Count
    latent_dim: Count
    noise: Literal["uniform", "normal"]
    """U(-1, 1) or N(0, 1)."""
    sampling: Literal["replacement", "shuffle"]
    """Real images drawn with replacement, or each once an epoch in a new order."""
    optimizers: dict[str, Optimizer]
    steps_per_call: Count
    """Steps inside one compiled call; stop requests are answered between calls."""
    log_every: Count
    sample_every: Count
    sample_count: Count
    """Images in the grid made from one fixed latent batch."""
    checkpoint_every: Count


class Compute(Section):
    """How the arithmetic is done."""

    precision: Literal["float32", "mixed_bfloat16"]
    xla: bool
    deterministic: bool


class Evaluate(Section):
    """The protocol of the metrics."""

    samples: Annotated[int, Field(ge=100)]
    """Fakes made, and real images they are held against (fewer where the test split is smaller)."""
    neighbours: Count
    """k of precision and recall."""
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


class Report(Section):
    """What the page shows."""

    images: Count
    """Images in the real and in the generated panel."""


class Params(Section):
    """Everything params.yaml holds: one section a stage, plus the experiment's name, the seed and compute."""

    experiment: str
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    download: Download
    prepare: Prepare
    extractor: Extractor
    train: Train
    compute: Compute
    evaluate: Evaluate
    latent: Latent
    report: Report


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check a params.yaml.

    Raises:
        UserError: the file is missing, is not YAML, or holds anything `check` refuses.
    """
    try:
        content = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
    except FileNotFoundError:
        raise UserError(f"{path} is missing: write one with `ganline use EXPERIMENT`") from None
    except (YAMLError, OmegaConfBaseException) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    return check(content, str(path))


def check(content: Any, where: str) -> Params:
    """Return `content` (plain dicts, lists and values) as Params.

    Raises:
        UserError: listing every wrong key and value at once, each with what is allowed.
    """
    if not isinstance(content, dict):
        raise UserError(f"{where}: expected sections such as train: and evaluate:, found {type(content).__name__}")
    try:
        params = Params.model_validate(content)
    except ValidationError as error:
        raise _refusal(where, [line for problem in error.errors() for line in _explain(problem)]) from None
    problems = list(_impossible(params))
    if problems:
        raise _refusal(where, problems)
    return params


def _refusal(where: str, problems: list[str]) -> UserError:
    return UserError(f"{where}: {len(problems)} problem(s)\n" + "\n".join(f"  - {problem}" for problem in problems))


def _explain(problem: Any) -> Iterator[str]:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        for leaf in _leaves(problem["input"], key):
            yield f"{leaf}: unknown key{_nearest(leaf)}"
    elif problem["type"] == "missing":
        yield f"{key}: missing{_nearest(key)}"
    else:
        message = problem["msg"].replace("Input should be", "allowed is").replace("String should", "the text should")
        yield f"{key} = {problem['input']!r}: {message}"


def _nearest(key: str) -> str:
    nearest = difflib.get_close_matches(key, list(keys()), n=1, cutoff=0.5)
    return f"; did you mean {nearest[0]}?" if nearest and nearest[0] != key else ""


def _leaves(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}")
    else:
        yield key


def keys(section: type[BaseModel] = Params, prefix: str = "") -> Iterator[str]:
    """Yield every dotted key that params.yaml may hold (sections too)."""
    for name, field in section.model_fields.items():
        yield f"{prefix}{name}"
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys(inner, f"{prefix}{name}.")
        elif Optimizer in get_args(inner):
            for network in ("generator", "discriminator"):
                yield from keys(Optimizer, f"{prefix}{name}.{network}.")


def _impossible(params: Params) -> Iterator[str]:
    """Yield what is wrong about values that are each allowed but do not go together."""
    if params.download.source == "???":
        yield "download.source: say where your pictures are, as in download.source=/path/to/pictures"
    facts = model_facts()
    if params.train.model not in facts:
        nearest = difflib.get_close_matches(params.train.model, list(facts), n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        yield f"train.model = {params.train.model!r}: allowed is one of {', '.join(facts)}{hint}"
    else:
        model = facts[params.train.model]
        if params.prepare.size % model.get("size_multiple", 1):
            yield (
                f"prepare.size = {params.prepare.size} with train.model = {params.train.model}: "
                f"this model needs a multiple of {model['size_multiple']}"
            )
        if set(params.train.optimizers) != set(model["network_names"]):
            yield (
                f"train.optimizers has {', '.join(sorted(params.train.optimizers))}: "
                f"{params.train.model} needs exactly {', '.join(sorted(model['network_names']))}"
            )
    if params.evaluate.kid_subset_size > params.evaluate.samples:
        yield (
            f"evaluate.kid_subset_size = {params.evaluate.kid_subset_size} is more than "
            f"evaluate.samples = {params.evaluate.samples}"
        )
    if params.evaluate.neighbours >= params.evaluate.samples:
        yield f"evaluate.neighbours = {params.evaluate.neighbours} must be less than evaluate.samples"
    if params.extractor.weights is not None and params.extractor.kind != "inception":
        yield "extractor.weights is for extractor.kind = inception: set it to null"


def model_facts() -> dict[str, dict[str, Any]]:
    """Return, for every model as FILE.CLASS, the literals its class declares.

    The files are parsed, not imported, so that checking parameters does not load TensorFlow. A class counts as a
    model when it, or a base class in these files, declares `network_names`.
    """
    classes: dict[str, ast.ClassDef] = {}
    files: dict[str, str] = {}
    for path in sorted(MODELS.glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                classes[node.name], files[node.name] = node, path.stem
    facts = {}
    for name in classes:
        literals = _literals(name, classes)
        if "network_names" in literals and "image_range" in literals:
            facts[f"{files[name]}.{name}"] = literals
    return facts


def _literals(name: str, classes: dict[str, ast.ClassDef]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in classes[name].bases:
        if isinstance(base, ast.Name) and base.id in classes:
            found |= _literals(base.id, classes)
    for node in classes[name].body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found
