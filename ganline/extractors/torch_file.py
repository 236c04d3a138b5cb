"""Files of PyTorch's `save`, of which only tensors are taken: no PyTorch is needed, and no code is run.

Since 1.6 such a file is a zip of one pickle and a file for each storage. Before, it was five pickles in a row (a magic
number, a version, facts of the machine, the tensors without their numbers, the names of the storages) and then, for
each storage, how many numbers it has and the numbers.
"""

import collections
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
TYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4"}


class _Storage(NamedTuple):
    name: str
    dtype: str
    size: int


class _Tensor(NamedTuple):
    storage: _Storage
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self, numbers: dict[str, np.ndarray]) -> np.ndarray:
        held = numbers[self.storage.name][self.start :]
        wanted = sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        if min((*self.shape, *self.strides, 1)) < 0 or (0 not in self.shape and wanted >= len(held)):
            raise ValueError(f"a tensor of shape {self.shape} reaches beyond its storage")
        steps = [stride * held.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(held, self.shape, steps).copy()


def _tensor(storage: _Storage, start: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object) -> _Tensor:
    return _Tensor(storage, start, tuple(shape), tuple(strides))


def _parameter(tensor: _Tensor, *_: object) -> _Tensor:
    return tensor


STANDS_FOR: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("collections", "OrderedDict"): collections.OrderedDict,
}
"""What a pickle of tensors calls, and what is called here in its place."""


class _TensorUnpickler(pickle.Unpickler):
    """Unpickles tensors in plain containers and nothing else, so that a pickle cannot run code."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in STANDS_FOR:
            return STANDS_FOR[module, name]
        if module == "torch" and name in TYPES:
            return TYPES[name]
        raise pickle.UnpicklingError(f"it wants {module}.{name}: only tensors are allowed in it")

    def persistent_load(self, pid: Any) -> _Storage:
        if pid[0] != "storage" or pid[1] not in TYPES.values():
            raise pickle.UnpicklingError(f"it wants {pid[0]!r}: only tensors are allowed in it")
        return _Storage(str(pid[2]), pid[1], int(pid[4]))


def tensors(file: Path) -> dict[str, np.ndarray]:
    """Return the tensors of a state dict by their names, in its order, as numpy arrays.

    Raises:
        ValueError: it is no such file, is cut off, or holds anything else; `ganline.core.files.undamaged` knows what
            a damaged one raises besides.
    """
    if zipfile.is_zipfile(file):
        return _zipped(file)
    with file.open("rb") as content:
        try:
            if _TensorUnpickler(content).load() != MAGIC:
                raise ValueError("it is no file of PyTorch's")
            version, machine, held, names = (_TensorUnpickler(content).load() for _ in range(4))
        except pickle.UnpicklingError as error:
            raise ValueError(str(error)) from None
        storages = {tensor.storage.name: tensor.storage for tensor in held.values()}
        numbers = {name: _numbers(content, storages[name]) for name in names}
    return {name: tensor.array(numbers) for name, tensor in held.items()}


def _zipped(file: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(file) as archive:
        (root,) = (name.removesuffix("data.pkl") for name in archive.namelist() if name.endswith("/data.pkl"))
        try:
            held = _TensorUnpickler(archive.open(f"{root}data.pkl")).load()
        except pickle.UnpicklingError as error:
            raise ValueError(str(error)) from None
        storages = {tensor.storage.name: tensor.storage for tensor in held.values()}
        numbers = {
            name: np.frombuffer(archive.read(f"{root}data/{name}"), storage.dtype) for name, storage in storages.items()
        }
    return {name: tensor.array(numbers) for name, tensor in held.items()}


def _numbers(content: BinaryIO, storage: _Storage) -> np.ndarray:
    size = int.from_bytes(content.read(8), "little")
    found = np.frombuffer(content.read(size * np.dtype(storage.dtype).itemsize), storage.dtype)
    if not len(found) == size == storage.size:
        raise ValueError(f"a storage of {storage.size} numbers holds {len(found)}")
    return found
