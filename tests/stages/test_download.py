import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from ganline.core.errors import UserError
from ganline.core.files import sha256
from ganline.settings.schema import Download, Params
from stages import download

LISTS = Path(__file__).parents[2] / "conf/sources"


class Recorder:
    """Takes the place of the tracker, which would start its own server."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}

    def tags(self, values: dict[str, str]) -> None:
        self.told.update(values)


def run(dataset: str, source: Path | str, category: str | None = None) -> dict[str, str]:
    recorder = Recorder()
    settings = Download(dataset=dataset, source=str(source), category=category)
    download.run(Params.model_construct(download=settings), recorder)  # type: ignore[arg-type]
    return recorder.told


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_digits_come_with_scikit_learn() -> None:
    assert run("digits", LISTS / "digits.yaml") == {"data.source": "package scikit-learn"}
    raw = Path("data/downloaded/digits")
    assert sorted(path.name for path in raw.iterdir()) == [
        "classes.txt", "digits-images-idx3-ubyte", "digits-labels-idx1-ubyte",
    ]  # fmt: skip
    assert sha256(raw / "digits-images-idx3-ubyte").startswith("d224a90b51e2")


def test_a_folder_of_pictures_is_copied() -> None:
    Path("mine/cats").mkdir(parents=True)
    Path("mine/cats/1.png").write_bytes(b"picture")
    assert run("pets", "mine") == {"data.source": "folder"}
    assert Path("data/downloaded/pets/cats/1.png").read_bytes() == b"picture"


def test_a_zip_of_pictures_is_unpacked() -> None:
    with zipfile.ZipFile("faces.ZIP", "w") as packed:
        packed.writestr("100k/100k/1.jpg", b"picture")
        packed.writestr("__MACOSX/100k/._1.jpg", b"extra")
    assert run("human_faces", "faces.ZIP") == {"data.source": "zip"}
    files = [path.as_posix() for path in Path("data/downloaded").rglob("*") if path.is_file()]
    assert files == ["data/downloaded/human_faces/100k/100k/1.jpg"]


def test_drawings_supplied_by_hand_are_found_by_category() -> None:
    Path("data/manual/quickdraw").mkdir(parents=True)
    np.save("data/manual/quickdraw/see saw.npy", np.zeros((3, 784), np.uint8))
    used = run("quickdraw", LISTS / "quickdraw.yaml", "see saw")
    assert used == {"data.source": "folder data/manual/quickdraw"}
    assert Path("data/downloaded/quickdraw/see saw.npy").exists()
    with pytest.raises(UserError, match="download.category = null: say what is drawn"):
        run("quickdraw", LISTS / "quickdraw.yaml")


def test_categories_are_refused_where_there_are_none() -> None:
    Path("mine").mkdir()
    Path("mine.zip").touch()
    for source in ("mine", "mine.zip", LISTS / "digits.yaml"):
        with pytest.raises(UserError, match="'Flags': pets has no categories: set download.category=null"):
            run("pets", source, "Flags")


def test_a_source_that_cannot_be_is_refused() -> None:
    with pytest.raises(UserError, match="download.source = 'nowhere': there is no such file or folder; allowed is"):
        run("image_folder", "nowhere")
    Path("pictures.zip").write_bytes(b"PK\x03\x04\xff\xfe\x00")
    with pytest.raises(UserError, match="pictures.zip cannot be unpacked"):
        run("image_folder", "pictures.zip")
    Path("note.txt").write_text("just a note")
    with pytest.raises(UserError, match=r"note.txt"):
        run("image_folder", "note.txt")
    Path("empty").mkdir()
    with pytest.raises(UserError, match="there are no files"):
        run("image_folder", "empty")
    assert not list(Path().glob("data/downloaded/*"))


def test_pictures_that_people_keep_in_data_raw_stay_theirs() -> None:
    """dvc empties the folder that a stage writes before it runs, without a word; nobody keeps pictures in that one."""
    Path("data/raw/image_folder/cats").mkdir(parents=True)
    Path("data/raw/image_folder/cats/1.png").write_bytes(b"mine")
    assert run("image_folder", "data/raw/image_folder") == {"data.source": "folder"}
    assert Path("data/downloaded/image_folder/cats/1.png").read_bytes() == b"mine"
    assert Path("data/raw/image_folder/cats/1.png").read_bytes() == b"mine"


def test_no_stage_writes_where_people_keep_pictures() -> None:
    """A folder that a stage lists among its outs is deleted by dvc before the stage runs."""
    stages = yaml.safe_load((LISTS.parents[1] / "dvc.yaml").read_text())["stages"]
    outs = [out for stage in stages.values() for out in stage.get("outs", []) if out.startswith("data/")]
    ours = {f"data/code/{stage}.json" for stage in stages if stage != "code"}
    assert set(outs) - ours == {"data/downloaded/${download.dataset}", "data/prepared/${download.dataset}"}


def test_what_is_left_out_is_told_and_one_side_of_a_translation_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for folder in ("trainA", "trainB", "testA", "testB"):
        Path("maps", folder).mkdir(parents=True)
        Path("maps", folder, "1.jpg").write_bytes(folder.encode())
    Path("maps/.DS_Store").touch()
    with pytest.raises(UserError, match="2 pictures of A and 2 pictures of B(.|\n)*set download.category=A or B"):
        run("maps", "maps")
    run("maps", "maps", "B")
    assert "maps: left out as hidden: .DS_Store" in capsys.readouterr().out
    kept = sorted(path.read_text() for path in Path("data/downloaded/maps").rglob("*.jpg"))
    assert kept == ["testB", "trainB"]
