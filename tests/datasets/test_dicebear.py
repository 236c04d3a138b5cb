"""Faces that packages of JavaScript draw: the packages here are small ones of our own, laid out as DiceBear's."""

import json
import shutil
from pathlib import Path

import cv2
import pytest
import yaml

from ganline.core.errors import UserError
from ganline.datasets import dicebear, digests, sources

LISTS = Path(__file__).parents[2] / "conf/sources"
CORE = "export const createAvatar = (style, options) => ({ toString: () => style.draw(options) });"
STYLE = """
import { createAvatar } from '@dicebear/core';
import { svg } from './svg.js';
export const draw = ({ seed, hair }) => svg(10 * Number(seed), hair ? hair[0].length : 0);
"""
SVG = """
export const svg = (red, green) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">
<rect width="8" height="4" fill="rgb(${red},${green},0)"/></svg>`;
"""

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")


def package(folder: Path, name: str, **files: str) -> Path:
    (folder / "lib").mkdir(parents=True)
    manifest = {"name": f"@dicebear/{name}", "type": "module", "exports": "./lib/index.js"}
    (folder / "package.json").write_text(json.dumps(manifest))
    for file, content in files.items():
        (folder / f"lib/{file}.js").write_text(content)
    return folder


def pin(folder: Path) -> str:
    return digests.of_files(folder, dicebear._files(folder))


@pytest.fixture
def packages(tmp_path: Path) -> dict[str, Path]:
    """The core and two styles, all unpacked below one folder."""
    made = {"core": package(tmp_path / "by_hand/c", "core", index=CORE)}
    for style in ("adventurer", "lorelei"):
        made[style] = package(tmp_path / f"by_hand/{style}", style, index=STYLE, svg=SVG)
    return made


def listing(packages: dict[str, Path], where: Path, **more) -> Path:
    """Write the project's list with these packages, few faces, and no source but files by hand."""
    content = yaml.safe_load((LISTS / "cartoon_faces.yaml").read_text())
    none = [{"folder": "/nowhere"}]
    styles = {name: {"sha256": pin(packages[name]), "sources": none} for name in content["styles"]}
    content |= {"sha256": pin(packages["core"]), "sources": none, "styles": styles, "count": 4, "side": 16} | more
    where.write_text(yaml.safe_dump(content, sort_keys=False))
    return where


def drawn(path: Path) -> list[int]:
    """Return blue, green, red and alpha of the middle of the upper half."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (16, 16, 4) and picture[12, 8, 3] == 0
    return picture[4, 8].tolist()


def test_faces_of_one_number_are_of_one_seed(packages, tmp_path):
    used = listing(packages, tmp_path / "list.yaml")
    sources.fetch("cartoon_hair", used, tmp_path / "raw", tmp_path / "by_hand", "short_hair-long_hair")
    files = sorted(str(path.relative_to(tmp_path / "raw")) for path in (tmp_path / "raw").rglob("*.png"))
    assert files == [f"{kind}/0000{n}.png" for kind in ("long_hair", "short_hair") for n in range(4)]
    for number in range(4):
        assert drawn(tmp_path / f"raw/short_hair/0000{number}.png") == [0, len("short01"), 10 * number, 255]
        assert drawn(tmp_path / f"raw/long_hair/0000{number}.png") == [0, len("long01"), 10 * number, 255]
    sources.fetch("cartoon_faces", used, tmp_path / "all", tmp_path / "by_hand")
    assert {path.name for path in (tmp_path / "all").iterdir()} == {"faces", "short_hair", "long_hair", "sketches"}
    with pytest.raises(UserError, match="allowed is null .all. or some of faces, short_hair, long_hair, sketches"):
        sources.fetch("cartoon_faces", used, tmp_path / "none", tmp_path / "by_hand", "short_hair-beards")


def test_packages_may_come_from_different_places(packages, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    used = listing(packages, tmp_path / "list.yaml")
    shutil.move(tmp_path / "by_hand/lorelei", tmp_path / "elsewhere")
    with pytest.raises(
        UserError, match=r"beside it: the package @dicebear/lorelei is not in it; folder /nowhere"
    ) as said:
        sources.fetch("x", used, tmp_path / "raw", tmp_path / "by_hand", "sketches")
    assert f"@dicebear/adventurer  {pin(packages['adventurer'])}" in str(said.value)
    content = yaml.safe_load(used.read_text())
    content["styles"]["lorelei"]["sources"] = [{"folder": str(tmp_path / "elsewhere")}]
    used.write_text(yaml.safe_dump(content))
    sources.fetch("x", used, tmp_path / "raw", tmp_path / "by_hand", "sketches")
    assert len(list((tmp_path / "raw/sketches").iterdir())) == 4


def test_of_a_package_that_is_another_no_line_runs(packages, tmp_path):
    used = listing(packages, tmp_path / "list.yaml")
    harm = f"import fs from 'node:fs'; fs.writeFileSync({json.dumps(str(tmp_path / 'harmed'))}, '');"
    (packages["adventurer"] / "lib/svg.js").write_text(harm + SVG)
    with pytest.raises(UserError, match="@dicebear/adventurer: expected content with sha256"):
        sources.fetch("x", used, tmp_path / "raw", tmp_path / "by_hand", "faces")
    # Nor of a file that is not among those that are pinned, even where a pinned one asks for it.
    (packages["adventurer"] / "lib/svg.js").write_text("import './harm.mjs';" + SVG)
    (packages["adventurer"] / "lib/harm.mjs").write_text(harm)
    with pytest.raises(UserError, match="Node.js could not draw the style adventurer: Error .*Cannot find module"):
        sources.fetch("x", listing(packages, tmp_path / "list.yaml"), tmp_path / "raw", tmp_path / "by_hand", "faces")
    assert not (tmp_path / "harmed").exists() and not (tmp_path / "raw").exists()


def test_without_node_is_a_reason(packages, tmp_path, monkeypatch):
    monkeypatch.setattr(dicebear.shutil, "which", lambda name: None)
    with pytest.raises(UserError, match=r"Node.js is not installed here \(Debian: apt-get install nodejs\)"):
        sources.fetch("x", listing(packages, tmp_path / "list.yaml"), tmp_path / "raw", tmp_path / "by_hand", "faces")


def test_every_kind_has_its_package(packages, tmp_path):
    used = listing(packages, tmp_path / "list.yaml", faces={"robots": {"style": "bottts"}})
    with pytest.raises(UserError, match="styles has no package of bottts"):
        sources.read(used)
