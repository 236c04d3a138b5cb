"""VGG (Simonyan and Zisserman 2015) up to one layer: what perceptual losses compare images through.

The documents take VGG19 with Keras's ImageNet weights and feed it images as their generators make them, RGB in -1 to 1:
they print no subtraction of means, so there is none here. Where these weights cannot be had VGG16 stands in, with the
weights that a package ships with LPIPS (conf/sources/vgg16.yaml), fed as that package feeds it, up to the layer of the
same block: its maps have the same size and width. What stood in is told and kept (`Vgg.facts`).
"""

from pathlib import Path
from typing import Any

import tensorflow as tf

from ganline.core.errors import UserError
from ganline.core.files import sha256, undamaged
from ganline.datasets import sources
from ganline.datasets.numpy_pickle import unpickled
from ganline.extractors.keras_files import VGG19 as KERAS
from ganline.extractors.lpips_weights import convolutions
from ganline.extractors.vgg_network import CONVOLUTIONS, Vgg

LIST, FILE = Path("conf/sources/vgg16.yaml"), "vgg16.ckpt"


def ready(layer: str, folder: Path, manual: Path) -> Vgg:
    """Return VGG19 up to a layer, or what stands in for it, and say which on the console.

    Args:
        layer: of VGG19, such as "block3_conv4".
        folder: VGG16's weights are fetched into it, unless they are there.
        manual: where files that were got by hand lie: VGG19's in its folder vgg19, VGG16's in vgg16.

    Raises:
        UserError: neither can be had, or a file that was got by hand is not what it should be.
    """
    try:
        file = KERAS.had(manual / "vgg19")
    except LookupError as reason:
        print(f"VGG19's weights cannot be had: {reason}", flush=True)
        found = _stand_in(layer, folder, manual / "vgg16")
        print(f"perceptual loss: {found.facts['perception']} stands in for VGG19, {layer}", flush=True)
        return found
    print(f"perceptual loss: VGG19, {layer}", flush=True)
    return vgg19(layer, file)


def vgg19(layer: str, file: Path) -> Vgg:
    """Return VGG19 up to a layer with the weights of Keras's file, that without the top."""
    whole = tf.keras.applications.VGG19(weights=None, include_top=False)
    with undamaged(file, "delete it, and it is fetched anew"):
        whole.load_weights(file)
    weights = [tuple(each.get_weights()) for each in whole.layers if each.weights]
    return Vgg("VGG19", layer, weights, perception_sha256=sha256(file))


def _stand_in(layer: str, folder: Path, manual: Path) -> Vgg:
    if not (folder / FILE).exists():
        try:
            sources.fetch("vgg16", LIST, folder, manual)
        except UserError as reason:
            raise UserError(
                f"the loss compares images through VGG, and its weights cannot be had. Either put {KERAS.name} "
                f"({KERAS.address}) into {manual.with_name('vgg19')}, or:\n{reason}"
            ) from None
    return vgg16(layer, folder / FILE, perception_stands_in_for=f"VGG19, {layer}, whose weights could not be had")


def vgg16(layer: str, file: Path, **facts: Any) -> Vgg:
    """Return VGG16 up to a layer, with the weights of LPIPS's package: VGG16_0/Conv_i/{kernel, bias} in a pickle.

    Raises:
        UserError: the file is damaged, or holds anything but numpy arrays.
    """
    with undamaged(file, f"delete {file.parent}, and it is fetched anew"):
        weights = convolutions(unpickled(file), "VGG16_0", sum(CONVOLUTIONS["VGG16"]))
    return Vgg("VGG16", layer, weights, perception_sha256=sha256(file), **facts)
