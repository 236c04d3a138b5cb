"""Files, folders and videos through a translator that swaps dark and light."""

import cv2
import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.studies.translation import using, video


class Negative:
    input_shape = image_shape = (32, 32, 3)

    def translate(self, images):
        return 255 - images


class ToGrey(Negative):
    image_shape = (32, 32, 1)

    def translate(self, images):
        return images[..., :1]


@pytest.fixture
def folder(tmp_path):
    """Pictures of many kinds, one that is cut off, and other files."""
    source = tmp_path / "in"
    (source / "below").mkdir(parents=True)
    for i, name in enumerate(("a.png", "b.jpg", "below/c.webp", "below/d.ppm", "e.gif")):
        if name == "e.gif":
            from PIL import Image

            Image.fromarray(picture(i)).save(source / name)
        else:
            cv2.imwrite(str(source / name), picture(i))
    (source / "cut.png").write_bytes((source / "a.png").read_bytes()[:200])
    (source / "notes.txt").write_text("no picture")
    return source


def picture(seed, height=40, width=70):
    small = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def translate(source, destination, force=False, translator=None):
    return using.run(using.plan(source, destination, force), translator or Negative())


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_picture(tmp_path, folder, capsys):
    said = translate(folder / "a.png", tmp_path / "new/out.png")
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "new/out.png")), 255 - cv2.imread(str(folder / "a.png")))
    assert said == [f"{tmp_path}/new/out.png is written"] and "a.png: 6/6" in capsys.readouterr().out
    assert list(files(tmp_path / "new")) == ["out.png"]


@pytest.mark.parametrize("ending", using.WRITTEN)
def test_every_format_that_is_offered_can_be_written_and_read_again(tmp_path, folder, ending):
    translate(folder / "a.png", tmp_path / f"out{ending}", translator=ToGrey())
    found = using.read(tmp_path / f"out{ending}").astype(int)
    red = using.read(folder / "a.png")[..., 0].astype(int)
    assert found.shape[:2] == (40, 70) and np.abs(found.reshape(40, 70, -1)[..., 0] - red).max() <= 20 * ("j" in ending)


def test_a_folder(tmp_path, folder):
    said = translate(folder, tmp_path / "out")
    names = ["a.png", "b.jpg", "below/c.webp", "below/d.ppm.png", "e.gif.png"]
    assert list(files(tmp_path / "out")) == sorted(names)
    np.testing.assert_array_equal(
        cv2.imread(str(tmp_path / "out/below/d.ppm.png")), 255 - cv2.imread(str(folder / "below/d.ppm"))
    )
    assert said[0] == f"5 of 6 pictures are written to {tmp_path}/out"
    assert any("notes.txt" in sentence for sentence in said)
    assert any("cut.png is no picture that can be read: truncated or damaged" in sentence for sentence in said)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_a_file_goes_into_a_folder_that_is_there(tmp_path, folder):
    (tmp_path / "out").mkdir()
    translate(folder / "a.png", tmp_path / "out")
    assert list(files(tmp_path / "out")) == ["a.png"]


def test_nothing_is_replaced_unasked_and_nothing_else_is_touched(tmp_path, folder):
    (tmp_path / "out/below").mkdir(parents=True)
    (tmp_path / "out/a.png").write_bytes(b"mine")
    (tmp_path / "out/letter.txt").write_bytes(b"mine too")
    before = files(tmp_path)
    for source, destination in ((folder, "out"), (folder / "a.png", "out"), (folder / "a.png", "out/a.png")):
        with pytest.raises(UserError, match="1 file.s. exist already; --force replaces them\n  .*/out/a.png"):
            translate(source, tmp_path / destination)
    assert files(tmp_path) == before
    translate(folder, tmp_path / "out", force=True)
    after = files(tmp_path / "out")
    assert after.pop("letter.txt") == b"mine too" and after["a.png"] != b"mine" and len(after) == 5


class Failing(Negative):
    """Breaks after its first tiles."""

    def __init__(self):
        self.calls = 0

    def translate(self, images):
        self.calls += 1
        if self.calls > 1:
            raise KeyboardInterrupt
        return images


def test_a_run_that_is_broken_off_leaves_nothing_half_done(tmp_path, folder):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.png").write_bytes(b"mine")
    film(tmp_path / "film.mp4")
    before = files(tmp_path)
    for source, destination in ((folder, "out"), (tmp_path / "film.mp4", "new.mp4"), (folder / "a.png", "out/a.png")):
        with pytest.raises(KeyboardInterrupt):
            translate(source, tmp_path / destination, force=True, translator=Failing())
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("source", "destination", "message"),
    [
        ("none", "out", "/none: there is no such file or folder"),
        ("in/notes.txt", "out.png", "notes.txt is neither a picture nor a video that OpenCV can read"),
        ("in/cut.png", "out.png", "cut.png is no picture that can be read: truncated or damaged"),
        ("in/a.png", "out.xyz", r"out.xyz: pictures can be written as .png, .jpg, .*, by the name's ending"),
        ("in/a.png", "out", "out: pictures can be written as"),
        ("in/a.png", "in/a.png", "in/a.png is the input itself"),
        ("in/a.png", "in", "in/a.png is the input itself"),
        ("in", "in/out", "neither may lie in the other, or be the other"),
        ("in", "in", "neither may lie in the other, or be the other"),
        ("in/below", "in", "neither may lie in the other, or be the other"),
        ("in", "film.mp4", "film.mp4 is a file: .*/in is a folder"),
        ("empty", "out", "empty: there are no files in this folder"),
        ("film.mp4", "out.png", "out.png: videos can be written as .mp4, .m4v, .mov, .mkv, .avi"),
        ("cut.mp4", "out.mp4", "cut.mp4 is neither a picture nor a video that OpenCV can read"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(tmp_path, folder, source, destination, message):
    (tmp_path / "empty").mkdir()
    film(tmp_path / "film.mp4")
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "film.mp4").read_bytes()[:500])
    before = files(tmp_path)
    with pytest.raises(UserError, match=message):
        using.plan(tmp_path / source, tmp_path / destination)
    assert files(tmp_path) == before


def test_names_that_would_meet_and_folders_in_the_way(tmp_path, folder):
    cv2.imwrite(str(folder / "e.gif.png"), picture(1))
    with pytest.raises(UserError, match="two pictures would become e.gif.png: rename one"):
        using.plan(folder, tmp_path / "out")
    (folder / "e.gif.png").unlink()
    (tmp_path / "out/a.png").mkdir(parents=True)
    with pytest.raises(UserError, match="out/a.png is in the way"):
        using.plan(folder, tmp_path / "out", force=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/below").write_text("a file")
    with pytest.raises(UserError, match="other/below is in the way"):
        using.plan(folder, tmp_path / "other", force=True)


def test_a_folder_of_damaged_pictures_leaves_none(tmp_path, folder):
    for path in folder.rglob("*.*"):
        if path.name != "cut.png":
            path.unlink()
    with pytest.raises(UserError, match="no picture could be read\n.*cut.png is no picture"):
        translate(folder, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def film(path, frames=12, height=48, width=64, rate=12.5):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*video.CODES[path.suffix]), rate, (width, height))
    for i in range(frames):
        writer.write(np.full((height, width, 3), 20 * i, np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize("ending", video.CODES)
def test_a_video(tmp_path, ending, capsys):
    said = translate(film(tmp_path / f"film{ending}"), tmp_path / f"out{ending}")
    found = video.Video(tmp_path / f"out{ending}")
    means = [frame.mean() for frame in found]
    assert found.rate == pytest.approx(12.5)
    np.testing.assert_allclose(means, 255 - 20.0 * np.arange(12), atol=5)
    assert said == [f"{tmp_path}/out{ending} is written, 12 frames without sound"]
    assert "12/12" in capsys.readouterr().out


def test_a_grey_video_of_odd_sides(tmp_path):
    class Cut(ToGrey):
        image_shape = (33, 33, 1)

        def translate(self, images):
            return np.pad(images[..., :1], ((0, 0), (0, 1), (0, 1), (0, 0)), "edge")

    said = translate(film(tmp_path / "film.avi", height=32, width=32), tmp_path / "out.mp4", translator=Cut())
    assert "the last row or column of odd ones is left out" in said[1]
    assert [frame.shape for frame in video.Video(tmp_path / "out.mp4")] == [(32, 32, 3)] * 12


def test_a_video_that_is_cut_off_is_said_to_be(tmp_path):
    whole = film(tmp_path / "film.avi", frames=60, height=128, width=128).read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) // 2])
    said = translate(tmp_path / "cut.avi", tmp_path / "out.avi")
    done = sum(1 for _ in video.Video(tmp_path / "out.avi"))
    assert 0 < done < 60 and said[0].endswith(f"{done} frames without sound")
    assert said[1] == "the file says that it has 60 frames; the others could not be read"
