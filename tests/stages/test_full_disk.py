import errno
import os
from pathlib import Path

import numpy as np
import pytest

from ganline.datasets.prepare import prepare
from ganline.settings.schema import Prepare
from ganline.tracking.tracker import MISTAKE
from stages import runner

FULL = OSError(errno.ENOSPC, "No space left on device")


def test_prepare_takes_its_room_before_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing to a mapped file that has no room would end the process with SIGBUS."""
    asked = []

    def fallocate(_: int, start: int, size: int) -> None:
        asked.append((start, size))
        if len(asked) == 2:
            raise FULL

    (tmp_path / "raw").mkdir()
    np.save(tmp_path / "raw/apple.npy", np.random.default_rng(0).integers(0, 256, (40, 784), np.uint8))
    monkeypatch.setattr(os, "posix_fallocate", fallocate)
    settings = Prepare(size=8, channels=1, fit="crop", interpolation="area", test_fraction=0.25, max_dropped=0.5)
    with pytest.raises(OSError, match="No space left"):
        prepare(tmp_path / "raw", tmp_path / "out", "apples", settings, 1)
    assert asked == [(0, 128 + 40 * 64), (0, 128 + 30 * 64)]
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_a_sentence_and_a_mistake(tmp_path: Path, monkeypatch, capsys, number: int) -> None:
    def full() -> None:
        raise OSError(number, os.strerror(number), "models/gan")

    monkeypatch.setenv(MISTAKE, str(tmp_path / "mistake"))
    monkeypatch.setattr(runner, "load", full)
    with pytest.raises(SystemExit) as end:
        runner.main("train", lambda *_: None)
    told = f"train: {os.strerror(number)} (models/gan): free some space and run again; nothing was left half written"
    assert end.value.code == 1 and capsys.readouterr().err == f"{told}\n"
    assert (tmp_path / "mistake").read_text() == told


def test_a_folder_that_may_not_be_written_is_a_sentence_and_a_mistake(tmp_path: Path, monkeypatch, capsys) -> None:
    def refused() -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "models/gan")

    monkeypatch.setenv(MISTAKE, str(tmp_path / "mistake"))
    monkeypatch.setattr(runner, "load", refused)
    with pytest.raises(SystemExit):
        runner.main("train", lambda *_: None)
    assert capsys.readouterr().err == "train: models/gan: Permission denied\n"
    assert (tmp_path / "mistake").read_text() == "train: models/gan: Permission denied"


def test_another_error_of_the_system_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "load", lambda: Path("/").read_bytes())
    with pytest.raises(IsADirectoryError):
        runner.main("train", lambda *_: None)
