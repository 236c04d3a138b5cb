import json

import pytest

from ganline.core.errors import UserError
from ganline.core.files import undamaged


def test_what_is_damaged_and_what_may_not_be_read_are_told_apart(tmp_path):
    cut, closed = tmp_path / "x.json", tmp_path / "y.json"
    cut.write_text('{"cut": ')
    with pytest.raises(UserError, match="damaged .JSONDecodeError: .*: make it anew"), undamaged(cut, "make it anew"):
        json.loads(cut.read_text())
    with pytest.raises(UserError, match="y.json may not be read by this user .Permission"), undamaged(tmp_path, ""):
        raise PermissionError(13, "Permission denied", str(closed))
    with pytest.raises(FileNotFoundError), undamaged(closed, "make it anew"):
        closed.read_text()
