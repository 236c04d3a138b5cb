"""What a part of a study finds: pictures, numbers, tables, sentences and latents worth keeping.

A part is one file of a study's package with a TITLE and a function `find(subject) -> Finding`, named in its PARTS. One
that asks only some of the study's models says in NEEDS what these have, in the words of ganline.core.abilities.
Parts do not know each other. One that does not apply raises LeftOut with the reason in one line, and the others go on;
bad input that touches only some of what it does becomes a sentence in `Finding.words`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np


class LeftOut(Exception):  # noqa: N818
    """A part that does not apply to this model or this data; the message is one line that says why."""


class Figure(NamedTuple):
    """A picture, kept as figures/<part>-<name>.png, or .gif where it moves."""

    image: np.ndarray
    """uint8 (h, w, C), or (frames, h, w, C) for an animation; C is 1 or 3."""
    title: str
    caption: str
    """What is seen where, and how to read it: one to three sentences."""


class Number(NamedTuple):
    """A number that compares across runs; metrics.json and MLflow call it <study>_<part>_<name>."""

    value: float
    """Finite; an int is a count."""
    label: str
    better: Literal["lower", "higher", ""]
    """"" where neither end is good."""
    reading: str
    """One or two short sentences: the range, and what a high or a low value says."""


class Table(NamedTuple):
    """A table, for the report."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    """The first cell of each names the row."""


class Kept(NamedTuple):
    """Latents or directions worth keeping; latents.npz calls them <part>/<name>, findings.json has their names."""

    values: np.ndarray
    """float32 (n, latent_dim): latents as the generator takes them, or directions, which are unit vectors in normal
    coordinates (`ganline.latent.paths.to_normal`); those of w, (n, D), are unit vectors in w itself."""
    names: Sequence[str]
    """What each of the n is, for people."""
    kind: Literal["latent", "direction", "direction of w"]


@dataclass
class Finding:
    """What a part found."""

    figures: dict[str, Figure] = field(default_factory=dict)
    numbers: dict[str, Number] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    """Sentences for the report, the most important first."""
    latents: dict[str, Kept] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    clock: dict[str, float] = field(default_factory=dict)
    """What was timed, seconds: for MLflow alone, because what DVC hashes holds no clock time."""
