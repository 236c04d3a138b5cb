"""Files that are written whole or not at all."""

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganline.core.errors import UserError

if TYPE_CHECKING:
    import numpy as np  # takes longer to import than most commands take
    from numpy.typing import ArrayLike

SEAL = hashlib.sha256().digest_size
BLOCK = 1 << 20
"""Bytes that are hashed at a time."""
DAMAGE = (ValueError, LookupError, TypeError, AttributeError, EOFError, OSError, RuntimeError, MemoryError)
"""What readers of our own files raise where one is cut, garbled or another's, besides errors of zip."""


@contextmanager
def undamaged(path: Path, way_out: str) -> Iterator[None]:
    """Read what `path` holds inside; a missing file is left to the caller.

    Raises:
        UserError: what was read there is damaged; the message has the reason, and `way_out` says what to do.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise UserError(f"{error.filename or path} may not be read by this user ({error.strerror})") from error
    except (*DAMAGE, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path} is damaged ({type(error).__name__}: {error}): {way_out}") from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on a clean exit it is synced and renamed to `path`, else removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix is kept because writers such as np.save and cv2.imwrite look at it.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside `path`; on a clean exit it replaces `path`, else it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        yield temporary
        temporary.chmod(0o755)
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with plain newlines, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON with sorted keys; NaN and infinity are refused (ValueError)."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def write_arrays(path: Path, arrays: Mapping[str, "ArrayLike"]) -> None:
    """Write named arrays as one .npz (no pickles, no time stamps: equal arrays give equal bytes).

    Variables become arrays as they are written, one at a time: of many large ones no copy of all is there.
    """
    import numpy as np

    with whole_file(path) as temporary:
        np.savez(temporary, **dict(arrays))


def read_arrays(path: Path) -> dict[str, "np.ndarray"]:
    """Read what `write_arrays` wrote."""
    import numpy as np

    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def write_sealed(path: Path, arrays: Mapping[str, "ArrayLike"]) -> None:
    """Write as `write_arrays`, with the sha256 of all of it at the end, so that no damage goes unseen."""
    import numpy as np

    with whole_file(path) as temporary:
        np.savez(temporary, **dict(arrays))
        seal = bytes.fromhex(sha256(temporary))
        with temporary.open("ab") as end:
            end.write(seal)


def read_sealed(path: Path) -> dict[str, "np.ndarray"]:
    """Read what `write_sealed` wrote.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not byte for byte what was written.
    """
    import numpy as np

    digest = hashlib.sha256()
    with path.open("rb") as source:
        left = max(os.fstat(source.fileno()).st_size - SEAL, 0)
        while left and (block := source.read(min(left, BLOCK))):
            digest.update(block)
            left -= len(block)
        if source.read() != digest.digest():
            raise ValueError("it is damaged: its content does not have the hash it was written with")
        source.seek(0)
        with np.load(source, allow_pickle=False) as archive:  # zip's directory is found before the seal
            return {name: archive[name] for name in archive.files}


def sha256(path: Path) -> str:
    """Return the hex sha256 of a file, read in blocks."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
