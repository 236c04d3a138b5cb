import json
from pathlib import Path

import pytest
import yaml

from ganline.core.errors import UserError
from ganline.datasets import emoji, sources

EMOJI = [
    {"category": "Flags", "image": "1f1e9-1f1ea.png", "has_img_google": True},
    {"category": "Flags", "image": "1f3f4.png", "has_img_google": True},
    {"category": "Flags", "image": "undrawn.png", "has_img_google": False},
    {"category": "Food & Drink", "image": "1f34e.png", "has_img_google": True},
    {"category": "Component", "image": "1f3fb.png", "has_img_google": True},
    {
        "category": "People & Body", "image": "1f44b.png", "has_img_google": True,
        "skin_variations": {"1F3FB": {"image": "1f44b-1f3fb.png", "has_img_google": True}},
    },
]  # fmt: skip
FILES = ["1f1e9-1f1ea.png", "1f3f4.png", "1f34e.png", "1f3fb.png", "1f44b.png", "1f44b-1f3fb.png"]
ALL = ["Flags/1f1e9-1f1ea.png", "Flags/1f3f4.png", "Food & Drink/1f34e.png", "People & Body/1f44b.png"]
SHA256 = "69c5504e54f0a30bc454f4cba7c2889da4900198e58d410482b3c8aee05df1fd"


def package(folder: Path) -> Path:
    """Make the package's layout, with its pictures' names in the place of pictures."""
    pictures = folder / "img/google/64"
    pictures.mkdir(parents=True)
    (folder / "emoji.json").write_text(json.dumps(EMOJI, sort_keys=True))
    for file in FILES:
        (pictures / file).write_text(file)
    return folder


def fetch(tmp_path: Path, category: str | None, sha256: str = SHA256, source: str = "package") -> list[str]:
    content = {"layout": "emoji", "vendor": "google", "sha256": sha256, "sources": [{"folder": str(tmp_path / source)}]}
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(content))
    raw = tmp_path / "raw/emoji"
    sources.fetch("emoji", tmp_path / "list.yaml", raw, tmp_path / "manual", category)
    return sorted(path.relative_to(raw).as_posix() for path in raw.rglob("*") if path.is_file())


def test_the_digest_is_what_sha256sum_prints(tmp_path: Path) -> None:
    assert emoji.digest(package(tmp_path), "google") == SHA256


def test_base_emoji_are_sorted_into_their_categories(tmp_path: Path) -> None:
    package(tmp_path / "package/deeper")
    assert fetch(tmp_path, None) == ALL
    assert (tmp_path / "raw/emoji/Flags/1f3f4.png").read_text() == "1f3f4.png"
    assert fetch(tmp_path, "Flags") == ALL[:2]


def test_files_supplied_by_hand_come_first(tmp_path: Path) -> None:
    package(tmp_path / "manual")
    assert fetch(tmp_path, "Food & Drink", source="none") == ALL[2:3]


def test_an_unknown_category_is_refused_with_those_there_are(tmp_path: Path) -> None:
    package(tmp_path / "package")
    for wrong in ("flags", "Component"):
        with pytest.raises(
            UserError, match=f"category = '{wrong}': allowed .* one of Flags, Food & Drink, People & Bo"
        ):
            fetch(tmp_path, wrong)
    assert list((tmp_path / "raw").iterdir()) == []


def test_other_content_is_refused_whichever_category_is_wanted(tmp_path: Path) -> None:
    package(tmp_path / "package")
    (tmp_path / "package/img/google/64/1f34e.png").write_text("another apple")
    with pytest.raises(
        UserError, match=f"expected content with sha256 {SHA256}, found (.|\n)*by hand(.|\n)*must print"
    ):
        fetch(tmp_path, "Flags")
    for file in FILES:
        (tmp_path / f"package/img/google/64/{file}").unlink()
    with pytest.raises(UserError, match="img/google/64/.*png is not beside emoji.json"):
        fetch(tmp_path, None)
    (tmp_path / "package/emoji.json").unlink()
    with pytest.raises(UserError, match="emoji.json is not in it"):
        fetch(tmp_path, None)
