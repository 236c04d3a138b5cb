"""Latents that a person named, kept as a small JSON file for params.yaml (latent.points) to use.

The file maps each name to {"label": the class or code that was asked for, "latent": its numbers, as the generator takes
them}. `ganline explore` writes it; by hand is as good.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, RootModel, ValidationError

from ganline.errors import UserError
from ganline.files import write_text


class Named(NamedTuple):
    """A latent and what goes with it."""

    latent: np.ndarray
    """float32 (L,), of the prior."""
    label: int
    """What a conditional generator is asked for; 0 where there is nothing to ask."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    label: int = Field(ge=0)
    latent: list[FiniteFloat] = Field(min_length=1)


class _File(RootModel[dict[str, _Entry]]):
    pass


def read(path: Path) -> dict[str, Named]:
    """Return the named latents of a file, in its order.

    Raises:
        UserError: there is no such file, or it holds something else.
    """
    try:
        entries = _File.model_validate_json(path.read_text()).root
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing: `ganline explore` writes it, and {{}} stands for no named latents"
        ) from None
    except (ValidationError, UnicodeDecodeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": "it is not text"}
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(
            f'{path}: {where}: {first["msg"]}; expected {{"name": {{"label": 0, "latent": [numbers]}}}}'
        ) from None
    return {name: Named(np.array(entry.latent, np.float32), entry.label) for name, entry in entries.items()}


def write(path: Path, points: Mapping[str, Named]) -> None:
    """Write named latents, one a line, whole or not at all; `read` gives back the same float32 numbers."""
    lines = [
        f"  {json.dumps(name)}: {json.dumps({'label': point.label, 'latent': [_short(x) for x in point.latent]})}"
        for name, point in points.items()
    ]
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n" if lines else "{}\n")


def _short(value: np.float32) -> float:
    """Return the shortest decimal number that is this float32 again."""
    return float(str(np.float32(value)))
