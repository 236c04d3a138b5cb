import json
import weakref

import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.core.files import read_arrays, read_sealed, undamaged, write_arrays, write_sealed


def test_what_is_damaged_and_what_may_not_be_read_are_told_apart(tmp_path):
    cut, closed = tmp_path / "x.json", tmp_path / "y.json"
    cut.write_text('{"cut": ')
    with pytest.raises(UserError, match="damaged .JSONDecodeError: .*: make it anew"), undamaged(cut, "make it anew"):
        json.loads(cut.read_text())
    with pytest.raises(UserError, match="y.json may not be read by this user .Permission"), undamaged(tmp_path, ""):
        raise PermissionError(13, "Permission denied", str(closed))
    with pytest.raises(FileNotFoundError), undamaged(closed, "make it anew"):
        closed.read_text()


class Variable:
    """What becomes an array when NumPy asks for one, as TensorFlow's variables do."""

    living, most = weakref.WeakSet(), []

    class Array(np.ndarray):
        """As arrays are, but hashed by who they are: a set can hold them."""

        __hash__ = object.__hash__

    def __init__(self, number):
        self.number = number

    def __array__(self, dtype=None):
        array = np.full((3, 2), self.number, np.float32).view(self.Array)
        self.living.add(array)
        self.most.append(len(self.living))
        return array


@pytest.mark.parametrize(("write", "read"), [(write_arrays, read_arrays), (write_sealed, read_sealed)])
def test_of_variables_one_array_is_there_at_a_time(tmp_path, write, read):
    write(tmp_path / "some.npz", {"a": Variable(1), "b": Variable(2), "c": np.int64(3)})
    found = read(tmp_path / "some.npz")
    assert {name: values.tolist() for name, values in found.items()} == {"a": [[1, 1]] * 3, "b": [[2, 2]] * 3, "c": 3}
    assert found["a"].dtype == np.float32 and max(Variable.most) == 1


def test_what_is_sealed_is_refused_where_one_byte_is_another_or_missing(tmp_path):
    path = tmp_path / "sealed.npz"
    write_sealed(path, {"a": np.arange(4000)})
    whole = path.read_bytes()
    for place in (0, 40, len(whole) // 2, len(whole) - 33, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ValueError, match="does not have the hash"):
            read_sealed(path)
    for length in (0, 20, 32, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="does not have the hash"):
            read_sealed(path)
