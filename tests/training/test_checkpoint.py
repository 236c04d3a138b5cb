import numpy as np
import pytest

from ganline.errors import UserError
from ganline.training.checkpoint import KEPT, Checkpoints, fingerprint


def test_the_newest_comes_back_and_old_ones_go(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (5, 10, 15):
        checkpoints.save(step, {"a": np.full(3, step)})
    step, state = Checkpoints(tmp_path).newest()
    assert step == 15 and state["a"].tolist() == [15, 15, 15]
    assert len(list(tmp_path.glob("*.npz"))) == KEPT


def test_a_damaged_file_falls_back_to_the_one_before(tmp_path, capsys):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(5, {"a": np.arange(1000)})
    checkpoints.save(10, {"a": np.arange(1000)})
    newest = tmp_path / "step-00000010.npz"
    for damage in (newest.read_bytes()[:500], b""):
        newest.write_bytes(damage)
        assert checkpoints.newest()[0] == 5
        assert newest.name in capsys.readouterr().out


def test_nothing_to_resume(tmp_path):
    assert Checkpoints(tmp_path / "new").newest() is None


def test_the_fingerprint_follows_parameters_and_data(tmp_path):
    data = tmp_path / "x.npy"
    data.write_bytes(b"1")
    first = fingerprint({"seed": 1}, [data])
    assert first == fingerprint({"seed": 1}, [data])
    assert first != fingerprint({"seed": 2}, [data])
    data.write_bytes(b"2")
    assert first != fingerprint({"seed": 1}, [data])


@pytest.mark.parametrize("protocol", ["memory://checkpoints", "file"])
def test_another_machine_goes_on_from_the_mirror(tmp_path, protocol):
    url = str(tmp_path / "shared") if protocol == "file" else f"{protocol}{tmp_path.name}"
    here, there = (tmp_path / name / "fingerprint" for name in ("here", "there"))
    checkpoints = Checkpoints(here, url)
    (here / "samples").mkdir()
    (here / "samples/step-00000000.png").write_text("picture")
    for step in (5, 10, 15):
        checkpoints.save(step, {"a": np.full(3, step)})
    elsewhere = Checkpoints(there, url)
    assert elsewhere.newest()[0] == 15
    assert (there / "samples/step-00000000.png").read_text() == "picture"
    assert len(list(there.glob("*.npz"))) == KEPT
    elsewhere.save(20, {"a": np.full(3, 20)})
    assert Checkpoints(here, url).newest()[0] == 20
    Checkpoints(here).save(25, {"a": np.full(3, 25)})
    assert Checkpoints(here, url).newest()[0] == 25  # what is here is later
    elsewhere.remove()
    assert Checkpoints(there, url).newest() is None


def test_a_mirror_that_is_out_of_reach_costs_a_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    checkpoints = Checkpoints(tmp_path / "here", str(tmp_path / "file"))
    checkpoints.save(5, {"a": np.full(3, 5)})
    assert checkpoints.newest()[0] == 5
    assert "cannot be used" in capsys.readouterr().out
    with pytest.raises(UserError, match="nowhere://x/here"):
        Checkpoints(tmp_path / "here", "nowhere://x")
