"""The ONNX network was written by the package onnx 1.23.2."""

import base64
import subprocess
import sys
import zlib
from pathlib import Path

import drawn_networks as drawn
import numpy as np
import pytest
import tensorflow as tf

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.extractors.loading import load
from ganline.extractors.networks import pretrained
from ganline.settings.schema import Preprocessing

CONF = Path(__file__).parents[2] / "conf"
ONNX = zlib.decompress(base64.b85decode(
    'c-rIOu<B;w65(RY%uP&BEf!+QO)Mx@VhKvkDdke&0`r7eb5j%Zij@T2bMliCa~#W3i-1Z4^7C`J#JC`GLM&-Hi6u(xZa}gmHIGZ0'
    '3oO9JST4komYP^nT9jI>#O9k=;#-;{#F(yS&B4sUBEaaxSng%O00d{xoUuK7#>Z~f%$asTwjEH&e%4G$dt+l`d!V>|T3VVt149Fl'
    '-D4l60C%hymk0-=kN_7G2NMu812G2(CrNR^Z586<;sL7RfU03hl7o5*hh8TZE(QT!0HpFl1p'
))  # fmt: skip
"""images (2, 3, 8, 8) -> maps, their ReLU, and features (2, 4), the means of the maps times a matrix 0, .1 to 1.1."""
MATRIX = np.arange(12, dtype=np.float32).reshape(3, 4) / 10
TOLD = {"size": 8, "layout": "channels_last", "order": "rgb", "range": [0, 1], "output": "features"}
IMAGES = np.concatenate([drawn.image(8), 255 - drawn.image(8), drawn.image(8)[:, ::-1]])


class Own(tf.Module):
    """What ONNX has above, of any number of images, and more that comes out."""

    def __init__(self):
        self.matrix = tf.Variable(MATRIX)

    @tf.function(input_signature=[tf.TensorSpec((None, 8, 8, 3), tf.float32)])
    def call(self, images):
        maps = tf.nn.relu(images)
        features = tf.reduce_mean(maps, axis=(1, 2)) @ self.matrix
        tokens = tf.stack([features, -features], axis=1)
        return {"features": features, "maps": maps, "tokens": tokens, "none": maps / 0.0 * 0.0}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    own, folder = Own(), tmp_path_factory.mktemp("own")
    tf.saved_model.save(own, str(folder), signatures={"serving_default": own.call})
    return folder


def made(file, shape=(8, 8, 3), **changes):
    told = Preprocessing(**TOLD | changes).model_dump()
    return pretrained("file", shape, str(file), Path("nowhere"), preprocessing=told)


def expected(images, low=0.0, high=1.0, mean=(0, 0, 0), std=(1, 1, 1)):
    scaled = (images / 255 * (high - low) + low - mean) / std
    return np.maximum(scaled, 0).mean(axis=(1, 2)) @ MATRIX


def assert_features(extractor, wanted, images=IMAGES):
    np.testing.assert_allclose(extractor.extract(images).features, wanted, rtol=1e-5, atol=1e-5)


def test_a_saved_model_gets_what_is_said(saved, tmp_path):
    plain = made(saved)
    assert_features(plain, expected(IMAGES))
    assert plain.facts["feature_dim"] == 4 and plain.extract(IMAGES).probabilities.tolist() == [[1], [1], [1]]
    mean, std = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]
    told = made(saved, range=[-1, 1], mean=mean, std=std)
    assert_features(told, expected(IMAGES, -1, 1, mean, std))
    assert "0 to 255 become -1 to 1, less [0.4, 0.5, 0.6], through [0.2, 0.25, 0.3], rgb" in told.facts["resize"]
    assert_features(made(saved, order="bgr"), expected(IMAGES[..., ::-1]))
    assert_features(made(saved, output="tokens"), expected(IMAGES))
    assert_features(made(saved, output="maps"), IMAGES.mean(axis=(1, 2)) / 255)
    grey = np.full((2, 28, 28, 1), 51, np.uint8)
    assert_features(made(saved, shape=(28, 28, 1)), expected(np.full((2, 8, 8, 3), 51)), grey)
    plain.save(tmp_path)
    assert_features(load(tmp_path), expected(IMAGES))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"output": None}, "output = null: .* gives features, maps, none, tokens; name one of these"),
        ({"output": "feature"}, "output = feature: .* gives features"),
        ({"size": 16}, r"takes \(N, 8, 8, 3\), and extractor.preprocessing .* makes \(N, 16, 16, 3\)"),
        ({"layout": "channels_first"}, r"makes \(N, 3, 8, 8\) of images"),
        ({"features": 384}, r"gives \(N, 4\) for images, and what is wanted is one row of 384 features"),
        ({"output": "none"}, "NaN or infinity for a black image"),
    ],
)
def test_a_file_that_does_not_take_or_give_what_is_said_is_refused(saved, changes, said):
    with pytest.raises(UserError, match=said):
        made(saved, **changes)


class Wrong(tf.Module):
    """Outputs that are no features of each image, of a network that says it takes any number of images."""

    @tf.function(input_signature=[tf.TensorSpec((None, 8, 8, 3), tf.float32)])
    def call(self, images):
        return {"one": images[0, 0], "single": images[:, 0, 0, 0], "deep": images[..., None]}

    @tf.function(input_signature=[tf.TensorSpec((None, 8, 8, 3), tf.float32)])
    def of_one(self, images):
        return {"features": tf.reshape(images, (1, 192))}


@pytest.mark.parametrize(
    ("call", "output", "said"),
    [
        ("call", "single", r"gives \(N\) for images, and what is wanted is one row of some features"),
        ("call", "deep", r"gives \(N, 8, 8, 3, 1\) for images"),
        ("call", "one", r"gives \(8, 3\) for images"),
        ("of_one", "features", r"was read, but does not run on 2 black images .*: Input to reshape .* 384"),
    ],
)
def test_a_file_that_does_not_describe_each_image_is_refused(tmp_path, call, output, said):
    wrong = Wrong()
    tf.saved_model.save(wrong, str(tmp_path), signatures={"serving_default": getattr(wrong, call)})
    with pytest.raises(UserError, match=said):
        made(tmp_path, output=output)


def test_a_saved_model_runs_where_there_is_one_thread(saved, tmp_path):
    """TensorFlow called from within a Python function of a graph would wait for ever for a second one."""
    made(saved).save(tmp_path)
    program = (
        "import sys, numpy, pathlib, tensorflow as tf; tf.config.threading.set_inter_op_parallelism_threads(1)\n"
        "from ganline.extractors.loading import load\n"
        "print(load(pathlib.Path(sys.argv[1])).extract(numpy.zeros((3, 8, 8, 3), numpy.uint8)).features.shape)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=CONF.parent, check=True)
    assert done.stdout.strip().endswith("(3, 4)")


def test_an_onnx_file_that_takes_two_images_gets_two(tmp_path):
    pytest.importorskip("onnxruntime")
    (tmp_path / "own.onnx").write_bytes(ONNX)
    mine = made(tmp_path / "own.onnx", layout="channels_first")
    assert_features(mine, expected(IMAGES))
    assert_features(mine, expected(IMAGES[:1]), IMAGES[:1])
    assert_features(made(tmp_path / "own.onnx", layout="channels_first", output="maps"), IMAGES.mean(axis=(1, 2)) / 255)
    mine.save(tmp_path / "saved")
    (tmp_path / "own.onnx").write_bytes(ONNX[:100])
    assert_features(load(tmp_path / "saved"), expected(IMAGES))  # it needs the file no more
    with pytest.raises(UserError, match="no ONNX network that can be run"):
        made(tmp_path / "own.onnx", layout="channels_first")


def test_without_its_runtime_an_onnx_file_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "own.onnx").write_bytes(ONNX)
    with pytest.raises(UserError, match=r"not installed: `pip install -e '.\[onnx\]'`.*SavedModel"):
        made(tmp_path / "own.onnx")


def test_what_is_no_network_is_refused(tmp_path):
    with pytest.raises(UserError, match="nothing: there is no such file; extractor.kind=file"):
        made(tmp_path / "nothing")
    with pytest.raises(UserError, match="holds no saved_model.pb: give an .onnx file or a SavedModel's folder"):
        made(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"no protocol buffer")
    (tmp_path / "frozen.pb").touch()
    with pytest.raises(
        UserError, match="frozen.pb is a graph alone: allowed is an .onnx file or the whole folder of a"
    ):
        made(tmp_path / "frozen.pb")
    with pytest.raises(UserError, match="extractor.weights is no SavedModel that can be read"):
        made(tmp_path)


def test_preprocessing_belongs_to_files_and_must_be_stated():
    own = ["dataset=digits", "extractor.kind=file", "extractor.weights=own.onnx"]
    short = "extractor.preprocessing={size: 8, layout: channels_last, order: rgb}"
    told = short.replace("}", ", range: [0, 1]}")
    with pytest.raises(UserError, match=r"extractor.preprocessing \(size, layout, order, range\)"):
        compose_params("gan-mnist", own, CONF)
    with pytest.raises(UserError, match="extractor.preprocessing.range: missing"):
        compose_params("gan-mnist", [*own, short], CONF)
    assert compose_params("gan-mnist", [*own, told], CONF).extractor.preprocessing.size == 8
    with pytest.raises(UserError, match="and for no other kind"):
        compose_params("gan-mnist", [own[0], told], CONF)
    with pytest.raises(UserError, match="is an ONNX or SavedModel file of yours: extractor.weights says where"):
        compose_params("gan-mnist", [*own[:2], told], CONF)
