"""The networks with the weights that packages ship: fetched, and so slow.

Values are those of PyTorch 2.13 with these weights: for EfficientNet-Lite0 of the package efficientnet_lite_pytorch
0.1.0, for Xception of Keras 3.15, for the others of its functions, layer by layer.
"""

from pathlib import Path

import cv2
import drawn_networks as drawn
import numpy as np
import pytest

from benchmarks.networks import emoji, worse
from ganline.extractors.networks import pretrained
from ganline.metrics.kid import kernel_distance

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
EXPECTED = {
    "efficientnet_lite0": (128, {0: 1.1896092, 1: 0.0}, 0.14561870694, 0.49622738, (-0.8690764, 1.0627472, 0.83424395)),
    "squeezenet": (128, {0: 0.6208094954, 1: 0.0}, 0.8058544993, 4.568342209, (1.929507255, 7.633559227, 0.5875478983)),
    "alexnet": (128, {0: 0.0, 1: 3.8542804718}, 0.1733382642, 0.7235185504, None),
    "vgg16": (128, {2: 0.4004194736, 3: 0.2157890648}, 0.3612626791, 1.390534997, None),
    "xception": (150, {5: 1.0257291, 2047: 0.001198256}, None, None, None),
}
"""The side of the image, some of its features, their mean and deviation, its first logits."""
PHOTOGRAPHS = {"cat": 285, "coffee": 967, "camera": 872}
"""Of scikit-image, with their classes in ImageNet: Egyptian cat, espresso, tripod."""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("project")
        (folder / "conf").symlink_to(ROOT / "conf")
        patch.chdir(folder)
        yield folder


@pytest.mark.parametrize("kind", EXPECTED)
def test_shipped_weights_give_the_values_of_the_reference(kind, project):
    side, some, mean, deviation, logits = EXPECTED[kind]
    made = pretrained(kind, (side, side, 3), None, Path("manual"))
    found = [part.numpy()[0] for part in made.network(drawn.image(side).astype(np.float32), training=False)]
    assert {place: found[0][place] for place in some} == pytest.approx(some, rel=2e-5, abs=1e-6)
    if mean:
        assert [found[0].mean(), found[0].std(ddof=1)] == pytest.approx([mean, deviation], rel=1e-5)
    if logits:
        assert found[1][:3] == pytest.approx(logits, rel=5e-5)


@pytest.mark.parametrize("kind", ["efficientnet_lite0", "squeezenet"])
def test_photographs_are_of_their_classes(kind, project):
    data = pytest.importorskip("skimage.data")
    made = pretrained(kind, (224, 224, 3), None, Path("manual"))
    likeliest = made.extract(np.concatenate([square(getattr(data, name)()) for name in PHOTOGRAPHS])).probabilities
    assert likeliest.argmax(axis=1).tolist() == list(PHOTOGRAPHS.values())


def square(picture):
    picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    cut = picture[top : top + side, left : left + side]
    return cv2.resize(cut, (224, 224), interpolation=cv2.INTER_AREA)[None]


def test_the_default_network_tells_how_much_worse_emoji_are(project):
    half, others = worse(*(emoji(vendor, Path(vendor)) for vendor in ("twitter", "google")))
    made = pretrained("efficientnet_lite0", half.shape[1:], None, Path("manual"))
    features = made.extract(half).features
    found = [kernel_distance(made.extract(images).features, features, 20, 500, 0) for images in others.values()]
    assert list(others) == ["other half", "blurred", "other vendor", "noisy"]
    assert abs(found[0].mean) < 2 * found[0].standard_error  # no difference where there is none
    for better, worst in zip(found[:-1], found[1:], strict=True):
        assert better.mean + 1.96 * better.standard_error < worst.mean - 1.96 * worst.standard_error
