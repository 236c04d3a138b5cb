"""dataset.json, in which StyleGAN's zips keep the classes of their pictures (Karras et al., stylegan2-ada and 3)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ganline.core.errors import UserError
from ganline.datasets.damage import UnreadableError, reading

NAME = "dataset.json"


class Table(NamedTuple):
    """What it says of the pictures."""

    numbers: dict[str, int]
    """The class of each file (paths relative to the table); empty where it says that there are none."""
    names: list[str]
    """Of the classes in the order of their numbers, as `ganline export` writes them; empty where they have none."""

    def name(self, file: str) -> str:
        """Return the class of a file."""
        number = self.numbers[file]
        return self.names[number] if self.names else str(number)


def read(path: Path) -> Table | None:
    """Return what a table says; None means that this is no such table, but another file of that name.

    Raises:
        UserError: it is damaged, names a file twice, a label is neither a number from 0 nor a one-hot vector, or its
            names of classes are not one for each number.
    """
    with reading(path):
        content = json.loads(path.read_text("utf-8"))
    if not isinstance(content, dict) or not isinstance(content.get("labels", ...), list | None):
        return None
    rows = content["labels"] or []
    numbers: dict[str, int] = {}
    for row in rows:
        match row:
            case [str(file), label] if file not in numbers:
                numbers[file] = _number(path, file, label)
            case _:
                raise UnreadableError(f"{path}: labels has {row!r}; allowed is [file, class], each file once")
    return Table(numbers, _names(path, content.get("classes"), max(numbers.values(), default=-1)))


def _names(path: Path, given: Any, highest: int) -> list[str]:
    """Return the names of classes 0 to `highest` and more; none where there is something else of that key."""
    if highest < 0 or not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        return []
    if len(given) <= highest or len(set(given)) < len(given) or "" in given:
        raise UserError(
            f"{path}: classes has {len(given)} names for labels up to {highest}; allowed are different names, one for "
            "each number from 0"
        )
    return given


def _number(path: Path, file: str, label: Any) -> int:
    if type(label) is int and label >= 0:
        return label
    if isinstance(label, list) and sorted(label, key=str)[-1:] in ([1], [1.0]) and sum(map(bool, label)) == 1:
        return [bool(value) for value in label].index(True)
    raise UserError(
        f"{path}: {file} has the label {label!r}; allowed is a class number from 0 or a one-hot vector. "
        'To train without classes write "labels": null'
    )


def labels(path: Path, table: Table, files: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the label of each picture ("" where there are no classes) and all classes in the order of their numbers.

    Args:
        path: of the table, for messages.
        table: what `read` gave.
        files: the pictures, relative to the table's folder.

    Raises:
        UserError: the table knows only some of the pictures.
    """
    if not table.numbers:
        return [""] * len(files), []
    if missing := [file for file in files if file not in table.numbers]:
        raise UserError(
            f"{path} has no label for {len(missing)} of {len(files)} pictures, such as {missing[0]}; "
            'allowed is one for each, or "labels": null for none'
        )
    first = {table.numbers[file]: table.name(file) for file in files}
    return [table.name(file) for file in files], [first[number] for number in sorted(first)]
