"""Networks of ours in PyTorch, layer by layer, with our weights: `like` makes them and holds that they are the same."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

GRADIENT_BY_OUTPUT = (nn.ReLU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh)
"""Their gradients need what they made, which nothing may overwrite."""


class Network(nn.Module):
    """A network of ours, layer by layer: images (N, C, H, W), channels_last in memory."""

    def __init__(self, ours: Any) -> None:
        """Set up with a Keras model of one graph, and take over its weights."""
        super().__init__()
        layers = [layer for layer in ours.layers if type(layer).__name__ != "InputLayer"]
        befores = [_origins(layer.input) for layer in layers]
        self.parts = nn.ModuleList(_part(layer) for layer in layers)
        self.names = [layer.name for layer in layers]
        self.given, self.made = _origins(ours.inputs), _origins(ours.outputs)
        uses = Counter([*self.given, *self.made, *(name for before in befores for name in before)])
        ends = dict(zip(self.names, (list(part.modules())[-1] for part in self.parts), strict=True))
        for part, before in zip(self.parts, befores, strict=True):
            if isinstance(part, nn.ReLU | nn.LeakyReLU):  # as its users write it: what goes in is needed no more
                part.inplace = uses[before[0]] == 1 and not isinstance(ends.get(before[0]), GRADIENT_BY_OUTPUT)
        kept = set(self.made)
        # What is made, of what, and what of that for the last time.
        self.plan: list[tuple[str, list[str], list[str]]] = []
        for name, before in reversed(list(zip(self.names, befores, strict=True))):
            self.plan.insert(0, (name, before, [other for other in dict.fromkeys(before) if other not in kept]))
            kept.update(before)

    def part(self, name: str) -> nn.Module:
        """Return what stands for the layer of that name."""
        return self.parts[self.names.index(name)]

    def forward(self, *given: torch.Tensor) -> Any:
        """Return what it makes, a list where that is more than one."""
        made = dict(zip(self.given, given, strict=True))
        for (name, before, done), part in zip(self.plan, self.parts, strict=True):
            made[name] = part(*[made[other] for other in before])
            for other in done:
                del made[other]
        outputs = [made[name] for name in self.made]
        return outputs if len(outputs) > 1 else outputs[0]


class Do(nn.Module):
    """A function as a layer."""

    def __init__(self, function: Callable[..., torch.Tensor]) -> None:
        """Set up with the function."""
        super().__init__()
        self.forward = function  # type: ignore[method-assign]


class Masked(nn.Conv2d):
    """PixelCNN's convolution."""

    def __init__(self, layer: Any) -> None:
        """Set up with ours."""
        size = layer.kernel_size[0]
        super().__init__(layer.depth, layer.filters, size, padding=size // 2)
        seen = torch.zeros(size * size)
        seen[: size * size // 2 + (layer.mask == "B")] = 1
        self.register_buffer("seen", seen.reshape(size, size))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Convolve by what comes before a pixel."""
        return self._conv_forward(images, self.weight * self.seen, self.bias)


def _origins(tensors: Any) -> list[str]:
    return [tensor.node.layer.name for tensor in (tensors if isinstance(tensors, list) else [tensors])]


def _convolution(layer: Any) -> nn.Module:
    size, stride, width = layer.kernel_size[0], layer.strides[0], layer.input_shape[1]
    total = max((-(-width // stride) - 1) * stride + size - width, 0) if layer.padding == "same" else 0
    before, after = total // 2, total - total // 2  # Keras pads more at the end
    even = {"padding": before} if before == after else {}
    made = nn.Conv2d(layer.input_shape[3], layer.filters, size, stride, bias=layer.use_bias, **even)
    return made if even else nn.Sequential(nn.ZeroPad2d((before, after, before, after)), made)


def _transposed(layer: Any) -> nn.Module:
    size, stride = layer.kernel_size[0], layer.strides[0]
    cut = size - stride if layer.padding == "same" else 0
    before, uneven = cut // 2, cut % 2  # Keras cuts more off the end
    made = nn.ConvTranspose2d(layer.input_shape[3], layer.filters, size, stride, before, bias=layer.use_bias)
    return nn.Sequential(made, nn.ZeroPad2d((0, -1, 0, -1))) if uneven else made


def _flat(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 2, 3, 1).flatten(1) if x.ndim == 4 else x.flatten(1)


def _shaped(layer: Any) -> nn.Module:
    shape = layer.target_shape
    if len(shape) == 2:
        return Do(lambda x: x.reshape(-1, *shape))
    return Do(lambda x: x.reshape(-1, *shape).permute(0, 3, 1, 2))


def _dense(layer: Any) -> nn.Module:
    if len(layer.input_shape) == 4:  # over each place of an image
        return nn.Conv2d(layer.input_shape[3], layer.units, 1)
    return nn.Linear(layer.input_shape[1], layer.units)


def _batch_norm(layer: Any) -> nn.Module:
    kind = nn.BatchNorm2d if len(layer.input_shape) == 4 else nn.BatchNorm1d
    return kind(layer.input_shape[-1], eps=layer.epsilon, momentum=1 - layer.momentum)


PARTS: dict[str, Callable[[Any], nn.Module]] = {
    "Activation": lambda layer: nn.Identity(),
    "Add": lambda layer: Do(lambda *parts: sum(parts[1:], parts[0])),
    "AppendChannel": lambda layer: Do(lambda images, channel: torch.cat([images, channel[:, None]], 1)),
    "BatchNormalization": _batch_norm,
    "Concatenate": lambda layer: Do(lambda *parts: torch.cat(parts, 1)),
    "Conv2D": _convolution,
    "Conv2DTranspose": _transposed,
    "Dense": _dense,
    "DoublingConv2D": lambda layer: nn.Sequential(
        nn.Upsample(scale_factor=2), nn.Conv2d(layer.input_shape[3], layer.filters, 3, padding=1)
    ),
    "DoublingConv2DTranspose": lambda layer: nn.Sequential(nn.Upsample(scale_factor=2), _transposed(layer)),
    "Dropout": lambda layer: nn.Dropout(layer.rate),
    "Flatten": lambda layer: Do(_flat),
    # Group norm with groups of one channel: PyTorch's instance norm (2.13, on a processor) has wrong gradients for
    # batches of one whose upstream gradient is channels_last; findings/torch-instance-norm.sh shows it.
    "InstanceNormalization": lambda layer: nn.GroupNorm(layer.input_shape[3], layer.input_shape[3], eps=layer.epsilon),
    "LeakyReLU": lambda layer: nn.LeakyReLU(float(layer.alpha)),
    "MaskedConv2D": Masked,
    "MaxPooling2D": lambda layer: nn.MaxPool2d(2),
    "ReLU": lambda layer: nn.ReLU(),
    "ReflectionPadding": lambda layer: nn.ReflectionPad2d(layer.size),
    "Reshape": _shaped,
    "UpSampling2D": lambda layer: nn.Upsample(scale_factor=layer.size),
}
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "sigmoid": nn.Sigmoid,
    "swish": nn.SiLU,
    "tanh": nn.Tanh,
}


def _part(layer: Any) -> nn.Module:
    """Return the layer of a Keras model, with its activation and its weights."""
    made = PARTS[type(layer).__name__.removeprefix("Small")](layer)
    if weights := layer.get_weights():
        holder = next(part for part in made.modules() if getattr(part, "weight", None) is not None)
        for name, value in zip(("weight", "bias", "running_mean", "running_var"), weights, strict=False):
            there = getattr(holder, name)
            value = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T.reshape(there.shape)
            with torch.no_grad():
                there.copy_(torch.from_numpy(value))
    kind = getattr(getattr(layer, "activation", None), "__name__", "linear")
    return made if kind == "linear" else nn.Sequential(made, ACTIVATIONS[kind]())


def like(ours: Any, way: str) -> Any:
    """Return a network of ours, a Keras model, to be trained in a way.

    Raises:
        RuntimeError: what the two make of the same is not the same.
    """
    network = Network(ours).to(memory_format=torch.channels_last)
    given = [np.random.default_rng(0).uniform(-1, 1, (2, *i.shape[1:])).astype(np.float32) for i in ours.inputs]
    wanted = ours(given if len(given) > 1 else given[0], training=False)
    with torch.no_grad():
        made = network.eval()(*(_turned(array) for array in given))
    for mine, their in zip(*(x if isinstance(x, list) else [x] for x in (wanted, made)), strict=True):
        if not np.allclose(mine, their.permute(0, 2, 3, 1) if their.ndim == 4 else their, atol=1e-3):
            raise RuntimeError(f"{ours.name} of PyTorch makes other things than ours of the same weights")
    return in_way(network.train(), way)


def in_way(network: nn.Module, way: str) -> nn.Module:
    """Return the network, compiled or not, in autocast or not; what it makes is float32."""
    if "bfloat16" in way:
        plain = network.forward

        def forward(*given: torch.Tensor) -> Any:
            with torch.autocast("cpu", torch.bfloat16):
                made = plain(*given)
            return [each.float() for each in made] if isinstance(made, list) else made.float()

        network.forward = forward
    if "compiled" in way:
        network.compile()
    return network


def seeing(ours: Any, way: str) -> nn.Module:
    """Return what a loss sees images through, frozen, with the weights of ours.

    Raises:
        RuntimeError: it sees other things.
    """
    from ganline.training.stand_in import vgg_blocks

    parts: list[nn.Module] = []
    for block in vgg_blocks(ours.perceives):
        parts += [nn.MaxPool2d(2)] if parts else []
        for widths in block:
            parts += [nn.Conv2d(*widths, 3, padding=1), nn.ReLU(inplace=True)]
    held = ours.perception.arrays()
    for i, layer in enumerate(part for part in parts if isinstance(part, nn.Conv2d)):
        kernel, bias = (torch.from_numpy(held[f"{i}/{name}"]) for name in ("kernel", "bias"))
        layer.weight.data, layer.bias.data = kernel.permute(3, 2, 0, 1).contiguous(), bias
    network = nn.Sequential(*parts).requires_grad_(False).to(memory_format=torch.channels_last)
    given = np.random.default_rng(0).uniform(-1, 1, (1, *ours.image_shape)).astype(np.float32)
    if not np.allclose(network(_turned(given)).permute(0, 2, 3, 1), ours.perception(given), atol=1e-3):
        raise RuntimeError("PyTorch sees other things than our VGG19 of the same weights")
    return in_way(network, way)


def _turned(array: np.ndarray) -> torch.Tensor:
    tensor = torch.from_numpy(array)
    return tensor.permute(0, 3, 1, 2) if tensor.ndim == 4 else tensor
