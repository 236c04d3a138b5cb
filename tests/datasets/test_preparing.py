from pathlib import Path

import cv2
import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.datasets import idx, prepared
from ganline.datasets.prepare import COLUMNS, prepare
from ganline.settings.schema import Prepare

SETTINGS = Prepare(size=8, channels=3, fit="crop", interpolation="area", test_fraction=0.25, max_dropped=0.5)
RANDOM = np.random.default_rng(0)


def png(*shape: int) -> bytes:
    return cv2.imencode(".png", RANDOM.integers(0, 256, shape, np.uint8))[1].tobytes()


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for file, content in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
    return folder


def pictures(folder: Path) -> Path:
    """12 good pictures in 2 classes, two of them equal, and one broken file of each kind."""
    files = {f"{name}/{i:02}.png": png(8, 8, 3) for name in ("shoe", "bag") for i in range(6)}
    files["shoe/05.png"] = files["bag/02.png"]
    broken = {
        "bag/cut.png": png(8, 8, 3)[:-30],
        "bag/empty.png": b"",
        "bag/text.png": b"no picture",
        "shoe/thin.png": png(3, 60),
        "shoe/long.png": png(5, 200),
        "labels.csv": b"beside the classes",
    }
    return put(folder, files | broken)


manifest = prepared.read_manifest


def test_every_source_image_is_accounted_for(tmp_path: Path) -> None:
    facts = prepare(pictures(tmp_path / "raw"), tmp_path / "out", "mine", SETTINGS, 1)
    assert facts == prepared.read_facts(tmp_path / "out")
    assert facts == {
        "dataset": "mine",
        "image_shape": [8, 8, 3],
        "classes": ["bag", "shoe"],
        "counts": {"train": 9, "test": 3},
        "source_images": 17,
        "dropped": {
            "truncated or damaged": 1,
            "empty file": 1,
            "not an image": 1,
            "wrong shape: a side under 4 pixels": 1,
            "wrong shape: one side 20 times the other or more": 1,
        },
        "ignored": {"not a picture": 1},
        "said": [],
        "duplicates": 1,
        "held_out_repeats": 0,
    }
    rows = manifest(tmp_path / "out")
    assert list(rows.columns) == COLUMNS
    assert list(rows["file"]) == sorted(rows["file"]) and len(rows) == 18
    row = rows.set_index("file").loc
    assert row["shoe/05.png"]["duplicate_of"] == "bag/02.png" and row["bag/02.png"]["duplicate_of"] == ""
    assert row["shoe/05.png"]["status"] == "kept"
    assert row["shoe/thin.png"].tolist()[:4] == ["shoe", "60", "3", "1"]
    assert row["labels.csv"].tolist() == ["", "", "", "", "", "", "ignored: not a picture", ""]
    assert row["bag/cut.png"].tolist()[1:4] == ["", "", ""]
    assert row["bag/cut.png"]["status"] == "dropped: truncated or damaged" and row["bag/cut.png"]["split"] == ""


def test_arrays_follow_the_manifest(tmp_path: Path) -> None:
    raw = pictures(tmp_path / "raw")
    prepare(raw, tmp_path / "out", "mine", SETTINGS, 1)
    rows = manifest(tmp_path / "out")
    for split in prepared.SPLITS:
        images, labels = prepared.read_split(tmp_path / "out", split)
        here = rows[rows["split"] == split]
        assert images.dtype == np.uint8 and images.flags["C_CONTIGUOUS"] and isinstance(images, np.memmap)
        assert labels is not None and labels.dtype == np.int32
        assert [["bag", "shoe"][label] for label in labels] == list(here["label"])
        for image, file in zip(images, here["file"], strict=True):
            assert np.array_equal(image, cv2.imread(str(raw / file))[..., ::-1])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "dataset.json", "manifest.csv", "test_images.npy", "test_labels.npy", "train_images.npy", "train_labels.npy",
    ]  # fmt: skip


def test_equal_inputs_give_equal_bytes_and_the_seed_moves_the_split(tmp_path: Path) -> None:
    raw = pictures(tmp_path / "raw")
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        prepare(raw, tmp_path / name, "mine", SETTINGS, seed)
    first, again, other = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("first", "again", "other")
    )
    assert first == again
    assert first["manifest.csv"] != other["manifest.csv"] and first["dataset.json"] == other["dataset.json"]
    digests = [prepared.digest(tmp_path / name) for name in ("first", "again", "other")]
    assert digests[0] == digests[1] != digests[2]


def test_above_the_limit_the_first_files_are_shown_and_nothing_is_written(tmp_path: Path) -> None:
    files = {f"{i:02}.png": b"broken" for i in range(12)} | {f"{i}.png": png(8, 8) for i in range(100, 112)}
    raw = put(tmp_path / "raw", files)
    prepare(raw, tmp_path / "out", "mine", SETTINGS, 1)
    before = (tmp_path / "out/manifest.csv").read_bytes()
    strict = SETTINGS.model_copy(update={"max_dropped": 0.49})
    with pytest.raises(UserError) as refusal:
        prepare(raw, tmp_path / "out", "mine", strict, 1)
    lines = str(refusal.value).splitlines()
    assert "12 of 24 images (50.0%) are unusable, prepare.max_dropped allows 49.0%" in lines[0]
    assert lines[1:] == [f"  {i:02}.png: dropped: not an image" for i in range(10)]
    assert (tmp_path / "out/manifest.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "raw"]


def test_nothing_usable_is_refused_whatever_the_limit(tmp_path: Path) -> None:
    lax = SETTINGS.model_copy(update={"max_dropped": 1.0})
    with pytest.raises(UserError, match="1 of 1 images"):
        prepare(put(tmp_path / "raw", {"a.png": b""}), tmp_path / "out", "mine", lax, 1)
    with pytest.raises(UserError, match=r"1 usable image\(s\): at least 2"):
        prepare(put(tmp_path / "raw", {"b.png": png(8, 8)}), tmp_path / "out", "mine", lax, 1)


def test_unlabelled_and_single_class_data(tmp_path: Path) -> None:
    files = {f"{i}.png": png(9, 7) for i in range(4)}
    facts = prepare(put(tmp_path / "plain", files), tmp_path / "unlabelled", "mine", SETTINGS, 1)
    assert facts["classes"] == [] and facts["counts"] == {"train": 3, "test": 1}
    assert prepared.read_split(tmp_path / "unlabelled", "train")[1] is None
    single = put(tmp_path / "single", {f"cat/{file}": content for file, content in files.items()})
    assert prepare(single, tmp_path / "one", "mine", SETTINGS, 1)["classes"] == []
    assert prepared.read_split(tmp_path / "one", "train")[1] is None


def test_class_without_a_usable_picture_is_no_class(tmp_path: Path) -> None:
    raw = put(tmp_path / "raw", {"a/1.png": b"", "b/1.png": png(8, 8), "b/2.png": png(8, 8)})
    facts = prepare(raw, tmp_path / "out", "mine", SETTINGS, 1)
    assert facts["classes"] == ["b"] and facts["said"] == ["no class is made of a: no picture in it is usable"]


def test_idx_data_keeps_its_own_split_and_is_resized(tmp_path: Path) -> None:
    images = RANDOM.integers(0, 256, (5, 16, 16), np.uint8)
    raw = tmp_path / "raw"
    raw.mkdir()
    for name, rows in (("train", slice(0, 3)), ("t10k", slice(3, 5))):
        idx.write(raw / f"{name}{idx.IMAGES}", images[rows])
        idx.write(raw / f"{name}{idx.LABELS}", np.arange(5, dtype=np.uint8)[rows])
    settings = SETTINGS.model_copy(update={"channels": 1})
    facts = prepare(raw, tmp_path / "out", "idx", settings, 1)
    assert facts["counts"] == {"train": 3, "test": 2} and facts["classes"] == ["0", "1", "2", "3", "4"]
    test, labels = prepared.read_split(tmp_path / "out", "test")
    assert labels is not None and labels.tolist() == [3, 4]
    assert np.abs(test[..., 0] - images[3:].reshape(2, 8, 2, 8, 2).mean((2, 4))).max() <= 0.5


def test_duplicates_are_held_out_together_or_not_at_all(tmp_path: Path) -> None:
    twice = {f"{i}-{copy}.png": content for i in range(20) for content in [png(8, 8, 3)] for copy in "ab"}
    for seed in range(5):
        facts = prepare(put(tmp_path / f"raw{seed}", twice), tmp_path / f"out{seed}", "twice", SETTINGS, seed)
        assert (facts["counts"], facts["duplicates"]) == ({"train": 30, "test": 10}, 20)
        assert facts["held_out_repeats"] == 0
        rows = manifest(tmp_path / f"out{seed}")
        assert (rows.groupby("sha256")["split"].nunique() == 1).all()


def test_what_a_split_of_the_datasets_own_repeats_is_counted(tmp_path: Path) -> None:
    images = RANDOM.integers(0, 256, (6, 16, 16), np.uint8)
    (tmp_path / "raw").mkdir()
    for name, rows in (("train", [0, 1, 2, 3]), ("t10k", [3, 4, 0])):
        idx.write(tmp_path / f"raw/{name}{idx.IMAGES}", images[rows])
        idx.write(tmp_path / f"raw/{name}{idx.LABELS}", np.array(rows, np.uint8))
    facts = prepare(tmp_path / "raw", tmp_path / "out", "idx", SETTINGS.model_copy(update={"channels": 1}), 1)
    assert facts["counts"] == {"train": 4, "test": 3} and facts["held_out_repeats"] == 2


def test_bitmaps_are_unlabelled_and_split(tmp_path: Path) -> None:
    drawings = RANDOM.integers(0, 256, (8, 784), np.uint8)
    (tmp_path / "raw").mkdir()
    np.save(tmp_path / "raw/apple.npy", drawings)
    settings = SETTINGS.model_copy(update={"channels": 1, "size": 28})
    facts = prepare(tmp_path / "raw", tmp_path / "out", "quickdraw", settings, 1)
    assert facts["counts"] == {"train": 6, "test": 2} and facts["classes"] == []
    rows = manifest(tmp_path / "out")
    test, labels = prepared.read_split(tmp_path / "out", "test")
    assert labels is None
    assert np.array_equal(test.reshape(2, 784), drawings[np.flatnonzero(rows["split"] == "test")])


def test_linear_interpolation_is_obeyed(tmp_path: Path) -> None:
    raw = put(tmp_path / "raw", {f"images/{i}.png": png(30, 20, 3) for i in range(2)})
    settings = SETTINGS.model_copy(update={"fit": "stretch", "interpolation": "linear"})
    prepare(raw, tmp_path / "out", "faces", settings, 1)
    rows = manifest(tmp_path / "out").set_index("split")
    for split in prepared.SPLITS:
        source = cv2.imread(str(raw / rows.loc[split, "file"]))[..., ::-1]
        assert np.array_equal(prepared.read_split(tmp_path / "out", split)[0][0], cv2.resize(source, (8, 8)))


def test_missing_prepared_data_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run `dvc repro prepare`"):
        prepared.read_facts(tmp_path)
    with pytest.raises(UserError, match="no prepared split 'train'"):
        prepared.read_split(tmp_path, "train")


def test_a_class_may_be_called_na_or_none(tmp_path: Path) -> None:
    """pandas reads these as missing unless told otherwise, and an empty name too."""
    names = ["NA", "None", "nan", "null", "x"]
    files = {f"{name}/{i}.png": png(8, 8) for name in names for i in range(4)}
    facts = prepare(put(tmp_path / "raw", files), tmp_path / "out", "mine", SETTINGS, 1)
    assert facts["classes"] == sorted(names)
    rows = prepared.read_manifest(tmp_path / "out")
    assert {*rows["label"]} == set(names) and all(rows["label"] == rows["file"].str.split("/").str[0])
    for split in prepared.SPLITS:
        labels = prepared.read_split(tmp_path / "out", split)[1]
        assert labels is not None
        assert [facts["classes"][label] for label in labels] == list(rows[rows["split"] == split]["label"])


@pytest.mark.parametrize("layout", ["{}.png", "shoe/{}.png", "a/{0}.png b/{0}.png"])
@pytest.mark.filterwarnings("error")
def test_nothing_that_pandas_warns_of_is_asked_of_it(tmp_path: Path, layout: str) -> None:
    """pandas 2.3 and 3 warn that a category that is not listed will be an error in 4; stages hide warnings."""
    files = {name.format(i): png(8, 8) for i in range(4) for name in layout.split()}
    raw = put(tmp_path / "raw", files | {"broken.png" if layout == "{}.png" else "a/broken.png": b"", "notes.txt": b""})
    prepare(raw, tmp_path / "out", "mine", SETTINGS, 1)


def test_a_split_of_the_pictures_own_is_kept(tmp_path: Path) -> None:
    counts = {"train/circle": 5, "train/square": 4, "val/circle": 1, "test/circle": 2, "test/square": 1}
    files = {f"{folder}/{i}.png": png(8, 8) for folder, count in counts.items() for i in range(count)}
    facts = prepare(put(tmp_path / "raw", files), tmp_path / "out", "shapes", SETTINGS, 1)
    assert facts["classes"] == ["circle", "square"] and facts["counts"] == {"train": 9, "test": 4}
    assert facts["said"] == ["the collection's own split is kept: train/ to train on, test/ and val/ held out"]
    rows = manifest(tmp_path / "out")
    assert all((rows["split"] == "train") == rows["file"].str.startswith("train/"))
    other = prepare(tmp_path / "raw", tmp_path / "other", "shapes", SETTINGS, 2)
    assert other == facts and prepared.digest(tmp_path / "other") == prepared.digest(tmp_path / "out")


def test_a_split_without_a_usable_picture_is_refused(tmp_path: Path) -> None:
    files = {"train/1.png": png(8, 8), "train/2.png": png(8, 8), "test/1.png": b""}
    with pytest.raises(UserError, match="the dataset's own split has no usable image in: test"):
        prepare(put(tmp_path / "raw", files), tmp_path / "out", "mine", SETTINGS, 1)


def test_files_that_are_no_pictures_never_stop_a_run(tmp_path: Path) -> None:
    others = {
        f"{folder}{name}": b"x" for folder in ("", "a/", "b/") for name in ("Thumbs.db", "desktop.ini", ".DS_Store")
    }
    files = (
        others | {"README": b"", "labels.csv": b"a,b"} | {f"{name}/{i}.png": png(8, 8) for name in "ab" for i in (1, 2)}
    )
    strict = SETTINGS.model_copy(update={"max_dropped": 0.0})
    facts = prepare(put(tmp_path / "raw", files), tmp_path / "out", "mine", strict, 1)
    assert facts["dropped"] == {} and facts["source_images"] == 4
    assert facts["ignored"] == {"hidden": 3, "not a picture": 8}
    rows = manifest(tmp_path / "out")
    assert rows[rows["status"] != "kept"].set_index("file")["status"].to_dict() == {
        name: "ignored: hidden" if name.endswith(".DS_Store") else "ignored: not a picture"
        for name in [*others, "README", "labels.csv"]
    }


@pytest.mark.parametrize("name", ["dataset.json", "train_images.npy", "train_labels.npy", "manifest.csv"])
def test_damaged_prepared_data_is_a_sentence(tmp_path: Path, name: str) -> None:
    prepare(pictures(tmp_path / "raw"), tmp_path / "out", "mine", SETTINGS, 1)
    (tmp_path / "out" / name).write_bytes(b"{\xff\n\x00")
    with pytest.raises(UserError, match=f"out/{name}: cannot be read"):
        prepared.read_facts(tmp_path / "out")
        prepared.read_split(tmp_path / "out", "train")
        prepared.read_manifest(tmp_path / "out")
