import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from ganline.core.errors import UserError
from ganline.datasets import fetchers, zips
from ganline.datasets.damage import UnreadableError

CONTENT = b"a picture of its own " * 200


def zipped(path: Path, *files: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files:
            packed.writestr(name, content)
    return path


def left(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "raw").iterdir()) if (tmp_path / "raw").exists() else []


def refused(tmp_path: Path, archive: Path) -> str:
    with pytest.raises(UserError) as refusal:
        zips.unzip(archive, tmp_path / "raw/mine")
    assert left(tmp_path) == []
    return str(refusal.value)


class Disk:
    """A disk of 4 KiB blocks."""

    def __init__(self, free: int, files: int = 1000, free_files: int = 1000) -> None:
        self.f_frsize, self.f_bavail, self.f_files, self.f_favail = 4096, free // 4096, files, free_files


def test_what_the_disk_has_no_room_for_is_refused_before_anything_is_written(tmp_path: Path, monkeypatch) -> None:
    bomb = zipped(tmp_path / "bomb.zip", *((f"{number}.bmp", bytes(2**20)) for number in range(30)))
    assert bomb.stat().st_size < 2**16
    monkeypatch.setattr(os, "statvfs", lambda _: Disk(free=2**30 + 29 * 2**20))
    assert "bomb.zip cannot be unpacked: it unpacks to 0.0 GiB, and the disk has room for 0.0 GiB" in refused(
        tmp_path, bomb
    )
    monkeypatch.setattr(os, "statvfs", lambda _: Disk(free=2**40, free_files=29))
    assert "it has 30 files; allowed are 29" in refused(tmp_path, bomb)
    monkeypatch.setattr(os, "statvfs", lambda _: Disk(free=2**30 + 30 * 2**20, files=0, free_files=0))  # as btrfs says
    zips.unzip(bomb, tmp_path / "raw/mine")
    assert len(list((tmp_path / "raw/mine").iterdir())) == 30


def test_archives_of_packages_are_held_to_the_disk_too(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: Disk(free=2**30 + 2**20))
    with tarfile.open(tmp_path / "bomb.tgz", "w:gz") as packed:
        entry = tarfile.TarInfo("zeros")
        entry.size = 2**21
        packed.addfile(entry, io.BytesIO(bytes(2**21)))
    with pytest.raises(UnreadableError, match="bomb.tgz cannot be unpacked: it unpacks to"):
        fetchers.untar(tmp_path / "bomb.tgz", tmp_path / "files")
    with pytest.raises(UnreadableError, match="a.whl cannot be unpacked: it unpacks to"):
        zips.extract(zipped(tmp_path / "a.whl", ("zeros", bytes(2**21))), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.whl", "bomb.tgz"]


def test_files_that_share_their_packed_bytes_are_refused(tmp_path: Path) -> None:
    """Two entries of the table of contents may lead to one file: so 10 MB become 281 TB (Fifield 2019)."""
    archive = zipped(tmp_path / "a.zip", ("a.png", os.urandom(5000)), ("b.png", b""))
    with zipfile.ZipFile(archive, "a") as packed:
        packed.filelist[1].header_offset = packed.filelist[0].header_offset
        for name in ("CRC", "compress_size", "file_size", "compress_type"):
            setattr(packed.filelist[1], name, getattr(packed.filelist[0], name))
        packed._didModify = True
    assert "its files overlap" in refused(tmp_path, archive)


@pytest.mark.parametrize("declared", [10, len(CONTENT) + 10])
def test_a_file_that_unpacks_to_another_size_than_declared_is_refused(tmp_path: Path, declared: int) -> None:
    archive = zipped(tmp_path / "a.zip", ("a.png", CONTENT))
    whole = archive.read_bytes()
    size = len(CONTENT).to_bytes(4, "little")
    assert whole.count(size) == 2  # before the file and in the table of contents
    archive.write_bytes(whole.replace(size, declared.to_bytes(4, "little")))
    assert "a.png in" in (message := refused(tmp_path, archive)) and "a.zip cannot be unpacked" in message


def test_encrypted_files_names_twice_and_files_that_are_folders_are_refused_by_name(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", ("cat/1.png", CONTENT))
    content = bytearray(archive.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    archive.write_bytes(content)
    assert refused(tmp_path, archive).endswith(
        "cat/1.png is encrypted; unpack it with its password and give the folder"
    )
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped(tmp_path / "b.zip", ("1.png", CONTENT), ("1.png", b"other"))
    assert refused(tmp_path, twice).endswith("b.zip cannot be unpacked: 1.png is there twice")
    both = zipped(tmp_path / "c.zip", ("cat", CONTENT), ("cat/1.png", CONTENT))
    assert refused(tmp_path, both).endswith("c.zip cannot be unpacked: cat is both a file and a folder")


def test_an_archive_in_an_archive_stays_packed(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", ("1.png", CONTENT)).read_bytes()
    zips.unzip(zipped(tmp_path / "a.zip", ("1.png", CONTENT), ("more.zip", inner)), tmp_path / "raw/mine")
    assert (tmp_path / "raw/mine/more.zip").read_bytes() == inner


def test_one_side_of_a_translation_is_unpacked(tmp_path: Path) -> None:
    files = [(f"horse2zebra/{part}{side}/{number}.jpg", CONTENT)
             for part in ("train", "test") for side in "AB" for number in range(2)]  # fmt: skip
    archive = zipped(tmp_path / "horse2zebra.zip", *files, ("__MACOSX/._x", b""))
    assert "4 pictures of A and 4 pictures of B" in refused(tmp_path, archive)
    assert zips.unzip(archive, tmp_path / "raw/mine", "A") == ["left out as hidden: __MACOSX/._x"]
    folders = {path.parent.name for path in (tmp_path / "raw/mine").rglob("*.jpg")}
    assert folders == {"trainA", "testA"}
