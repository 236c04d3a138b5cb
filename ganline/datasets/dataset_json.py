"""dataset.json, in which StyleGAN's zips keep the classes of their pictures (Karras et al., stylegan2-ada and 3)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganline.core.errors import UserError
from ganline.datasets.damage import UnreadableError, reading

NAME = "dataset.json"


def read(path: Path) -> dict[str, int] | None:
    """Return the class of each file (paths relative to the table), {} where it says that there are none.

    None means that this is no such table, but another file of that name.

    Raises:
        UserError: it is damaged, names a file twice, or a label is neither a number from 0 nor a one-hot vector.
    """
    with reading(path):
        content = json.loads(path.read_text("utf-8"))
    if not isinstance(content, dict) or not isinstance(content.get("labels", ...), list | None):
        return None
    rows = content["labels"] or []
    classes: dict[str, int] = {}
    for row in rows:
        match row:
            case [str(file), label] if file not in classes:
                classes[file] = _number(path, file, label)
            case _:
                raise UnreadableError(f"{path}: labels has {row!r}; allowed is [file, class], each file once")
    return classes


def _number(path: Path, file: str, label: Any) -> int:
    if type(label) is int and label >= 0:
        return label
    if isinstance(label, list) and sorted(label, key=str)[-1:] in ([1], [1.0]) and sum(map(bool, label)) == 1:
        return [bool(value) for value in label].index(True)
    raise UserError(
        f"{path}: {file} has the label {label!r}; allowed is a class number from 0 or a one-hot vector. "
        'To train without classes write "labels": null'
    )


def labels(path: Path, classes: dict[str, int], files: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the label of each picture ("" where there are no classes) and all classes in the order of their numbers.

    Args:
        path: the table, for messages.
        classes: what `read` gave.
        files: the pictures, relative to the table's folder.

    Raises:
        UserError: the table knows only some of the pictures.
    """
    if not classes:
        return [""] * len(files), []
    if missing := [file for file in files if file not in classes]:
        raise UserError(
            f"{path} has no label for {len(missing)} of {len(files)} pictures, such as {missing[0]}; "
            'allowed is one for each, or "labels": null for none'
        )
    numbers = sorted({classes[file] for file in files})
    return [str(classes[file]) for file in files], [str(number) for number in numbers]
