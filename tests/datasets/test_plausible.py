from pathlib import Path

import numpy as np
import pytest
from picture_files import FADE, GREY, encode

from ganline.core.errors import UserError
from ganline.datasets import plausible
from ganline.datasets.prepare import prepare
from ganline.settings.schema import Prepare

RANDOM = np.random.default_rng(0)
RAW = Path("raw")


def pictures(low: int, high: int, count: int = 100, channels: int = 3) -> np.ndarray:
    return RANDOM.integers(low, high + 1, (count, 8, 8, channels), np.uint8)


def look(pixels: np.ndarray) -> list[str]:
    return plausible.look(pixels, np.arange(len(pixels)), RAW)


@pytest.mark.parametrize(
    ("low", "high", "shade"), [(0, 15, "black"), (0, 0, "black"), (245, 255, "white"), (120, 130, "of one grey")]
)
def test_a_set_with_nothing_to_see_is_refused(low: int, high: int, shade: str) -> None:
    with pytest.raises(UserError, match=f"raw: the pictures are all but {shade}: in 95 % of them all values lie"):
        look(pictures(low, high))
    few = pictures(low, high)
    few[:4] = pictures(0, 255, 4)  # some that are right change nothing
    with pytest.raises(UserError, match=f"all but {shade}"):
        look(few)


def test_a_small_range_and_plain_pictures_are_told() -> None:
    assert look(pictures(0, 255)) == []
    dim = look(pictures(100, 140))
    assert dim == ["the pictures use a small part of the range alone: 100 to 140 of 0 to 255"]
    mixed = pictures(0, 255)
    mixed[:11] = RANDOM.integers(0, 256, (11, 1, 1, 3))
    assert look(mixed) == ["11 of 100 pictures looked at are of one plain colour"]


def test_sparse_and_dropped_pictures_are_no_reason() -> None:
    strokes = np.zeros((3000, 8, 8, 1), np.uint8)
    strokes[:, 4, 4] = 255
    assert look(strokes) == []
    black = pictures(0, 0)
    black[50:] = pictures(0, 255, 50)
    assert plausible.look(black, np.arange(50, 100), RAW) == []
    assert plausible.look(black, np.array([], int), RAW) == []


def test_preparing_says_it_and_leaves_nothing(tmp_path: Path) -> None:
    settings = Prepare(size=8, channels=3, fit="crop", interpolation="area", test_fraction=0.25, max_dropped=0.5)
    (tmp_path / "icons").mkdir()
    (tmp_path / "twelve").mkdir()
    for i in range(8):
        white_on_transparent = np.dstack([np.full((90, 120, 3), 255, np.uint8), np.roll(FADE, i, 1)])
        (tmp_path / f"icons/{i}.png").write_bytes(encode(".png", white_on_transparent))
        (tmp_path / f"twelve/{i}.png").write_bytes(encode(".png", np.roll(GREY, i, 1).astype(np.uint16) * 16))
    with pytest.raises(UserError, match=r"icons: the pictures are all but white.*transparent becomes white"):
        prepare(tmp_path / "icons", tmp_path / "out", "mine", settings, 1)
    assert not (tmp_path / "out").exists()
    facts = prepare(tmp_path / "twelve", tmp_path / "out", "mine", settings, 1)
    assert facts["said"] == ["none of the 8 pictures of 16 bits uses more than 12: 4095 was read as white"]
    assert np.load(tmp_path / "out/train_images.npy").max() > 200
