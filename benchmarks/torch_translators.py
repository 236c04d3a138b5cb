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


def two_domains(experiment: str, *overrides: str) -> translators.Step:
    """CycleGAN and DiscoGAN: two updates of each judge, then one of both generators, as CycleGAN's own code has it.

    That code, too, makes each translation once for all; it gives each picture a pass of its own.
    """
    params = translators.params_of(experiment, *overrides)
    recipe, ours = params.train, translators.built(params)
    kinds = (Residual, ResidualJudge) if hasattr(ours, "blocks") else (UNet, Patches)
    names = ("generator", "generator_back"), ("discriminator", "discriminator_back")
    (to_b, to_a), (judge_b, judge_a) = (
        [like(kind(ours), ours.networks[name]) for name in pair] for kind, pair in zip(kinds, names, strict=True)
    )
    both = nn.ModuleList([to_b, to_a])
    adam_g = adam(both, recipe.optimizers["generator"])
    judges = [(judge, adam(judge, recipe.optimizers["discriminator"])) for judge in (judge_a, judge_b)]
    draw = pairs(params)

    def step(count: int) -> None:
        for _ in range(count):
            a, b = draw(recipe.batch_size)
            fake_b, fake_a = to_b(a), to_a(b)
            for (judge, rule), real, fake in zip(judges, (a, b), (fake_a, fake_b), strict=True):
                for shown, goal in ((real, 1.0), (fake.detach(), 0.0)):
                    rule.zero_grad()
                    (judge(shown) - goal).square().mean().backward()
                    rule.step()
                judge.requires_grad_(False)
            adam_g.zero_grad()
            loss = (judge_a(fake_a) - 1).square().mean() + (judge_b(fake_b) - 1).square().mean()
            loss = loss + recipe.cycle_weight * ((to_a(fake_b) - a).abs().mean() + (to_b(fake_a) - b).abs().mean())
            if recipe.identity_weight:
                loss = loss + recipe.identity_weight * ((to_a(a) - a).abs().mean() + (to_b(b) - b).abs().mean())
            if recipe.target_weight:
                loss = loss + recipe.target_weight * ((fake_a - a).abs().mean() + (fake_b - b).abs().mean())
            loss.backward()
            adam_g.step()
            for judge, _ in judges:
                judge.requires_grad_(True)

    return step


def super_resolution(experiment: str, *overrides: str) -> translators.Step:
    """SRGAN: two updates of the judge, then one of the generator by what VGG19 sees, on a fresh pair."""
    params = translators.params_of(experiment, *overrides)
    recipe, ours = params.train, translators.built(params)
    generator, judge = like(Enlarger(ours), ours.generator), like(ScaledJudge(ours), ours.discriminator)
    sees, blur = Perception(ours), nn.functional.avg_pool2d
    adam_g, adam_d = adam(generator, recipe.optimizers["generator"]), adam(judge, recipe.optimizers["discriminator"])
    images = torch.from_numpy(translators.pairs(params)[0]) / 127.5 - 1

    def draw() -> tuple[torch.Tensor, torch.Tensor]:
        large = images[torch.randint(0, translators.COUNT, (recipe.batch_size,))].permute(0, 3, 1, 2)
        return blur(large, recipe.scale), large

    def step(count: int) -> None:
        for _ in range(count):
            small, large = draw()
            fakes = predicted(generator, small)
            for shown, goal in ((large, 1.0), (fakes, 0.0)):
                adam_d.zero_grad()
                (judge(shown).sigmoid() - goal).square().mean().backward()
                adam_d.step()
            small, large = draw()
            judge.requires_grad_(False)
            adam_g.zero_grad()
            made = generator(small)
            with torch.no_grad():
                wanted = sees(large)
            content = (sees(made) - wanted).square().mean()
            deceiving = nn.functional.softplus(-judge(made)).mean()
            (recipe.content_weight * content + recipe.adversarial_weight * deceiving).backward()
            adam_g.step()
            judge.requires_grad_(True)

    return step


class UNet(nn.Module):
    """The generator of ganline.models.translation.networks."""

    def __init__(self, ours: Any) -> None:
        """Set up with the model whose widths and depth it takes."""
        from ganline.models.translation.networks import halvings

        super().__init__()
        levels, norm = halvings(ours.input_shape[0], len(ours.encoder) + 1) - 1, norm_of(ours)
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
    """Its discriminator, of an image alone or of input and image."""

    def __init__(self, ours: Any) -> None:
        """Set up with the model whose widths it takes."""
        super().__init__()
        widths, norm = ours.judge_widths, norm_of(ours)
        channels = (sum(given.shape[3] for given in ours.discriminator.inputs), *widths)
        halves = [halved(channels[i], width, norm if i else None) for i, width in enumerate(widths)]
        self.layers = nn.Sequential(*halves, nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(widths[-1], 1, 4))

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        """Inputs, if it is shown these, and images (N, C, H, W) -> a score for each patch (N, 1, h, w)."""
        return self.layers(torch.cat(given, 1))


class Residual(nn.Sequential):
    """The generator of ganline.models.translation.cyclegan.ResNet."""

    def __init__(self, ours: Any) -> None:
        """Set up with the model whose blocks it takes."""
        norm, relu = norm_of(ours), nn.ReLU(inplace=True)
        parts: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, 64, 7, bias=False), norm(64), relu]
        for before, width in ((64, 128), (128, 256)):
            # Keras pads even sides at their ends alone.
            parts += [nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(before, width, 3, 2), norm(width), relu]
        parts += [Block(norm) for _ in range(ours.blocks)]
        for before, width in ((256, 128), (128, 64)):
            parts += [nn.ConvTranspose2d(before, width, 3, 2), nn.ZeroPad2d((0, -1, 0, -1)), norm(width), relu]
        super().__init__(*parts, nn.ReflectionPad2d(3), nn.Conv2d(64, 3, 7), norm(3), nn.Tanh())


class Block(nn.Module):
    """One of its residual blocks."""

    def __init__(self, norm: Norm) -> None:
        """Set up with what makes its norms."""
        super().__init__()
        self.inside = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(256, 256, 3), norm(256), nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1), nn.Conv2d(256, 256, 3), norm(256),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 256, H, W) -> the same shape."""
        return x + self.inside(x)


class ResidualJudge(nn.Sequential):
    """Its discriminator."""

    def __init__(self, ours: Any) -> None:
        """Set up with the model whose norm it takes."""
        norm = norm_of(ours)
        parts: list[nn.Module] = [halved(3, 64, None), halved(64, 128, norm), halved(128, 256, norm)]
        parts += [nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(256, 512, 4), nn.LeakyReLU(0.2, inplace=True), norm(512)]
        super().__init__(*parts, nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(512, 1, 4))


class Enlarger(nn.Module):
    """The generator of ganline.models.translation.srgan."""

    def __init__(self, ours: Any) -> None:
        """Set up with the model whose width and blocks it takes."""
        super().__init__()
        wide, size = ours.width, ours.image_shape[2]
        self.start = nn.Sequential(nn.Conv2d(ours.input_shape[2], wide, 9, padding=4), nn.ReLU(inplace=True))
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(wide, wide, 3, padding=1), nn.ReLU(inplace=True), batch_norm(wide),
                nn.Conv2d(wide, wide, 3, padding=1), nn.GroupNorm(wide, wide, eps=1e-3),
            )
            for _ in range(ours.residual_blocks)
        )  # fmt: skip
        self.middle = nn.Sequential(nn.Conv2d(wide, wide, 3, padding=1), batch_norm(wide))
        parts: list[nn.Module] = []
        for before in [wide, *[4 * wide] * (ours.settings.scale.bit_length() - 2)]:
            parts += [nn.Upsample(scale_factor=2), nn.Conv2d(before, 4 * wide, 3, padding=1), nn.ReLU(inplace=True)]
        self.end = nn.Sequential(*parts, nn.Conv2d(4 * wide, size, 9, padding=4), nn.Tanh())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Inputs (N, C, H, W) -> images (N, C, scale H, scale W)."""
        start = x = self.start(x)
        for block in self.blocks:
            x = x + block(x)
        return self.end(self.middle(x) + start)


class ScaledJudge(nn.Sequential):
    """Its discriminator."""

    def __init__(self, ours: Any) -> None:
        """Set up with the model whose widths it takes."""
        parts: list[nn.Module] = []
        before = ours.image_shape[2]
        for width in ours.judge_widths:
            for strides in (1, 2):
                # Keras pads even sides at their ends alone.
                around = (1, 1, 1, 1) if strides == 1 else (0, 1, 0, 1)
                norm = nn.GroupNorm(width, width, eps=1e-3) if parts else nn.Identity()
                parts += [nn.ZeroPad2d(around), nn.Conv2d(before, width, 3, strides), nn.LeakyReLU(0.2), norm]
                before = width
        wide = 2 * before
        super().__init__(*parts, nn.Conv2d(before, wide, 1), nn.LeakyReLU(0.2), nn.Conv2d(wide, 1, 1))


class Perception(nn.Module):
    """What its loss sees images through, frozen."""

    def __init__(self, ours: Any) -> None:
        """Take over the weights of ours, and hold that both see the same."""
        from ganline.training.stand_in import vgg_blocks

        super().__init__()
        parts: list[nn.Module] = []
        for block in vgg_blocks(ours.perceives):
            parts += [nn.MaxPool2d(2)] if parts else []
            for widths in block:
                parts += [nn.Conv2d(*widths, 3, padding=1), nn.ReLU(inplace=True)]
        held = ours.perception.arrays()
        for i, layer in enumerate(part for part in parts if isinstance(part, nn.Conv2d)):
            kernel, bias = (torch.from_numpy(held[f"{i}/{name}"]) for name in ("kernel", "bias"))
            layer.weight.data, layer.bias.data = kernel.permute(3, 2, 0, 1).contiguous(), bias
        self.layers = nn.Sequential(*parts).requires_grad_(False).to(memory_format=torch.channels_last)
        given = np.random.default_rng(0).uniform(-1, 1, (1, *ours.image_shape)).astype(np.float32)
        seen = self(torch.from_numpy(given).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        if not np.allclose(seen, ours.perception(given), atol=1e-3):
            raise RuntimeError("Perception sees other things than our VGG19 of the same weights")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) -> maps."""
        return self.layers(x)


# What other translators need as well


def batch_norm(width: int) -> nn.BatchNorm2d:
    """Return Keras's batch norm of momentum 0.8."""
    return nn.BatchNorm2d(width, eps=1e-3, momentum=0.2)


def norm_of(ours: Any) -> Norm:
    """Return what makes the norm of the model's networks, with Keras's and tensorflow-addons' numbers.

    Instance norm is group norm with groups of one channel: PyTorch's own (2.13, on a processor) has wrong gradients for
    batches of one whose upstream gradient is channels_last; findings/torch-instance-norm.sh shows it.
    """
    if getattr(ours, "batch_norm", False):
        return batch_norm
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
    """Return the network's optimizer, its moments made by an update that changes nothing."""
    made = torch.optim.Adam(network.parameters(), rule.learning_rate, (rule.beta_1, rule.beta_2), eps=1e-7, fused=True)
    for weights in network.parameters():
        weights.grad = torch.zeros_like(weights)
    made.step()
    made.zero_grad()
    return made


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
            if value.ndim == 2:  # a dense layer over each place of an image
                value = value[None, None]
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
