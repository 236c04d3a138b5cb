from pathlib import Path

import pytest

from ganline.errors import UserError
from ganline.files import sha256
from ganline.params import Download, Params
from stages import download

LISTS = Path(__file__).parents[2] / "conf/sources"


class Recorder:
    """Takes the place of the tracker, which would start its own server."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}

    def tags(self, values: dict[str, str]) -> None:
        self.told.update(values)


def run(dataset: str, source: Path | str) -> dict[str, str]:
    recorder = Recorder()
    download.run(Params.model_construct(download=Download(dataset=dataset, source=str(source))), recorder)  # type: ignore[arg-type]
    return recorder.told


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_digits_come_with_scikit_learn() -> None:
    assert run("digits", LISTS / "digits.yaml") == {"data.source": "package scikit-learn"}
    raw = Path("data/raw/digits")
    assert sorted(path.name for path in raw.iterdir()) == [
        "classes.txt", "digits-images-idx3-ubyte", "digits-labels-idx1-ubyte",
    ]  # fmt: skip
    assert sha256(raw / "digits-images-idx3-ubyte").startswith("d224a90b51e2")


def test_a_folder_of_pictures_is_copied() -> None:
    Path("mine/cats").mkdir(parents=True)
    Path("mine/cats/1.png").write_bytes(b"picture")
    assert run("pets", "mine") == {"data.source": "folder"}
    assert Path("data/raw/pets/cats/1.png").read_bytes() == b"picture"


def test_a_source_that_cannot_be_is_refused() -> None:
    with pytest.raises(UserError, match="download.source is not set: name the folder of your pictures"):
        run("image_folder", "???")
    with pytest.raises(UserError, match="download.source = 'nowhere': there is no such file or folder; allowed is"):
        run("image_folder", "nowhere")
    Path("pictures.zip").write_bytes(b"PK\x03\x04\xff\xfe\x00")
    with pytest.raises(UserError, match="pictures.zip is no source list"):
        run("image_folder", "pictures.zip")
    Path("note.txt").write_text("just a note")
    with pytest.raises(UserError, match=r"note.txt"):
        run("image_folder", "note.txt")
    Path("empty").mkdir()
    with pytest.raises(UserError, match="there are no files"):
        run("image_folder", "empty")
    assert not list(Path().glob("data/raw/*"))
