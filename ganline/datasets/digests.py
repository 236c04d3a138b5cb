"""One sha256 for many files, as a shell can say it too."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from ganline.core.files import sha256
from ganline.datasets.damage import reading


def of_files(folder: Path, paths: Iterable[Path]) -> str:
    """Return the sha256 of what `LC_ALL=C sha256sum` prints of `paths` in their order, called from `folder`."""
    lines = []
    for path in paths:
        with reading(path):
            lines.append(f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Return files of one folder in the order in which a shell with LC_ALL=C lists them."""
    return sorted(paths, key=lambda path: path.name.encode())
