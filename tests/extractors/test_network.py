import numpy as np
import pytest
from sklearn.datasets import load_digits

from ganline.core.errors import UserError
from ganline.core.files import sha256
from ganline.extractors import classifier as classifying
from ganline.extractors.classifier import classifier, train_classifier
from ganline.extractors.loading import load
from ganline.extractors.networks import pretrained
from ganline.extractors.rotation import rotation_accuracy, train_rotation
from ganline.settings.schema import Extractor as Settings

SETTINGS = Settings(kind="classifier", beside=None, epochs=4, batch_size=128, learning_rate=1e-3, weights=None)
CLASSES = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    return np.rint(data.images * (255 / 16)).astype(np.uint8)[..., None], data.target.astype(np.int32)


@pytest.fixture(scope="module")
def trained(digits):
    images, labels = digits
    return train_classifier(images[:1400], labels[:1400], CLASSES, SETTINGS, seed=1)


def test_learns_a_small_dataset(digits, trained):
    images, labels = digits
    tested = trained.extract(images[1400:])
    assert np.mean(tested.probabilities.argmax(axis=1) == labels[1400:]) > 0.9  # the last digits are by other writers
    np.testing.assert_allclose(tested.probabilities.sum(axis=1), 1.0, rtol=1e-5)
    assert tested.features.shape == (397, 64)
    assert {array.dtype for array in tested} == {np.dtype(np.float32)}


def test_features_have_mean_0_and_variance_1_over_the_training_images(digits, trained):
    features = trained.extract(digits[0][:1400]).features
    np.testing.assert_allclose(features.mean(axis=0), 0.0, atol=0.1)
    np.testing.assert_allclose(features.var(axis=0), 1.0, atol=0.15)


def test_batch_size_does_not_matter(digits, trained, monkeypatch):
    whole = trained.extract(digits[0][:50])
    monkeypatch.setattr(trained, "batch_size", 7)
    parts = trained.extract(digits[0][:50])
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_what_is_said_of_batches_is_to_the_bit_what_is_said_of_the_whole(digits, trained, monkeypatch):
    monkeypatch.setattr(trained, "batch_size", 7)
    batches = [trained.describe(digits[0][start : min(start + 7, 50)]) for start in range(0, 50, 7)]
    for one, *others in zip(trained.extract(digits[0][:50]), *batches, strict=True):
        np.testing.assert_array_equal(one, np.concatenate(others))
        assert one.dtype == others[0].dtype and one.flags.owndata


def test_features_of_images_that_were_never_rounded(digits, trained, monkeypatch):
    images = digits[0][:50]
    monkeypatch.setattr(trained, "batch_size", 7)
    np.testing.assert_array_equal(trained.features(images.astype(np.float32)), trained.extract(images).features)
    between = trained.features(images + np.float32(0.01))
    moved = np.abs(between - trained.extract(images).features).max()
    assert between.dtype == np.float32 and 0 < moved < 0.01
    with pytest.raises(ValueError, match=r"expected float32 images \(N, 8, 8, 1\), got uint8"):
        trained.features(images)


def test_spatial_features_know_where_something_is(digits, trained, monkeypatch):
    images = digits[0][:50]
    whole = trained.spatial(images)
    assert whole.shape == (50, 2 * 2 * 64) and whole.dtype == np.float32
    monkeypatch.setattr(trained, "batch_size", 7)
    np.testing.assert_allclose(trained.spatial(images), whole, rtol=1e-4, atol=1e-5)
    blank, corner = np.zeros((2, 1, 8, 8, 1), np.uint8)
    corner[0, :2, :2] = 255  # seen by the first of the four positions, and hardly by the one across
    change = np.abs(trained.spatial(corner) - trained.spatial(blank)).reshape(4, 64).sum(axis=1)
    assert change[0] > 3 * change[3]
    with pytest.raises(ValueError, match="expected uint8 images"):
        trained.spatial(images.astype(np.float32))


def test_saved_weights_stay_in_their_order():
    shapes = [weight.shape for weight in classifier((28, 28, 1), ["a", "b"]).get_weights()]
    first, second = [(3, 3, 1, 32), *[(32,)] * 4], [(3, 3, 32, 64), *[(64,)] * 4]
    assert shapes == [*first, *second, (7 * 7 * 64, 64), (64,), (64,), (64, 2), (2,)]


def test_save_and_load(digits, trained, tmp_path):
    trained.save(tmp_path / "one", test_accuracy=0.5)
    loaded = load(tmp_path / "one")
    for one, other in zip(trained.extract(digits[0][:20]), loaded.extract(digits[0][:20]), strict=True):
        np.testing.assert_array_equal(one, other)
    assert loaded.facts == {
        "kind": "classifier",
        "classes": CLASSES,
        "feature_dim": 64,
        "image_shape": [8, 8, 1],
        "resize": "none",
        "test_accuracy": 0.5,
        "weights_sha256": sha256(tmp_path / "one/weights.npz"),
    }


def test_two_builds_are_equal_bit_for_bit(digits, trained, tmp_path):
    images, labels = digits
    again = train_classifier(images[:1400], labels[:1400], CLASSES, SETTINGS, seed=1)
    for name, extractor in (("one", trained), ("two", again)):
        extractor.save(tmp_path / name)
    assert sha256(tmp_path / "one/weights.npz") == sha256(tmp_path / "two/weights.npz")


@pytest.mark.parametrize("shape", [(8, 8, 3), (28, 28, 1), (64, 48, 3), (128, 128, 3), (300, 300, 1)])
def test_any_size(shape):
    images = np.random.default_rng(0).integers(0, 256, (4, *shape), dtype=np.uint8)
    network = classifier(shape, ["a", "b"])
    features, logits, maps = network(images.astype(np.float32))
    assert features.shape == (4, 64) and logits.shape == (4, 2) and max(maps.shape[1:3]) <= 7
    assert network.count_params() < 400_000


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 8, 8, 1), np.float32),
        np.zeros((2, 9, 8, 1), np.uint8),
        np.zeros((8, 8, 1), np.uint8),
        np.zeros((0, 8, 8, 1), np.uint8),
    ],
)
def test_images_that_are_refused(trained, images):
    with pytest.raises(ValueError, match=r"expected uint8 images \(N, 8, 8, 1\), got"):
        trained.extract(images)


def test_rotation_needs_no_labels(digits, tmp_path):
    images = digits[0]
    settings = SETTINGS.model_copy(update={"kind": "rotation"})
    for name in ("one", "two"):
        extractor = train_rotation(images[:1400], settings, seed=1)
        extractor.save(tmp_path / name)
    assert sha256(tmp_path / "one/weights.npz") == sha256(tmp_path / "two/weights.npz")
    facts = extractor.facts
    assert facts["kind"] == "rotation" and facts["feature_dim"] == 64 and len(facts["classes"]) == 4

    loaded = load(tmp_path / "one")
    accuracy = rotation_accuracy(loaded, images[1400:])
    assert accuracy > 0.8  # an 8, a 1 and a 0 look nearly the same upside down
    quarter = loaded.extract(np.rot90(images[1400:], axes=(1, 2)))
    assert np.mean(quarter.probabilities.argmax(axis=1) == 1) > 0.7
    # Of images that lie upside down already, every right answer is wrong.
    assert rotation_accuracy(loaded, np.rot90(images[1400:], 2, axes=(1, 2))) < 1 - accuracy


def test_a_rotation_batch_is_all_four_and_no_larger_than_asked_for(digits, monkeypatch):
    seen = []

    def record(network, count, batch, images_a_batch, settings, seed):
        seen.append((count, images_a_batch, *batch(np.array([3, 5]))))

    monkeypatch.setattr(classifying, "_fit", record)
    train_rotation(digits[0], SETTINGS, seed=1)
    ((count, images_a_batch, images, labels),) = seen
    assert count == len(digits[0]) and images_a_batch == 128 // 4
    assert labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3] and labels.dtype == np.int32
    for quarters in range(4):
        np.testing.assert_array_equal(images[2 * quarters + 1], np.rot90(digits[0][5], quarters))


def test_labels_that_cannot_be_learned_from(digits):
    images = digits[0]
    with pytest.raises(
        UserError, match="has none.*one subfolder a class.*extractor.kind=rotation.*extractor.kind=inception"
    ):
        train_classifier(images, None, [], SETTINGS, seed=1)
    labels = np.full(len(images), 1, np.int32)
    with pytest.raises(UserError, match="all images are of class 'shoe'.*extractor.kind=inception"):
        train_classifier(images, labels, ["hat", "shoe"], SETTINGS, seed=1)


def test_a_training_that_learns_nothing(digits):
    images, labels = digits
    settings = SETTINGS.model_copy(update={"learning_rate": 1e30})
    with pytest.raises(UserError, match="learned nothing(.|\\n)*extractor.learning_rate=1e.30 may be too large"):
        train_classifier(images[:128], labels[:128], CLASSES, settings, seed=1)


def test_load_without_an_extractor(tmp_path):
    with pytest.raises(UserError, match="holds no extractor: make it with `dvc repro extractor`"):
        load(tmp_path)


def test_inception_without_weights(tmp_path, monkeypatch):
    def unreachable(*_, **__):
        raise Exception("URL fetch failure")

    monkeypatch.setattr("tensorflow.keras.utils.get_file", unreachable)
    with pytest.raises(
        UserError,
        match=r"URL fetch failure(.|\n)*extractor.weights=/path/to/inception_v3.*classifier \(needs lab.*rotation",
    ):
        pretrained("inception", (28, 28, 1), None, tmp_path)
    with pytest.raises(UserError, match=r"extractor.weights=.*nothing.h5: there is no such file; .*kind=inception"):
        pretrained("inception", (28, 28, 1), str(tmp_path / "nothing.h5"), tmp_path)


@pytest.mark.slow
def test_inception_from_a_weights_file(tmp_path):
    import tensorflow as tf

    file = tmp_path / "weights.h5"
    tf.keras.applications.InceptionV3(weights=None).save_weights(file)
    extractor = pretrained("inception", (28, 28, 1), str(file), tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), dtype=np.uint8)
    found = extractor.extract(images)
    assert found.features.shape == (3, 2048) and found.probabilities.shape == (3, 1000)
    assert extractor.spatial(images).shape == (3, 7 * 17 * 17)
    extractor.save(tmp_path / "saved")
    again = load(tmp_path / "saved").extract(images)
    np.testing.assert_array_equal(found.features, again.features)
