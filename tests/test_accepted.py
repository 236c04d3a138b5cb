"""Whatever params.yaml is accepted trains: it builds, takes two steps, is saved, loaded and drawn from."""

import copy
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ganline.catalogue import check
from ganline.catalogue.combinations import OFF
from ganline.catalogue.presets import compose_params, names
from ganline.core.determinism import configure
from ganline.core.errors import UserError
from ganline.models.facts import loss_facts, model_facts, recipe_of
from ganline.settings.recipes import ClassGAN, Train, Translation
from ganline.settings.schema import Params
from tests.fitting import built, given

ROOT = Path(__file__).parents[1]
FILES = 600
PARTS = 15
"""The files are drawn in parts, each a test of its own, so that one part can be run again by itself."""
CLASSES = 10
SMALL = {
    "steps": 2, "batch_size": 4, "generator_batch_size": 4, "sample_every": 2, "sample_count": 4, "checkpoint_every": 2,
    "log_every": 1,
}  # fmt: skip
OFTEN = {"unrolled_steps": [1, 2], "packing": [2, 4], "discriminator_steps": [2], "generator_steps": [2]}
"""What a bound of the schema would make too slow to try."""
EXTREME = [float("inf"), float("-inf"), float("nan"), 1e308, 3e38, 1e30, -1.0, 0.0, 1e-30, 5e-324, 10**400, 2**31]


@cache
def preset(experiment: str) -> dict[str, Any]:
    return compose_params(experiment, ["download.source=."], ROOT / "conf").model_dump()


@cache
def spare() -> dict[str, Any]:
    """Return a value for each key of train, for models of another kind than the preset's."""
    return {key: value for name in names("experiment", ROOT / "conf") for key, value in preset(name)["train"].items()}


def drawn(number: int) -> dict[str, Any]:
    """Return the content of the params.yaml of this number: a preset, several of its values changed."""
    draw = random.Random(number)
    models = sorted(model_facts())
    experiment = draw.choice(names("experiment", ROOT / "conf"))
    content = copy.deepcopy(preset(experiment))
    train = content["train"] | SMALL
    if draw.random() < 0.4:  # a model that no preset has with this recipe
        train["model"] = draw.choice(models)
    facts, recipe = model_facts()[train["model"]], recipe_of(train["model"])
    train = {key: train.get(key, spare().get(key)) for key in recipe.model_fields}  # None of what presets leave out
    rules = list(train["optimizers"].values())
    trained = facts.get("optimizer_names", facts["network_names"])
    train["optimizers"] = {name: dict(draw.choice(rules)) for name in trained}
    train |= {"noise": facts.get("noise", train["noise"])} if "noise" in train else {}
    if draw.random() < 0.7 or train["loss"] not in facts["losses"]:
        train["loss"] = draw.choice(facts["losses"])
    loss = loss_facts().get(train["loss"])
    if loss and loss["unbounded"]:
        train["weight_clip"] = 0.01
    if loss and not loss["labels"]:
        train |= {"label_smoothing": 0.0, "label_flipping": 0.0}
    for key in draw.sample(sorted(train.keys() - {*SMALL, "model", "loss", "optimizers"}), draw.randint(0, 3)):
        train[key] = draw.choice(list(values(recipe, key, train[key])))
    for key in draw.sample(sorted(OFF), draw.randint(0, 3)):
        if key in facts["practices"]:
            train[key] = draw.choice(OFTEN.get(key) or list(values(recipe, key, train[key])))
    if draw.random() < 0.4:
        rule = train["optimizers"][draw.choice(sorted(train["optimizers"]))]
        key = draw.choice(sorted(rule))
        rule[key] = draw.choice(["adam", "rmsprop", "sgd"] if key == "name" else [*EXTREME, 0, 1e-9, 0.9999, 1.0, 1e6])
    # Translators' 256 pixels take minutes.
    own = 2 * facts["size_multiple"] if issubclass(recipe, Translation) else content["prepare"]["size"]
    if issubclass(recipe, ClassGAN):  # as wide as their papers' they take gigabytes
        own, train["width"] = 32, 2
    size = draw.choice([*(size for size in facts.get("sizes", ()) if size <= 64), own, 8, 12, 28, 29])
    content["prepare"] |= {"size": size, "channels": draw.choice([1, 1, 3])}
    # What processors compute 4 to 90 times as slowly in float16, or compile for minutes, is for dense networks alone.
    dense = train["model"].split(".")[0] in ("gan", "failures")
    precisions = ["float32"] * 6 + ["mixed_bfloat16"] * dense + ["mixed_float16"] * dense
    content["compute"] |= {"precision": draw.choice(precisions), "xla": dense and draw.random() < 0.05}
    return content | {"train": train, "seed": draw.choice([0, 42, 2**31 - 1])}


def values(recipe: type[Train], key: str, now: Any) -> Iterator[Any]:
    """Yield what a parameter of train is tried at: what its schema names or bounds, and extremes."""
    schema = recipe.model_json_schema()["properties"][key]
    for kind in schema.get("anyOf", [schema]):
        yield from kind.get("enum", ())
        if kind["type"] == "boolean":
            yield from (True, False)
        elif kind["type"] == "null":
            yield None
        elif kind["type"] == "number":
            yield from (0.01, 0.1, 0.3, 0.9, 1.0, random.Random(f"{key} {now}").choice(EXTREME))
        elif kind["type"] == "integer":
            yield from (0, 1, 2, 3, 4, 7, -1, 1.5, 10**19)
    yield now


def accepted(number: int, folder: Path) -> Params | None:
    """Write and read the params.yaml of this number; None where it is refused."""
    (folder / "params.yaml").write_text(yaml.safe_dump(drawn(number)))
    try:
        return check.load(folder / "params.yaml")
    except UserError:
        return None


def run(chosen: Params, folder: Path) -> None:
    """Build, train, save, load and draw."""
    from ganline import models
    from ganline.models import makers
    from ganline.training.loop import train

    configure(chosen.compute.precision, chosen.compute.deterministic)
    shape = (chosen.prepare.size, chosen.prepare.size, chosen.prepare.channels)
    rows = np.random.default_rng(0)
    data = {"image": rows.integers(0, 256, (40, *shape), np.uint8)}
    if "classes" in model_facts()[chosen.train.model]["needs"]:
        data["label"] = np.arange(40, dtype=np.int32) % CLASSES
    model = built(chosen, chosen.seed)
    data |= {name: images for name, images in given(model, 40).items() if name == "input"}

    def maker(model):
        return makers.of(model, data.get("input"), data["image"], data["image"])

    trained = train(model, data, chosen.train, folder / "work", chosen.compute.xla, maker=maker(model))
    assert trained.step in (1, 2)
    models.save(model, folder / "gan")
    pictures = maker(model).draw(4, chosen.seed, "test").images
    assert pictures.shape == (4, *shape) and pictures.dtype == np.uint8
    np.testing.assert_array_equal(pictures, maker(models.load(folder / "gan")).draw(4, chosen.seed, "test").images)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_accepted_trains(part, tmp_path):
    import tensorflow as tf

    failed, ran = {}, 0
    for number in range(part, FILES, PARTS):
        if chosen := accepted(number, tmp_path):
            ran += 1
            (folder := tmp_path / str(number)).mkdir()
            try:
                run(chosen, folder)
            except Exception as error:  # all that fail are listed
                failed[number] = f"{type(error).__name__}: {error}"[:500]
            finally:
                tf.keras.backend.clear_session()
                tf.keras.mixed_precision.set_global_policy("float32")
    assert ran and not failed, failed
