"""Values are those of PyTorch 2.13, and for EfficientNet-Lite0 of the package efficientnet_lite_pytorch 0.1.0 on it."""

import pickle
from pathlib import Path
from typing import get_args

import drawn_networks as drawn
import numpy as np
import pytest
import tensorflow as tf

from ganline.core import yaml_files
from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.core.files import sha256
from ganline.extractors import efficientnet_lite0
from ganline.extractors.loading import load
from ganline.extractors.network import about
from ganline.extractors.networks import pretrained
from ganline.metrics import inception_score, spatial_frechet
from ganline.settings.networks import KNOWS_CLASSES, NETWORKS, TRAINED_HERE, Kind

ROOT = Path(__file__).parents[2]
ALEXNET = [(11, 3, 64), (5, 64, 192), (3, 192, 384), (3, 384, 256), (3, 256, 256)]
VGG16 = [(3, a, b) for a, b in [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256),
                                (256, 512), (512, 512), (512, 512)]]  # fmt: skip
EXPECTED = {
    "squeezenet": (64, (51.935947, 3.9618137, 1.2757146), (72.986099, 4.8806772, 2.6071239), (3, 3, 512)),
    "alexnet": (64, (19.423277, 0.10842914, 1.3975639), None, (3, 3, 256)),
    "vgg16": (64, (30.008305, 0.11078569, 3.6460421), None, (8, 8, 512)),
    "efficientnet_lite0": (96, (71.061836, 3.3290918, 1.0444654), (89.971031, -0.65726417, -4.606482), (3, 3, 1280)),
}
"""The side of the image; length, sixth and last of its features and of its logits; the shape of the maps."""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project that reaches nothing, and the folder of what was got by hand in it."""
    (tmp_path / "conf/sources").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return Path("manual")


def give(kind, content, manual):
    """Put a file of weights where the network's list looks for it, and pin it."""
    weights = NETWORKS[kind].fetched
    (manual / weights.name).mkdir(parents=True, exist_ok=True)
    (file := manual / weights.name / weights.file).write_bytes(content)
    weights.sources.write_text(
        f"layout: weights\nfiles: {{{weights.file}: {sha256(file)}}}\nsources: [{{folder: none}}]\n"
    )
    return weights.folder / weights.file


def weights_of(kind, monkeypatch):
    if kind == "squeezenet":
        return pickle.dumps(drawn.squeezenet())
    if kind == "alexnet":
        return pickle.dumps(drawn.lpips("AlexNet_0", ALEXNET))
    if kind == "vgg16":
        return pickle.dumps(drawn.lpips("VGG16_0", VGG16))
    monkeypatch.setattr(efficientnet_lite0, "tensors", lambda _: drawn.state_dict(drawn.lite0()))
    return b"read above"


@pytest.mark.parametrize("kind", EXPECTED)
def test_layers_are_those_of_pytorch(kind, project, monkeypatch):
    side, features, logits, maps = EXPECTED[kind]
    give(kind, weights_of(kind, monkeypatch), project)
    made = pretrained(kind, (side, side, 3), None, project)
    found = [part.numpy()[0] for part in made.network(drawn.image(side).astype(np.float32), training=False)]
    assert [np.linalg.norm(found[0]), found[0][5], found[0][-1]] == pytest.approx(features, rel=1e-4)
    if logits:
        assert [np.linalg.norm(found[1]), found[1][5], found[1][-1]] == pytest.approx(logits, rel=1e-4)
    else:
        assert found[1].tolist() == [0]  # of one class, whatever it is
    assert found[2].shape == maps
    assert made.facts["feature_dim"] == len(found[0]) and made.facts["resize"].startswith(
        f"tiled to RGB, {side}x{side}"
    )
    assert made.facts["network"] == NETWORKS[kind].says and made.facts["licence"]


def test_what_was_made_is_kept_and_grey_and_size_do_not_matter(project):
    fetched = give("squeezenet", pickle.dumps(drawn.squeezenet()), project)
    made = pretrained("squeezenet", (28, 28, 1), None, project)
    made.save(Path("saved"))
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)
    found, again = made.extract(images), load(Path("saved")).extract(images)
    np.testing.assert_array_equal(found.features, again.features)
    assert found.features.shape == (3, 512) and found.probabilities.shape == (3, 1000)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, rtol=1e-5)
    assert made.spatial(images).shape == (3, 9 * (490 // 9))
    large = tf.image.resize(images.repeat(3, axis=3).astype(np.float32), (64, 64), method="bilinear").numpy()
    colour = pretrained("squeezenet", (64, 64, 3), None, project)  # fetched once
    np.testing.assert_allclose(colour.features(large), found.features, rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match=r"expected uint8 images \(N, 28, 28, 1\)"):
        made.extract(images[:, :20])
    fetched.write_bytes(fetched.read_bytes()[:-9000])
    with pytest.raises(UserError, match="squeezenet_weights.pkl is damaged .*delete it, and it is fetched anew"):
        pretrained("squeezenet", (28, 28, 1), None, project)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda held: Path("run me"), "it wants pathlib.*only numpy arrays are allowed"),
        (lambda held: {"AlexNet_0": {}}, "KeyError: 'conv1'"),
        (lambda held: held | {"fire9/expand3x3": held["conv1"]}, "array 48 has the shape"),
        (lambda held: held | {"conv10": held["conv10"][:1]}, "it has 51 arrays"),
        (lambda held: held | {"conv1": [held["conv1"][0] * np.nan, held["conv1"][1]]}, "array 0 holds NaN"),
    ],
    ids=["code", "another network", "another width", "an array less", "NaN"],
)
def test_another_network_s_weights_are_refused(change, reason, project):
    give("squeezenet", pickle.dumps(change(drawn.squeezenet())), project)
    with pytest.raises(UserError, match=f"squeezenet_weights.pkl is damaged .*{reason}.*another extractor.kind"):
        pretrained("squeezenet", (28, 28, 1), None, project)


def test_weights_that_cannot_be_had(project):
    give("squeezenet", b"", project)
    (project / "squeezenet/squeezenet_weights.pkl").unlink()
    with pytest.raises(UserError, match=r"no source worked(.|\n)*put these into manual/squeezenet"):
        pretrained("squeezenet", (28, 28, 1), None, project)


def test_a_file_of_the_user_s_that_is_another_network_s(tmp_path):
    layers = tf.keras.layers
    tf.keras.Sequential([layers.Input((4,)), layers.Dense(3)]).save_weights(tmp_path / "mine.h5")
    wrong = "mine.h5 is damaged, or not Keras's VGG19, ImageNet: .*Give its file, or take another extractor.kind"
    with pytest.raises(UserError, match=wrong):
        pretrained("vgg19", (28, 28, 1), str(tmp_path / "mine.h5"), tmp_path)


def test_vgg19_is_keras_s(tmp_path):
    whole = tf.keras.applications.VGG19(weights=None, include_top=False)
    whole.save_weights(tmp_path / "mine.h5")
    made = pretrained("vgg19", (64, 64, 3), str(tmp_path / "mine.h5"), tmp_path)
    images = drawn.image(64)
    given = tf.keras.applications.vgg19.preprocess_input(images.astype(np.float32))
    maps = tf.keras.Model(whole.input, whole.get_layer("block4_conv4").output)(given).numpy()
    np.testing.assert_allclose(made.extract(images).features, maps.mean(axis=(1, 2)), rtol=1e-4, atol=1e-6)


def test_every_kind_has_a_row_and_says_what_it_has():
    assert get_args(Kind) == tuple(NETWORKS)
    for kind, known in NETWORKS.items():
        assert kind in TRAINED_HERE or about(kind).licence
        if known.fetched:
            assert f"  {known.fetched.file}: " in (ROOT / known.fetched.sources).read_text()


def test_measures_that_need_classes_or_places_are_left_out_where_there_are_none():
    score, spatial = inception_score.MEASURE.needs, spatial_frechet.MEASURE.needs
    assert lacking(score, about("vgg16").abilities) == "the extractor tells no classes apart"
    assert lacking(spatial, about("file").abilities) == "the extractor does not tell where in an image something is"
    for kind in ("classifier", "rotation", "inception", "efficientnet_lite0", "squeezenet"):
        assert not lacking(score | spatial, about(kind).abilities)


@pytest.mark.parametrize(("size", "side"), [(28, 96), (64, 96), (128, 128), (512, 224)])
def test_small_images_are_enlarged_and_large_ones_shrunk(size, side):
    lite0 = about("efficientnet_lite0")
    assert lite0.side((size, size, 3)) == side
    assert lite0.resized((size, size, 3)).startswith(f"tiled to RGB, {side}x{side} bilinear")
    assert about("classifier").resized((size, size, 3)) == "none"


def test_one_network_knows_the_classes_of_the_data():
    assert [kind for kind in NETWORKS if "classes" in about(kind).abilities] == [KNOWS_CLASSES]


@pytest.mark.parametrize("path", sorted((ROOT / "conf/dataset").glob("*.yaml")), ids=lambda path: path.stem)
def test_colour_is_judged_by_who_was_trained_elsewhere_and_grey_has_such_a_one_beside(path):
    told = yaml_files.read(path)
    if "stacked" in told["prepare"]:
        return  # three grey pictures, which stand in for colours
    asked = yaml_files.read(ROOT / "conf/config.yaml")["extractor"] | told.get("extractor", {})
    learned_here = [asked[key] in TRAINED_HERE for key in ("kind", "beside")]
    assert learned_here == ([False, True] if told["prepare"]["channels"] == 3 else [True, False])
