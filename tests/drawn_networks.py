"""Weights of the networks' shapes from a fixed stream, and an image: what PyTorch's values were made of."""

import numpy as np

from ganline.extractors.efficientnet_lite0 import STAGES
from ganline.extractors.squeezenet import FIRES


def image(side):
    """Return one picture of waves, uint8 (1, side, side, 3)."""
    y, x, c = np.mgrid[0:side, 0:side, 0:3]
    return np.rint(127.5 + 127.5 * np.sin(x / 5 + c) * np.cos(y / 7 - c)).astype(np.uint8)[None]


def stream():
    return np.random.Generator(np.random.Philox(key=7))


def kernel(random, *shape):
    return (random.standard_normal(shape) * (2 / np.prod(shape[:3])) ** 0.5).astype(np.float32)


def bias(random, count):
    return (random.standard_normal(count) * 0.1).astype(np.float32)


def squeezenet():
    """Return what ndf's pickle holds: {layer: [kernel, bias]}."""
    random, channels = stream(), 64
    held = {"conv1": [kernel(random, 3, 3, 3, 64) * np.float32(0.02), bias(random, 64)]}
    for number, (squeezed, expanded) in enumerate(FIRES, 2):
        parts = (("squeeze1x1", 1, channels, squeezed), ("expand1x1", 1, squeezed, expanded))
        for name, side, a, b in (*parts, ("expand3x3", 3, squeezed, expanded)):
            held[f"fire{number}/{name}"] = [kernel(random, side, side, a, b), bias(random, b)]
        channels = 2 * expanded
    return held | {"conv10": [kernel(random, 1, 1, 512, 1000), bias(random, 1000)]}


def lpips(network, shapes):
    """Return what a pickle of LPIPS's package holds of a network's convolutions (side, from, to)."""
    random = stream()
    each = [(kernel(random, side, side, a, b), bias(random, b)) for side, a, b in shapes]
    return {network: {f"Conv_{i}": {"kernel": weights, "bias": more} for i, (weights, more) in enumerate(each)}}


def state_dict(shapes):
    """Return arrays by PyTorch's names, of these shapes."""
    random, held = stream(), {}
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            held[name] = np.zeros(shape, np.int64)
        elif name.endswith("running_var"):
            held[name] = random.uniform(0.5, 1.5, shape).astype(np.float32)
        elif len(shape) > 1:
            held[name] = (random.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5).astype(np.float32)
        else:
            held[name] = (name.endswith(".weight") + random.standard_normal(shape) * 0.1).astype(np.float32)
    return held


def lite0():
    """Return the names and shapes of what EfficientNet-Lite0's file holds, in its order."""
    shapes, number, before = {"_conv_stem.weight": (32, 3, 3, 3)} | _normalisation("_bn0", 32), 0, 32
    for count, side, _, wider, channels in STAGES:
        for _ in range(count):
            name, inside = f"_blocks.{number}.", wider * before
            if wider > 1:
                shapes |= {f"{name}_expand_conv.weight": (inside, before, 1, 1)} | _normalisation(f"{name}_bn0", inside)
            shapes |= {f"{name}_depthwise_conv.weight": (inside, 1, side, side)} | _normalisation(f"{name}_bn1", inside)
            shapes |= {f"{name}_project_conv.weight": (channels, inside, 1, 1)} | _normalisation(
                f"{name}_bn2", channels
            )
            number, before = number + 1, channels
    shapes |= {"_conv_head.weight": (1280, before, 1, 1)} | _normalisation("_bn1", 1280)
    return shapes | {"_fc.weight": (1000, 1280), "_fc.bias": (1000,)}


def _normalisation(name, count):
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (count,) for part in parts} | {f"{name}.num_batches_tracked": ()}
