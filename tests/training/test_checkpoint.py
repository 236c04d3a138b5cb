import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.core.files import read_sealed
from ganline.training.checkpoint import KEPT, Checkpoints, deciding, fingerprint


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


def test_damaged_ones_do_not_push_out_those_of_the_next_try(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (500, 600):
        checkpoints.save(step, {"a": np.arange(3)})
        (tmp_path / f"step-{step:08}.npz").write_bytes(b"damaged")
    assert checkpoints.newest() is None
    checkpoints.save(100, {"a": np.arange(3)})
    assert checkpoints.newest()[0] == 100


def damaged(content, draw):
    """Return the content with one damage of those that files suffer, never as it was."""
    at, size = (int(number) for number in (draw.integers(len(content)), draw.integers(1, 600)))
    noise = draw.bytes(size)
    kinds = [
        lambda: content[:at] + bytes([content[at] ^ (1 << int(draw.integers(8)))]) + content[at + 1 :],  # a bit
        lambda: content[:at],  # cut off
        lambda: content[:at] + bytes(len(content[at : at + size])) + content[at + size :],  # zeros
        lambda: content[:at] + noise[: len(content[at : at + size])] + content[at + size :],  # rubbish
        lambda: content[:at] + content[at + size :],  # a piece is missing
        lambda: content[:at] + noise + content[at:],  # a piece too many
        lambda: content[at:] + content[:at],  # pieces exchanged
        lambda: content + noise,
        lambda: noise,
        lambda: bytes(len(content)),
    ]
    found = kinds[int(draw.integers(len(kinds)))]()
    return found if found != content else damaged(content, draw)


def test_every_damage_falls_back_to_the_one_before_and_says_so(tmp_path, capsys):
    """1,500 damages; before the hash, 22 of as many ended in other errors, and 5 were read with arrays missing."""
    checkpoints, draw = Checkpoints(tmp_path), np.random.default_rng(17)
    for step in (5, 10):
        state = {f"variable/{i}": draw.standard_normal((3, i + 1)).astype(np.float32) for i in range(6)}
        checkpoints.save(step, state | {"history/seen": np.array(["a", "b"]), "watch/best": np.array(np.inf)})
    newest = tmp_path / "step-00000010.npz"
    whole, before = newest.read_bytes(), read_sealed(tmp_path / "step-00000005.npz")
    for number in range(1500):
        newest.write_bytes(damaged(whole, draw))
        step, state = checkpoints.newest()
        told = capsys.readouterr().out
        assert step == 5 and newest.name in told and told.count("\n") == 1, number
        assert all(np.array_equal(state[name], before[name]) for name in before) and set(state) == set(before)
    newest.write_bytes(whole)
    assert checkpoints.newest()[0] == 10 and capsys.readouterr().out == ""


def test_steps_of_more_digits_and_other_files_are_no_stumbling_block(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (99_999_999, 100_000_000):
        checkpoints.save(step, {"a": np.array(step)})
    (tmp_path / "step-of-mine.npz").touch()
    assert checkpoints.newest()[0] == 100_000_000


def test_nothing_to_resume(tmp_path):
    assert Checkpoints(tmp_path / "new").newest() is None


def test_the_fingerprint_follows_parameters_and_data(tmp_path):
    data = tmp_path / "x.npy"
    data.write_bytes(b"1")
    first = fingerprint(deciding({"seed": 1}, [data], {}))
    assert first == fingerprint(deciding({"seed": 1}, [data], {}))
    assert first != fingerprint(deciding({"seed": 2}, [data], {}))
    assert first != fingerprint(deciding({"seed": 1}, [data], {"ganline/models/base.py": "other"}))
    data.write_bytes(b"2")
    assert first != fingerprint(deciding({"seed": 1}, [data], {}))


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
    elsewhere.finish(None)
    assert Checkpoints(there, url).newest() is None


def test_a_mirror_that_is_out_of_reach_costs_a_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    checkpoints = Checkpoints(tmp_path / "here", str(tmp_path / "file"))
    checkpoints.save(5, {"a": np.full(3, 5)})
    assert checkpoints.newest()[0] == 5
    assert "cannot be used" in capsys.readouterr().out
    with pytest.raises(UserError, match="nowhere://x/here"):
        Checkpoints(tmp_path / "here", "nowhere://x")
