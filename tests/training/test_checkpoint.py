import numpy as np

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
