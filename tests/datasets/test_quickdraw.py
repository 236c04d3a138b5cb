from pathlib import Path

import numpy as np
import pytest
import yaml

from ganline.core.errors import UserError
from ganline.core.files import sha256
from ganline.datasets import sources
from ganline.datasets.quickdraw import QuickdrawImages, present

DRAWINGS = np.random.default_rng(0).integers(0, 256, (5, 784), np.uint8)


def save(path: Path, array: np.ndarray = DRAWINGS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
    return path


def fetch(tmp_path: Path, category: str | None, **pins: str) -> str:
    content = {"layout": "quickdraw", "sources": [{"folder": str(tmp_path / "mirror")}], "sha256": pins}
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(content))
    return sources.fetch("quickdraw", tmp_path / "list.yaml", tmp_path / "raw", tmp_path / "manual", category)


def test_drawings_are_read_in_order_and_unlabelled(tmp_path: Path) -> None:
    save(tmp_path / "hot air balloon.npy")
    assert present(tmp_path)
    images = QuickdrawImages(tmp_path)
    assert images.files == [f"hot air balloon.npy#{i}" for i in range(5)]
    assert images.labels == [""] * 5 and images.classes == [] and images.splits is None
    assert np.array_equal(images.decode(images.read(3)), DRAWINGS[3].reshape(28, 28))


def test_an_array_among_pictures_is_a_stray_file(tmp_path: Path) -> None:
    save(tmp_path / "features.npy")
    (tmp_path / "1.png").touch()
    assert not present(tmp_path)


def test_what_systems_and_people_put_beside_an_array_is_listed(tmp_path: Path) -> None:
    save(tmp_path / "apple.npy")
    for name in ("Thumbs.db", "README.md", ".DS_Store"):
        (tmp_path / name).touch()
    assert present(tmp_path)
    assert QuickdrawImages(tmp_path).ignored == {"README.md": "not the array", "Thumbs.db": "not the array"}
    save(tmp_path / "pear.npy")
    assert not present(tmp_path)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (DRAWINGS.astype(np.float32), r"expected an array of uint8 \(N, 784\), found float32 \(5, 784\)"),
        (DRAWINGS.reshape(5, 28, 28), r"found uint8 \(5, 28, 28\)"),
        (DRAWINGS[:, :783], r"found uint8 \(5, 783\)"),
        (DRAWINGS[:1], r"1 drawing\(s\): at least 2 are needed"),
        (np.array([None, None]), "Array can't be memory-mapped: Python objects in dtype"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, array: np.ndarray, message: str) -> None:
    save(tmp_path / "mirror/apple.npy", array)
    with pytest.raises(
        UserError, match=f"mirror: apple.npy: .*{message}(.|\n)*put apple.npy .plain or as .npy.gz. into"
    ):
        fetch(tmp_path, "apple")
    with pytest.raises(UserError, match=f"apple.npy: .*{message}"):
        QuickdrawImages(tmp_path / "mirror")


@pytest.mark.parametrize("change", [b"", b"PK\x03\x04 no array", "cut", "longer"])
def test_damaged_files_are_refused(tmp_path: Path, change: bytes | str) -> None:
    path = save(tmp_path / "mirror/apple.npy")
    content = path.read_bytes()
    path.write_bytes({"cut": content[:-1], "longer": content + b"x"}.get(change, change))  # type: ignore[call-overload]
    with pytest.raises(UserError, match="no source worked"):
        fetch(tmp_path, "apple")
    assert not (tmp_path / "raw").exists()


def test_an_unpinned_category_shows_its_sha256_and_a_pinned_one_must_have_it(tmp_path: Path, capsys) -> None:
    path = save(tmp_path / "mirror/hot air balloon.npy")
    pin = {"hot air balloon": sha256(path)}
    assert fetch(tmp_path, "hot air balloon") == f"folder {tmp_path}/mirror"
    assert f"hot air balloon.npy: sha256 {sha256(path)} (not pinned" in capsys.readouterr().out
    fetch(tmp_path, "hot air balloon", **pin)
    assert "not pinned" not in capsys.readouterr().out
    save(path, DRAWINGS + 1)
    with pytest.raises(UserError, match="expected content with sha256"):
        fetch(tmp_path, "hot air balloon", **pin)


def test_drawings_supplied_by_hand_come_first(tmp_path: Path) -> None:
    save(tmp_path / "manual/apple.npy")
    assert fetch(tmp_path, "apple") == f"folder {tmp_path}/manual"
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["apple.npy"]


@pytest.mark.parametrize("category", [None, "../apple", "a/b", "*", ".hidden", ""])
def test_what_cannot_be_a_category_is_refused(tmp_path: Path, category: str | None) -> None:
    with pytest.raises(UserError, match="say what is drawn, as in download.category=apple"):
        fetch(tmp_path, category)
