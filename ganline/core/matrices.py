"""Products of large matrices by the BLAS that SciPy brings.

TensorFlow 2.15 holds NumPy at a release whose OpenBLAS (0.3.23) does not know processors made since, and runs kernels
of 2004 on some of them; SciPy brings a newer one (docs/speed.md, "Two libraries in one process"). Where both know the
processor they are as fast as each other. Decompositions are scipy.linalg's for the same reason.

SciPy's own wrappers (scipy.linalg.blas) keep Python's lock while they compute, so that threads would wait for each
other, and copy what is not in Fortran's order. Here are the functions behind them, as it hands them out for Cython.
"""

import ctypes
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import cython_blas

STRIP = 64
"""Rows that are mirrored at once."""


class _Stored(NamedTuple):
    """A matrix as BLAS, which reads columns where NumPy has rows, is told of it: it sees it turned around."""

    matrix: np.ndarray
    turn: bytes
    """b"T" where it must turn it around once more."""
    apart: Any
    """Address of the distance between its lines."""


def product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return left @ right, (n, m) of (n, k) and (k, m), float64 or, of two float32, float32.

    Threads may call it at once. Transposed arrays are taken as they are; others that are not contiguous are copied.

    Raises:
        ValueError: not two matrices that can be multiplied.
    """
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
        raise ValueError(f"no product of matrices of shapes {left.shape} and {right.shape}")
    dtype = np.result_type(left, right, np.float32)
    shape = len(left), right.shape[1]
    if not (left.size and right.size):
        return np.zeros(shape, dtype)
    made = np.empty(shape, dtype)  # zeros would take longer
    # The product turned around is that of the turned right one and the turned left one.
    sizes = map(_address, (*shape[::-1], len(right)))
    _multiply(_GEMM[dtype], sizes, [_stored(right, dtype), _stored(left, dtype)], made)
    return made


def gram(matrix: np.ndarray) -> np.ndarray:
    """Return matrix' @ matrix, (d, d) of (n, d), exactly symmetric, by half of a product's multiplications.

    Types and layouts are those of `product`.
    """
    dtype = np.result_type(matrix, np.float32)
    made = np.zeros((matrix.shape[1], matrix.shape[1]), dtype)
    if matrix.size:
        _multiply(_SYRK[dtype], map(_address, matrix.shape[::-1]), [_stored(matrix, dtype)], made, b"L")
    return _mirrored(made)


def _stored(matrix: np.ndarray, dtype: np.dtype) -> _Stored:
    matrix = np.asarray(matrix, dtype)
    if matrix.flags.f_contiguous and not matrix.flags.c_contiguous:
        return _Stored(matrix, b"T", _address(matrix.shape[0]))
    return _Stored(np.ascontiguousarray(matrix), b"N", _address(matrix.shape[1]))


def _multiply(
    function: Any, sizes: Iterable[Any], factors: Iterable[_Stored], made: np.ndarray, *triangle: bytes
) -> None:
    """Write what a function of BLAS makes of its factors."""
    factors = list(factors)
    one, zero = (np.array(value, made.dtype) for value in (1, 0))
    pointers = [pointer for each in factors for pointer in (each.matrix.ctypes.data, each.apart)]
    function(
        *triangle, *(each.turn for each in factors), *sizes,
        one.ctypes.data, *pointers, zero.ctypes.data, made.ctypes.data, _address(made.shape[1]),
    )  # fmt: skip


def _address(number: int) -> Any:
    return ctypes.byref(ctypes.c_int(number))


def _mirrored(matrix: np.ndarray) -> np.ndarray:
    """Copy what lies above the diagonal below it, in place, strip by strip, as the processor's cache likes it."""
    below = np.tri(STRIP, k=-1, dtype=bool)
    for start in range(0, len(matrix), STRIP):
        end = start + STRIP
        matrix[end:, start:end] = matrix[start:end, end:].T
        corner = matrix[start:end, start:end]
        np.copyto(corner, corner.T, where=below[: len(corner), : len(corner)])
    return matrix


def _function(name: str, arguments: int) -> Any:
    """Return a function of SciPy's BLAS, all of whose arguments are addresses; ctypes lets other threads run."""
    python, capsule = ctypes.pythonapi, cython_blas.__pyx_capi__[name]
    signature = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", python))(capsule)
    address = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_GetPointer", python))
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * arguments)(address(capsule, signature))


_GEMM, _SYRK = (
    {np.dtype(kind): _function(letter + name, arguments) for kind, letter in ((np.float32, "s"), (np.float64, "d"))}
    for name, arguments in (("gemm", 13), ("syrk", 10))
)
