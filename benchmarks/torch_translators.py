"""The step of a translator in PyTorch, eager and channels_last, as its users write it. Each builder returns a step.

Networks, losses and updates are ours: `like` carries our weights over and holds what a network gives against what ours
gives. A contender is one builder here and its row in benchmarks.train_step. PyTorch is needed here and nowhere else:
`pip install torch`. All take an experiment and values that differ from its preset, as those of benchmarks.translators.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks import translators

Norm = Callable[[int], nn.Module]
LUMA = torch.tensor([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)


def pix2pix(experiment: str, *overrides: str) -> translators.Step:
    """Pix2Pix: two updates of the judge, on true pairs and on fakes, then one of the U-Net, on fresh pairs."""
    params = translators.params_of(experiment, *overrides)
    recipe, ours = params.train, translators.built(params)
    generator, judge = like(UNet(ours), ours.generator), like(Patches(ours), ours.discriminator)
    adam_g, adam_d = adam(generator, recipe.optimizers["generator"]), adam(judge, recipe.optimizers["discriminator"])
    draw = pairs(params)

    def step(count: int) -> None:
        for _ in range(count):
            given, target = draw(recipe.batch_size)
            fakes = predicted(generator, given)
            for shown, goal in ((target, 1.0), (fakes, 0.0)):
                adam_d.zero_grad()
                (judge(given, shown) - goal).square().mean().backward()
                adam_d.step()
            given, target = draw(recipe.generator_batch_size)
            judge.eval().requires_grad_(False)
            adam_g.zero_grad()
            made = generator(given)
            l1 = (made - target).abs().mean()
            ((judge(given, made) - 1).square().mean() + recipe.l1_weight * l1).backward()
            adam_g.step()
            judge.train().requires_grad_(True)

    return step


class UNet(nn.Module):
    """The generator of ganline.models.translation.pix2pix."""

    def __init__(self, ours: Any) -> None:
        """Set up with the model whose widths and depth it takes."""
        from ganline.models.translation.pix2pix import halvings

        super().__init__()
        levels, norm = halvings(ours.input_shape[0]) - 1, norm_of(ours)
        widths = ours.encoder[:levels]
        self.down = nn.ModuleList(
            halved(before, width, norm if i else None)
            for i, (before, width) in enumerate(zip((ours.input_shape[2], *widths), widths, strict=False))
        )
        self.bottom = nn.Sequential(nn.Conv2d(widths[-1], ours.bottleneck, 4, 2, 1), nn.ReLU())
        self.up, before = nn.ModuleList(), ours.bottleneck
        for width, skip in zip(ours.decoder[-levels:], reversed(widths), strict=True):
            self.up.append(doubled(before, width, norm))
            before = width + skip
        self.last = nn.Sequential(nn.ConvTranspose2d(before, ours.image_shape[2], 4, 2, 1), nn.Tanh())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Inputs (N, Ci, H, W) -> images (N, C, H, W)."""
        skips = []
        for down in self.down:
            x = down(x)
            skips.append(x)
        x = self.bottom(x)
        for up, skip in zip(self.up, reversed(skips), strict=True):
            x = torch.cat([up(x), skip], 1)
        return self.last(x)


class Patches(nn.Module):
    """Its discriminator."""

    def __init__(self, ours: Any) -> None:
        """Set up with the model whose widths it takes."""
        super().__init__()
        widths, norm = ours.judge_widths, norm_of(ours)
        channels = (ours.input_shape[2] + ours.image_shape[2], *widths)
        halves = [halved(channels[i], width, norm if i else None) for i, width in enumerate(widths)]
        self.layers = nn.Sequential(*halves, nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(widths[-1], 1, 4))

    def forward(self, inputs: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        """Inputs (N, Ci, H, W) and images (N, C, H, W) -> a score for each patch (N, 1, H / 16, W / 16)."""
        return self.layers(torch.cat([inputs, images], 1))


# What other translators need as well


def norm_of(ours: Any) -> Norm:
    """Return what makes the norm of the model's networks, with Keras's and tensorflow-addons' numbers.

    Instance norm is group norm with groups of one channel: PyTorch's own (2.13, on a processor) has wrong gradients for
    batches of one whose upstream gradient is channels_last; findings/torch-instance-norm.sh shows it.
    """
    if ours.batch_norm:
        return lambda width: nn.BatchNorm2d(width, eps=1e-3, momentum=0.2)
    return lambda width: nn.GroupNorm(width, width, eps=1e-3)


def halved(before: int, width: int, norm: Norm | None) -> nn.Sequential:
    """Return a convolution of 4 x 4 that halves the sides, its activation and its norm."""
    return nn.Sequential(
        nn.Conv2d(before, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True), norm(width) if norm else nn.Identity()
    )


def doubled(before: int, width: int, norm: Norm) -> nn.Sequential:
    """Return a transposed convolution of 4 x 4 that doubles the sides, its activation and its norm."""
    return nn.Sequential(nn.ConvTranspose2d(before, width, 4, 2, 1), nn.ReLU(inplace=True), norm(width))


def adam(network: nn.Module, rule: Any) -> torch.optim.Adam:
    """Return the network's optimizer."""
    return torch.optim.Adam(network.parameters(), rule.learning_rate, (rule.beta_1, rule.beta_2), eps=1e-7, fused=True)


def predicted(network: nn.Module, given: torch.Tensor) -> torch.Tensor:
    """Return what the network makes in inference mode, without a gradient."""
    network.eval()
    with torch.no_grad():
        made = network(given)
    network.train()
    return made


def pairs(params: Any) -> Callable[[int], tuple[torch.Tensor, torch.Tensor]]:
    """Return a function that draws so many inputs and their images, float32 (N, C, H, W) in [-1, 1]."""
    images, partners = (None if a is None else torch.from_numpy(a) / 127.5 - 1 for a in translators.pairs(params))

    def draw(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        rows = torch.randint(0, translators.COUNT, (count,))
        target = images[rows].permute(0, 3, 1, 2)  # (N, H, W, C) in memory, which is channels_last
        given = (target * LUMA).sum(1, keepdim=True) if partners is None else partners[rows].permute(0, 3, 1, 2)
        return given, target

    return draw


def like(network: nn.Module, ours: Any) -> nn.Module:
    """Return the network with the weights of ours, a Keras model, ready to be trained.

    Raises:
        RuntimeError: it is another network: layers differ, or what the two make of the same images does.
    """
    theirs = [part for part in network.modules() if getattr(part, "weight", None) is not None]
    layers = [layer for layer in ours.layers if layer.weights]
    if len(theirs) != len(layers):
        raise RuntimeError(f"{type(network).__name__} has {len(theirs)} layers with weights, ours {len(layers)}")
    for part, layer in zip(theirs, layers, strict=True):
        names = ("weight", "bias", "running_mean", "running_var")
        for name, value in zip(names, layer.get_weights(), strict=False):
            value = torch.from_numpy(value.transpose(3, 2, 0, 1) if value.ndim == 4 else value)
            with torch.no_grad():
                getattr(part, name).copy_(value)
    network.to(memory_format=torch.channels_last)
    given = [np.random.default_rng(0).uniform(-1, 1, (2, *i.shape[1:])).astype(np.float32) for i in ours.inputs]
    with torch.no_grad():
        made = network.eval()(*(torch.from_numpy(array).permute(0, 3, 1, 2) for array in given))
    if not np.allclose(made.permute(0, 2, 3, 1), ours(given, training=False), atol=1e-3):
        raise RuntimeError(f"{type(network).__name__} makes other images than our network of the same weights")
    return network.train()
