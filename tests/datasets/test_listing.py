import os
from pathlib import Path

import pytest

from ganline.core.errors import UserError
from ganline.datasets import listing
from ganline.datasets.pictures import PictureFolder, copy

JPEG = b"\xff\xd8\xff\xe0 a picture by its first bytes"


def put(folder: Path, *files: str, content: bytes = b"picture") -> Path:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_is_no_picture_is_listed_and_not_counted(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.PNG", "dog/2.jpeg", "dog/3.gif", "cat/half.part")
    put(tmp_path, "cat/4", "dog/5.download", content=JPEG)
    put(tmp_path, "Thumbs.db", "cat/Thumbs.db", "desktop.ini", "README", "labels.csv", "more.zip", content=b"BM text")
    put(tmp_path, ".DS_Store", "__MACOSX/cat/._1.PNG")
    images = PictureFolder(tmp_path)
    assert images.files == ["cat/1.PNG", "cat/4", "dog/2.jpeg", "dog/3.gif", "dog/5.download"]
    assert images.labels == ["cat", "cat", "dog", "dog", "dog"]
    assert images.ignored == {
        ".DS_Store": "hidden", "__MACOSX/": "hidden", "README": "not a picture", "Thumbs.db": "not a picture",
        "cat/Thumbs.db": "not a picture", "cat/half.part": "not a picture", "desktop.ini": "not a picture",
        "labels.csv": "not a picture", "more.zip": "an archive, not unpacked",
    }  # fmt: skip


def test_a_folder_without_pictures_says_what_it_has_instead(tmp_path: Path) -> None:
    put(tmp_path, "train.zip", "note.txt")
    with pytest.raises(UserError, match=r"no pictures(.|\n)*note.txt: not a picture\n  train.zip: an archive, not unp"):
        PictureFolder(tmp_path)


def test_links_are_followed_inside_the_folder(tmp_path: Path) -> None:
    source = put(tmp_path / "source", ".pool/red/1.png", ".pool/blue/2.png", "green/3.png")
    (source / "red").symlink_to(".pool/red")
    (source / "blue").symlink_to(source / ".pool/blue", target_is_directory=True)
    (source / "green/4.png").symlink_to("3.png")
    assert PictureFolder(source).labels == ["blue", "green", "green", "red"]
    assert copy(source, tmp_path / "raw") == ["left out as hidden: .pool/"]
    assert names(tmp_path / "raw") == ["blue/2.png", "green/3.png", "green/4.png", "red/1.png"]
    assert not any(path.is_symlink() for path in (tmp_path / "raw").rglob("*"))
    (tmp_path / "link").symlink_to(source)
    copy(tmp_path / "link", tmp_path / "again")
    assert names(tmp_path / "again") == names(tmp_path / "raw")


def test_links_that_lead_out_nowhere_or_round_are_refused_by_name(tmp_path: Path) -> None:
    source = put(tmp_path / "source", "red/1.png")
    put(tmp_path / "elsewhere", "2.png")
    for name, target in {"blue": "../elsewhere", "red/2.png": "../../elsewhere/2.png", "gone.png": "nothing",
                         "red/loop": "..", "self": "self"}.items():  # fmt: skip
        (source / name).symlink_to(target)
    for take in (PictureFolder, lambda folder: copy(folder, tmp_path / "raw")):
        with pytest.raises(UserError) as refusal:
            take(source)
        lines = str(refusal.value).splitlines()
        assert "5 name(s) cannot be taken" in lines[0]
        assert lines[1:] == [
            f"  blue is a link that leads out of the folder, to {tmp_path}/elsewhere",
            "  gone.png is a link that leads nowhere (nothing)",
            f"  red/2.png is a link that leads out of the folder, to {tmp_path}/elsewhere/2.png",
            f"  red/loop is a link to a folder that it lies in ({source})",
            "  self is a link that leads nowhere (self)",
        ]
    assert not (tmp_path / "raw").exists()


def test_names_that_are_not_utf_8_are_refused_in_words_that_can_be_printed(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.png")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/cat/caf\xe9.png")).write_bytes(b"picture")
    with pytest.raises(UserError) as refusal:
        PictureFolder(tmp_path)
    assert "  cat/caf\\xe9.png is not UTF-8" in str(refusal.value).splitlines()
    str(refusal.value).encode()


def test_names_that_are_unusual_are_taken(tmp_path: Path) -> None:
    """A Mac puts a narrow space that does not break into the name of a screenshot."""
    taken = ["Screenshot 2026-01-02 at 3.04.05\u202fPM.png", "two\nlines.png", "\U0001f600.png", "a\u0308.png"]
    put(tmp_path, *taken)
    assert PictureFolder(tmp_path).files == sorted(taken)


def test_special_files_are_listed(tmp_path: Path) -> None:
    put(tmp_path, "1.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert listing.pictures(tmp_path).ignored == {"pipe.png": "neither a file nor a folder"}


def test_many_names_are_cut_short() -> None:
    ignored = {f"{number:02}.txt": "not a picture" for number in range(12)}
    assert listing.told(ignored) == [
        "left out as not a picture: " + ", ".join(f"{number:02}.txt" for number in range(10)) + " and 2 more"
    ]
