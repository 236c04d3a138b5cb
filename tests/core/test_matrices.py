import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from ganline.core.matrices import STRIP, gram, product

LAYOUTS = {
    "rows": lambda made: made,
    "columns": np.asfortranarray,
    "every second": lambda made: np.repeat(made, 2, axis=1)[:, ::2],
    "backwards": lambda made: made[::-1, ::-1].copy()[::-1, ::-1],
}


def numbers(*shape, dtype="float64"):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("right", LAYOUTS)
@pytest.mark.parametrize("left", LAYOUTS)
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-14), ("float32", 1e-5)])
def test_products_of_any_layout_are_numpy_s(left, right, dtype, bound):
    for rows, depth, columns in [(7, 40, 5), (1, 3, 4), (3, 1, 4), (3, 4, 1), (1, 1, 1)]:
        first, second = numbers(rows, depth, dtype=dtype), numbers(depth, columns, dtype=dtype)
        made = product(LAYOUTS[left](first), LAYOUTS[right](second))
        assert made.dtype == dtype and made.flags.c_contiguous
        np.testing.assert_allclose(made, first @ second, rtol=0, atol=bound * depth)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-14), ("float32", 1e-5)])
def test_gram_matrices_are_numpy_s_and_symmetric(layout, dtype, bound):
    for rows, columns in [(9, STRIP + 17), (30, 2), (1, 3), (3, 1)]:
        given = numbers(rows, columns, dtype=dtype)
        for matrix in (given, given.T):
            found = gram(LAYOUTS[layout](matrix))
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, found.T)
            np.testing.assert_allclose(found, matrix.T @ matrix, rtol=0, atol=bound * len(matrix))


def test_the_wider_type_is_kept_and_whole_numbers_are_exact():
    single, whole = numbers(3, 4, dtype="float32"), np.arange(20).reshape(4, 5)
    assert product(single, numbers(4, 5)).dtype == np.float64
    assert product(single.astype(np.float16), single.T).dtype == np.float32
    np.testing.assert_array_equal(product(whole.T, whole), whole.T @ whole)
    np.testing.assert_array_equal(gram(whole), whole.T @ whole)


def test_what_is_empty_makes_zeros():
    np.testing.assert_array_equal(product(np.ones((3, 0)), np.ones((0, 2))), np.zeros((3, 2)))
    assert product(np.ones((0, 3)), np.ones((3, 2))).shape == (0, 2)
    np.testing.assert_array_equal(gram(np.ones((0, 2))), np.zeros((2, 2)))


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 2, 2), (2, 2))])
def test_what_cannot_be_multiplied_is_refused(shapes):
    with pytest.raises(ValueError, match="no product of matrices of shapes"):
        product(*map(np.ones, shapes))


def test_other_threads_run_meanwhile_and_make_the_same():
    left, found = numbers(1200, 1200), {}
    with threadpool_limits(1, "blas"):
        expected = product(left, left)
        threads = [threading.Thread(target=lambda i=i: found.update({i: product(left, left)})) for i in range(2)]
        for thread in threads:
            thread.start()
        ticks = 0
        while any(thread.is_alive() for thread in threads):
            time.sleep(1e-4)
            ticks += 1
    assert ticks > 10  # with Python's lock held there would be one a product
    assert all((found[i] == expected).all() for i in range(2))
