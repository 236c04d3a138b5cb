"""The check of a whole params.yaml: every wrong key and value at once, each with what is allowed."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ganline.catalogue.combinations import impossible
from ganline.core import yaml_files
from ganline.core.errors import UserError
from ganline.core.yaml_files import shown
from ganline.settings.schema import Params, keys


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
    try:
        params = Params.model_validate(content)
    except ValidationError as error:
        raise _refusal(where, [line for problem in error.errors() for line in _explain(problem)]) from None
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


def _explain(problem: Any) -> Iterator[str]:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        for leaf in _leaves(problem["input"], key):
            yield f"{leaf}: unknown key{_nearest(leaf)}"
    elif problem["type"] == "missing":
        yield f"{key}: missing{_nearest(key)}"
    else:
        message = problem["msg"].replace("Input should be", "allowed is").replace("String should", "the text should")
        yield f"{key} = {shown(problem['input'])}: {message.removeprefix('Value error, ')}"


def _nearest(key: str) -> str:
    nearest = difflib.get_close_matches(key, list(keys()), n=1, cutoff=0.5)
    return f"; did you mean {nearest[0]}?" if nearest and nearest[0] != key else ""


def _leaves(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}")
    else:
        yield key
