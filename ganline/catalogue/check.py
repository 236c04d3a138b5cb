"""The check of a whole params.yaml: every wrong key and value at once, each with what is allowed."""

import difflib
import re
from collections.abc import Iterator
from os.path import commonprefix
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ganline.catalogue.combinations import impossible
from ganline.core import yaml_files
from ganline.core.errors import UserError
from ganline.core.yaml_files import shown
from ganline.models.facts import model_facts, recipe_of
from ganline.settings.recipes import Train, recipes
from ganline.settings.schema import Params, keys, params_of


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check a params.yaml.

    Raises:
        UserError: the file is missing, is no YAML that has one reading, or holds anything `check` refuses.
    """
    try:
        content = yaml_files.read(path)
    except FileNotFoundError:
        raise UserError(f"{path} is missing: write one with `ganline use EXPERIMENT`") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    return check(content, str(path))


def check(content: Any, where: str) -> Params:
    """Return `content` (plain dicts, lists and values) as Params.

    Raises:
        UserError: listing every wrong key and value at once, each with what is allowed.
    """
    if not isinstance(content, dict):
        raise UserError(f"{where}: expected sections such as train: and evaluate:, found {type(content).__name__}")
    kind = params_of(_recipe(content))
    try:
        params = kind.model_validate(content)
    except ValidationError as error:
        raise _refusal(where, _explained(error.errors(), kind, content)) from None
    problems = list(impossible(params))
    if problems:
        raise _refusal(where, problems)
    return params


def accepted(content: Any) -> bool:
    """Return whether `check` takes it."""
    try:
        check(content, "")
    except UserError:
        return False
    return True


def _refusal(where: str, problems: list[str]) -> UserError:
    return UserError(f"{where}: {len(problems)} problem(s)\n" + "\n".join(f"  - {problem}" for problem in problems))


def _recipe(content: dict[str, Any]) -> type[Train]:
    """Return the recipe of the model that is named; where none of that name is, the one that fits best."""
    if (model := named_model(content)) in model_facts():
        return recipe_of(model)
    return min(recipes().values(), key=lambda recipe: len(_errors(params_of(recipe), content)))


def named_model(content: dict[str, Any]) -> str:
    """Return the value of train.model, "" where there is none."""
    train = content.get("train")
    return str(train.get("model", "")) if isinstance(train, dict) else ""


def _errors(kind: type[Params], content: dict[str, Any]) -> list[Any]:
    try:
        kind.model_validate(content)
    except ValidationError as error:
        return list(error.errors())
    return []


def _explained(problems: list[Any], kind: type[Params], content: dict[str, Any]) -> list[str]:
    """Return a line for each problem; keys of which the same is to be said share one."""
    lines: dict[str, list[str]] = {}
    for problem in problems:
        for key, said in _explain(problem, kind, named_model(content)):
            lines.setdefault(said, []).append(key)
    return [f"{', '.join(keys)}: {said}" for said, keys in lines.items()]


def _explain(problem: Any, kind: type[Params], model: str) -> Iterator[tuple[str, str]]:
    """Yield keys (with their values where these are wrong) and what is said of them."""
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        for leaf in _leaves(problem["input"], key):
            yield leaf, _of_another_kind(problem["loc"], model) or f"unknown key{_nearest(leaf, kind)}"
    elif problem["type"] == "missing":
        yield key, f"missing{_nearest(key, kind)}"
    else:
        message = problem["msg"].replace("Input should be", "allowed is").replace("String should", "the text should")
        message = message.replace("List should have", "allowed is a list of").replace(" after validation", "")
        yield f"{key} = {shown(problem['input'])}", message.removeprefix("Value error, ")


def _of_another_kind(key: tuple[Any, ...], model: str) -> str:
    """Return which models know a key of train that this one does not, "" where none does."""
    if key[0] != "train":
        return ""
    knowing = [name for name in model_facts() if key[1] in recipe_of(name).model_fields]
    others = [name for name in model_facts() if name not in knowing]
    few = f"all but {', '.join(others)}" if len(others) < len(knowing) else ", ".join(knowing)
    return f"unknown key for {model}; known for {few}" if knowing and model in others else ""


def _nearest(key: str, kind: type[Params]) -> str:
    """Return a hint at the key that may be meant: one of the same name (its section first), or spelt alike."""
    section, known, wanted = key.partition(".")[0], keys(kind), re.sub(r"\blr$", "learning_rate", key)
    values = [each for each in known if each not in {other.rpartition(".")[0] for other in known}]
    for within in (f"{section}.", "train.", ""):
        if named := [each for each in values if each.startswith(within) and _last(each) == _last(wanted)]:
            found = max(named, key=lambda each: len(commonprefix([each, wanted])))
            return f"; did you mean {found}?" if found != key else ""
    for some in ([each for each in known if each.startswith(f"{section}.")], known):
        if near := difflib.get_close_matches(wanted, some, n=1, cutoff=0.5):
            return f"; did you mean {near[0]}?" if near[0] != key else ""
    return ""


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _leaves(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}")
    else:
        yield key
