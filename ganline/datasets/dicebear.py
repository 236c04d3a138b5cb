"""Cartoon faces of DiceBear, which draws a face of each seed: a core and a package for each style, in JavaScript.

Node.js runs them, and of them nothing but the files whose content is pinned.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ganline.datasets import digests, drawing
from ganline.datasets.damage import reading
from ganline.datasets.fetchers import SourceError

CORE = "core"
SCOPE = "@dicebear"
MANIFEST = "package.json"
COMMAND = f"(find lib -name '*.js'; echo {MANIFEST}) | LC_ALL=C sort | xargs sha256sum | sha256sum"
"""What prints in a package the digest of it."""
SCRIPT = """
const [style, count, options] = process.argv.slice(2);
const { createAvatar } = await import('@dicebear/core');
const look = await import(`@dicebear/${style}`);
for (let i = 0; i < Number(count); i++) {
  console.log(JSON.stringify(createAvatar(look, { ...JSON.parse(options), seed: String(i) }).toString()));
}
"""


class Faces(NamedTuple):
    """One kind of face."""

    style: str
    """Of DiceBear's, such as adventurer: the package @dicebear/adventurer."""
    options: Mapping[str, Any]
    """Of the style, such as {"hair": ["short01", "short02"]}: of what to choose."""


def write(
    packages: Mapping[str, Path], faces: Mapping[str, Faces], count: int, side: int, folder: Path, work: Path
) -> None:
    """Write `count` faces of each kind, KIND/00017.png, side x side pixels, transparent where nothing is drawn.

    Faces of one number are of one seed: kinds of one style that differ in a feature are alike in all others.

    Args:
        packages: what `checked` returned for the core and for each style.
        faces: by the folders that they get.
        count: of each.
        side: of the pictures, pixels.
        folder: where to write.
        work: an empty folder.

    Raises:
        SourceError: Node.js is missing or fails.
    """
    for name, package in packages.items():
        for path in _files(package):
            target = work / "node_modules" / SCOPE / name / path.relative_to(package)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    (work / "draw.mjs").write_text(SCRIPT)
    drawings = []
    for name, kind in faces.items():
        (folder / name).mkdir()
        svgs = _svgs(kind, count, work)
        drawings += [(svg, folder / name / f"{number:05}.png") for number, svg in enumerate(svgs)]
    drawing.draw(drawings, side)


def _svgs(kind: Faces, count: int, work: Path) -> list[str]:
    node = shutil.which("node") or shutil.which("nodejs")
    if not node:
        raise SourceError("Node.js is not installed here (Debian: apt-get install nodejs)")
    command = [node, "draw.mjs", kind.style, str(count), json.dumps(kind.options)]
    environment = {"PATH": os.environ.get("PATH", "")}  # NODE_OPTIONS could have it run what is not pinned
    said = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)
    if said.returncode:
        reasons = [line for line in said.stderr.splitlines() if "Error" in line]
        raise SourceError(
            f"Node.js could not draw the style {kind.style}: {(reasons or ['no reason given'])[0].strip()}"
        )
    return [json.loads(line) for line in said.stdout.splitlines()]


def checked(name: str, found: Path, expected: str) -> Path:
    """Return the folder of the package @dicebear/NAME; SourceError where it is not there or has other content."""
    package = _package(found, f"{SCOPE}/{name}")
    content = digests.of_files(package, _files(package))
    if content != expected:
        raise SourceError(f"{SCOPE}/{name}: expected content with sha256 {expected}, found {content}")
    return package


def _files(package: Path) -> Sequence[Path]:
    """Return what Node.js reads of a package: all that is pinned, and all that is taken along."""
    paths = [package / MANIFEST, *(package / "lib").rglob("*.js")]
    return sorted(paths, key=lambda path: path.relative_to(package).as_posix().encode())


def _package(found: Path, name: str) -> Path:
    for manifest in sorted(found.rglob(MANIFEST), key=lambda path: (len(path.parts), path)):
        with reading(manifest):
            if json.loads(manifest.read_text("utf-8")).get("name") == name:
                return manifest.parent
    raise SourceError(f"the package {name} is not in it")
