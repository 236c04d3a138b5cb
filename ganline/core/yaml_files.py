"""YAML that has one reading: of each file, DVC (YAML 1.2) and Hydra (YAML 1.1) must take the same values.

DVC 3.67 reads with ruamel.yaml, Hydra 1.3 through OmegaConf 2.3 with PyYAML. To the first 0100 is a hundred, to the
second 64; 1:30 is text and 90; yes is text and true. DVC's reading is ours. Where the other differs nobody can know
what was meant: the value is refused. What is written here is written so that both read it back as it was.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from omegaconf._utils import get_yaml_loader  # what OmegaConf itself reads with; its public functions do more than read
from ruamel.yaml import YAML
from yaml import MarkedYAMLError

from ganline.core.errors import UserError

LONGEST = 100  # characters of a value that a message shows


class Reading(NamedTuple):
    """A value that is read in two ways."""

    key: str
    """Where it stands, such as train.steps; empty for the whole text."""
    dvc: Any
    hydra: Any


def read(path: Path) -> Any:
    """Return what a YAML file holds: dicts, lists and values.

    Raises:
        UserError: it is not UTF-8 or no YAML, or holds what is read in two ways.
        OSError: it cannot be opened.
    """
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text (byte {error.start}): save it in that encoding") from None
    return parse(text, str(path))


def parse(text: str, where: str) -> Any:
    """Return what a YAML text holds: dicts, lists and values.

    Args:
        text: one document.
        where: names it in messages.

    Raises:
        UserError: it is no YAML, or holds what is read in two ways.
    """
    require_utf8(text)
    try:
        dvc, hydra = _readings(text)
    except RecursionError:
        raise UserError(f"{where} is nested too deep to be read") from None
    except Exception as error:  # on garbled text they raise nearly anything: ValueError, TypeError, AttributeError
        raise UserError(f"{where} cannot be read as YAML: {_problem(error)}") from None
    if readings := list(differences(dvc, hydra)):
        raise UserError(
            f"{where}: DVC (YAML 1.2) and Hydra (YAML 1.1) take {len(readings)} value(s) for different things: write "
            "what you mean, text in quotes\n" + "\n".join(f"  - {_explain(reading)}" for reading in readings)
        )
    return dvc


def _problem(error: Exception) -> str:
    if isinstance(error, ValueError):  # what Python says of its own limit helps nobody
        return "a number in it has no digits, or more than 4,300"
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        return f"{error.problem} (line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1})"
    return str(error)


def require_utf8(text: str) -> None:
    """Refuse (UserError) what no UTF-8 file can hold, such as a file's name in another encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UserError(f"{ascii(text)} is not UTF-8, which parameters are written in: rename it") from None


def _readings(text: str) -> tuple[Any, Any]:
    """Return what DVC takes a text for, and what Hydra does."""
    # Hydra's first: it is plain Python, and ends in an error where ruamel's C would overflow the stack.
    hydra = yaml.load(text, Loader=get_yaml_loader())
    return YAML(typ="safe").load(text), hydra


def differences(dvc: Any, hydra: Any, key: str = "") -> Iterator[Reading]:
    """Yield where two readings of a text are not of the same types and values."""
    if isinstance(dvc, dict) and isinstance(hydra, dict) and len(dvc) == len(hydra):
        for (one, inner), (other, its_inner) in zip(dvc.items(), hydra.items(), strict=True):
            if not _same(one, other):
                yield Reading(f"{key}.{other}".lstrip("."), one, other)
            yield from differences(inner, its_inner, f"{key}.{one}".lstrip("."))
    elif isinstance(dvc, list) and isinstance(hydra, list) and len(dvc) == len(hydra):
        for number, (inner, its_inner) in enumerate(zip(dvc, hydra, strict=True)):
            yield from differences(inner, its_inner, f"{key}.{number}".lstrip("."))
    elif not _same(dvc, hydra):
        yield Reading(key, dvc, hydra)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and (one == other or (one != one and other != other))


def _explain(reading: Reading) -> str:
    place = f"{reading.key}: " if reading.key else ""
    return f"{place}{shown(reading.dvc)} to DVC, {shown(reading.hydra)} to Hydra"


def shown(value: Any) -> str:
    """Return a value as YAML has it, on one line, cut off where it is long."""
    try:
        text = dump(value, flow=True)
    except ValueError:
        text = "a number of thousands of digits"  # Python refuses to write it
    except (yaml.YAMLError, UserError):
        text = ascii(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text):,} characters)"


def dump(value: Any, flow: bool = False) -> str:
    """Return YAML that both readers read back as `value`, with the same types.

    Args:
        value: dicts, lists and plain values.
        flow: on one line, as in {a: 1}.

    Raises:
        UserError: a text in it cannot stand in a UTF-8 file.
    """
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=flow, width=2**31)
    return text.removesuffix("\n").removesuffix("\n...") if flow else text


class _Dumper(yaml.SafeDumper):
    """PyYAML's, with quotes around what is text to one of the readers only."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    require_utf8(text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _plain(text) else '"')


def _plain(text: str) -> bool:
    try:
        dvc, hydra = _readings(text)
    except Exception:
        return False
    return bool(dvc == hydra == text)


_Dumper.add_representer(str, _text)
