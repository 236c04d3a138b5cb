"""The training step in PyTorch, as its users write it: networks, losses and updates are ours.

`pytorch` builds each; what it takes is said in benchmarks.contenders, and the way in benchmarks.train_step. PyTorch is
needed here and nowhere else: `pip install torch`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its users' name

from benchmarks.contenders import CLASSES, Step, built, params_of, pictures
from benchmarks.torch_networks import like, seeing
from ganline.settings.schema import Params

Batch = tuple[list[torch.Tensor], list[torch.Tensor], Callable[[torch.Tensor], torch.Tensor]]
LUMA = torch.tensor([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)


def by_sign(scores: torch.Tensor, aims: torch.Tensor) -> torch.Tensor:
    """Return the mean of scores that are to be high where the aim is 1 and low where it is 0."""
    return ((1 - 2 * aims) * scores).mean()


AIMED: dict[str, tuple[Callable, Callable]] = {
    "non_saturating": (F.binary_cross_entropy_with_logits,) * 2,
    "brier": (lambda scores, aims: F.mse_loss(scores.sigmoid(), aims), F.binary_cross_entropy_with_logits),
    "least_squares": (F.mse_loss,) * 2,
    "wasserstein": (by_sign, by_sign),
    "wasserstein_gp": (lambda scores, aims: 2 * by_sign(scores, aims), by_sign),
}
"""What discriminator and generator minimise, by scores and aims, 1 for real and 0 for made."""


def pytorch(experiment: str, way: str, *overrides: str) -> Step:
    """The experiment's step: "eager" or "compiled", and with "bfloat16" in the way in autocast, too."""
    params = params_of(experiment, *overrides)
    return FAMILIES.get(params.train.model, latent_gan)(params, built(params), way)


def latent_gan(params: Params, ours: Any, way: str) -> Step:
    """Images from latents, with classes or codes where there are any."""
    recipe: Any = params.train
    generator, judge = like(ours.generator, way), like(getattr(ours, "both", ours.discriminator), way)
    code = list(judge.part("code").parameters()) if "auxiliary" in ours.networks else []
    taught = [weights for weights in judge.parameters() if all(weights is not other for other in code)]
    update_g = updating([*generator.parameters(), *code], recipe, "generator")
    update_d = updating(taught, recipe, ours.adversary)
    on_judge, on_generator = AIMED[recipe.loss]
    low, high = ours.image_range
    images = scaled(pictures(params)[0], low, high)
    labels = torch.arange(len(images)) % CLASSES

    def request(count: int) -> tuple[list[torch.Tensor], torch.Tensor]:
        if not ours.conditions:
            return [noise(recipe, count)], torch.full((count,), CLASSES)  # a class of their own
        asked = torch.randint(0, CLASSES, (count,))
        return [noise(recipe, count), F.one_hot(asked, CLASSES).float()], asked

    def look(shown: torch.Tensor, classes: torch.Tensor) -> list[torch.Tensor]:
        told = [F.one_hot(classes, CLASSES).float()] if len(ours.discriminator.inputs) > 1 else []
        heads = judge(shown, *told)
        score, *named = heads if isinstance(heads, list) else [heads]
        return [score[:, -1:] - score[:, :-1] if score.shape[1] == 2 else score, *named]

    def discriminate() -> None:
        given, asked = request(recipe.batch_size)
        rows = torch.randint(0, len(images), (recipe.batch_size,))
        made = predicted(generator, *given, by_batch=recipe.frozen_batch_norm == "batch")
        sides = [(images[rows], labels[rows], torch.ones(len(rows), 1)), (made, asked, torch.zeros(len(rows), 1))]
        if recipe.discriminator_batches == "mixed":
            sides = [tuple(map(torch.cat, zip(*sides, strict=True)))]  # type: ignore[list-item]
        losses = []
        for shown, classes, aims in sides:
            score, *named = look(shown, classes)
            loss = on_judge(score, aims)
            losses.append((loss + F.cross_entropy(named[0], classes)) / 2 if named and not code else loss)
            if recipe.discriminator_batches == "sequential":
                update_d(losses.pop())
        if losses:
            loss = sum(losses[1:], losses[0]) / len(losses)
            if recipe.loss == "wasserstein_gp":
                loss = loss + recipe.penalty_weight * steepness(judge, images[rows], made)
            update_d(loss)
        if recipe.weight_clip:
            with torch.no_grad():
                for weights in judge.parameters():
                    weights.clamp_(-recipe.weight_clip, recipe.weight_clip)

    def step(count: int) -> None:
        for _ in range(count):
            for _ in range(recipe.discriminator_steps):
                discriminate()
            given, asked = request(recipe.generator_batch_size)
            with frozen(judge, taught, recipe):
                score, *named = look(generator(*given), asked)
                loss = on_generator(score, torch.ones(len(score), 1))
                update_g(loss + F.cross_entropy(named[0], asked) if named and ours.conditions else loss)

    return step


def noise(recipe: Any, count: int) -> torch.Tensor:
    """Return latents from the recipe's prior."""
    made = torch.randn(count, recipe.latent_dim)
    return made if recipe.noise == "normal" else made.uniform_(0 if recipe.noise == "unit_uniform" else -1, 1)


def steepness(judge: nn.Module, real: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
    """Return the gradient penalty of WGAN-GP."""
    share = torch.rand(len(real), 1, 1, 1)
    between = (share * real + (1 - share) * made).requires_grad_()
    (slope,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


def likelihood(params: Params, ours: Any, way: str) -> Step:
    """VAE and PixelCNN."""
    recipe: Any = params.train
    networks = [like(network, way) for network in ours.networks.values()]
    weights = [weights for network in networks for weights in network.parameters()]
    update = updating(weights, recipe, ours.network_names[0])
    images = scaled(pictures(params)[0], 0, 1)
    if len(networks) == 1:
        images = (images >= 0.33).float()

    def loss_of(shown: torch.Tensor) -> torch.Tensor:
        if len(networks) == 1:
            return F.binary_cross_entropy_with_logits(networks[0](shown), shown)
        mean, log_variance = networks[0](shown)
        made = networks[1](mean + (0.5 * log_variance).exp() * torch.randn_like(mean))
        kl = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).mean()
        return shown[0].numel() * F.mse_loss(made, shown) + kl

    def step(count: int) -> None:
        for _ in range(count):
            update(loss_of(images[torch.randint(0, len(images), (recipe.batch_size,))]))

    return step


# Translators


def pix2pix(params: Params, ours: Any, way: str) -> Step:
    """Pix2Pix: the generator is held to the image by its absolute error."""
    recipe: Any = params.train
    images, partners = (None if a is None else scaled(a) for a in pictures(params))
    assert images is not None

    def load(count: int) -> Batch:
        rows = torch.randint(0, len(images), (count,))
        target = images[rows]
        given = (target * LUMA).sum(1, keepdim=True) if partners is None else partners[rows]
        return [given], [target], lambda made: recipe.l1_weight * F.l1_loss(made, target)

    return in_turn(recipe, ours, way, load)


def super_resolution(params: Params, ours: Any, way: str) -> Step:
    """SRGAN: it is held to what VGG19 sees in the image."""
    recipe: Any = params.train
    sees, images = seeing(ours, way), scaled(pictures(params)[0])

    def load(count: int) -> Batch:
        large = images[torch.randint(0, len(images), (count,))]

        def content(made: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                wanted = sees(large)
            return recipe.content_weight * F.mse_loss(sees(made), wanted)

        return [F.avg_pool2d(large, recipe.scale)], [large], content

    return in_turn(recipe, ours, way, load)


def context_encoder(params: Params, ours: Any, way: str) -> Step:
    """The context encoder: it is held to the square that is hidden."""
    recipe: Any = params.train
    images, side = scaled(pictures(params)[0]), recipe.hole_size

    def load(count: int) -> Batch:
        shown = images[torch.randint(0, len(images), (count,))]
        hidden = []
        for image, (row, column) in zip(shown, np.random.randint(0, shown.shape[2] - side, (count, 2)), strict=True):
            square = image[:, row : row + side, column : column + side]
            hidden.append(square.clone())
            square.zero_()
        target = torch.stack(hidden).contiguous(memory_format=torch.channels_last)
        return [shown], [target], lambda made: recipe.reconstruction_weight * F.mse_loss(made, target)

    return in_turn(recipe, ours, way, load, fresh=False)


def cartoon(params: Params, ours: Any, way: str) -> Step:
    """CartoonGAN: what VGG19 sees in a drawing is its style; edges are smoothed beforehand, as ours are."""
    from ganline.datasets.edges import all_smoothed

    recipe: Any = params.train
    sees, (drawings, selfies) = seeing(ours, way), pictures(params)
    assert selfies is not None
    drawn, blurred, photographs = scaled(drawings), scaled(all_smoothed(drawings)), scaled(selfies)
    taps = torch.tensor([14.0, 62.0, 104.0, 62.0, 14.0]) / 256
    gauss = torch.outer(taps, taps).expand(3, 1, 5, 5)

    def sharpened(images: torch.Tensor) -> torch.Tensor:
        soft = F.conv2d(F.pad(images, (2, 2, 2, 2), "reflect"), gauss, groups=3)
        return ((recipe.sharpening + 1) * images - recipe.sharpening * soft).clamp(-1, 1)

    def load(count: int) -> Batch:
        rows = torch.randint(0, len(drawn), (count,))
        given, shown = photographs[torch.randint(0, len(photographs), (count,))], sharpened(drawn[rows])
        with torch.no_grad():
            style, wanted = sees(shown), sees(sharpened(given))

        def rest(made: torch.Tensor) -> torch.Tensor:
            seen = sees(made)
            return recipe.content_weight * F.l1_loss(seen, wanted) + recipe.style_weight * F.l1_loss(seen, style)

        return [given, style], [shown, blurred[rows]], rest

    return in_turn(recipe, ours, way, load, fresh=False)


def in_turn(recipe: Any, ours: Any, way: str, load: Callable[[int], Batch], fresh: bool = True) -> Step:
    """Return the step: the discriminator on real images, on false ones, on what is made, and then the generator.

    `load` gives what the generator takes, what is shown as real and as false, and what its loss has beside the score;
    the generator learns of a fresh batch or of the same.
    """
    generator, judge = like(ours.generator, way), like(ours.discriminator, way)
    update_g = updating(list(generator.parameters()), recipe, "generator")
    update_d = updating(list(judge.parameters()), recipe, "discriminator")
    on_judge, on_generator = AIMED[recipe.loss]
    weight, takes = getattr(recipe, "adversarial_weight", 1.0), len(ours.discriminator.inputs)

    def step(count: int) -> None:
        for _ in range(count):
            given, shown, rest = load(recipe.batch_size)
            for i, images in enumerate([*shown, predicted(generator, *given)]):
                scores = judge(*[*given, images][-takes:])
                update_d(on_judge(scores, torch.full_like(scores, float(i == 0))))
            if fresh:
                given, _, rest = load(recipe.generator_batch_size)
            with frozen(judge, judge.parameters(), recipe):
                made = generator(*given)
                scores = judge(*[*given, made][-takes:])
                update_g(weight * on_generator(scores, torch.ones_like(scores)) + rest(made))

    return step


def two_domains(params: Params, ours: Any, way: str) -> Step:
    """CycleGAN and DiscoGAN: two updates of each judge, then one of both generators, as CycleGAN's own code has it.

    That code, too, makes each translation once for all; it gives each picture a pass of its own.
    """
    recipe: Any = params.train
    to_b, judge_b, to_a, judge_a = (like(ours.networks[name], way) for name in ours.network_names)
    update_g = updating([*to_b.parameters(), *to_a.parameters()], recipe, "generator")
    judges = [(judge, updating(list(judge.parameters()), recipe, "discriminator")) for judge in (judge_a, judge_b)]
    domain_b, domain_a = (scaled(images) for images in pictures(params) if images is not None)

    def aims(a: torch.Tensor, b: torch.Tensor, fake_a: torch.Tensor, fake_b: torch.Tensor) -> torch.Tensor:
        loss = (judge_a(fake_a) - 1).square().mean() + (judge_b(fake_b) - 1).square().mean()
        loss = loss + recipe.cycle_weight * (F.l1_loss(to_a(fake_b), a) + F.l1_loss(to_b(fake_a), b))
        if recipe.identity_weight:
            loss = loss + recipe.identity_weight * (F.l1_loss(to_a(a), a) + F.l1_loss(to_b(b), b))
        if recipe.target_weight:
            loss = loss + recipe.target_weight * (F.l1_loss(fake_a, a) + F.l1_loss(fake_b, b))
        return loss

    def step(count: int) -> None:
        for _ in range(count):
            a, b = (pool[torch.randint(0, len(pool), (recipe.batch_size,))] for pool in (domain_a, domain_b))
            fake_b, fake_a = to_b(a), to_a(b)
            for (judge, update), real, fake in zip(judges, (a, b), (fake_a, fake_b), strict=True):
                for shown, goal in ((real, 1.0), (fake.detach(), 0.0)):
                    update((judge(shown) - goal).square().mean())
            with frozen(judge_a, judge_a.parameters(), recipe), frozen(judge_b, judge_b.parameters(), recipe):
                update_g(aims(a, b, fake_a, fake_b))

    return step


FAMILIES: dict[str, Callable[[Params, Any, str], Step]] = {
    "vae.VAE": likelihood,
    "pixelcnn.PixelCNN": likelihood,
    "pix2pix.Pix2Pix": pix2pix,
    "pix2pix.Maps": pix2pix,
    "cyclegan.UNet": two_domains,
    "cyclegan.ResNet": two_domains,
    "discogan.DiscoGAN": two_domains,
    "srgan.SRGAN": super_resolution,
    "cartoongan.CartoonGAN": cartoon,
    "context_encoder.ContextEncoder": context_encoder,
}
"""By model; the others are GANs that draw latents."""


# What several need


def updating(weights: list[nn.Parameter], recipe: Any, name: str) -> Callable[[torch.Tensor], None]:
    """Return what updates the weights by a loss; the optimizer's moments are made by an update that changes nothing."""
    rule, limit = recipe.optimizers[name], recipe.gradient_clip_value
    if rule.name == "rmsprop":
        made: torch.optim.Optimizer = torch.optim.RMSprop(weights, rule.learning_rate, rule.beta_2, eps=1e-7)
    else:
        made = torch.optim.Adam(weights, rule.learning_rate, (rule.beta_1, rule.beta_2), eps=1e-7, fused=True)
    for each in weights:
        each.grad = torch.zeros_like(each)
    made.step()
    made.zero_grad()  # or gradients would count as there before the first step

    def update(loss: torch.Tensor) -> None:
        made.zero_grad()
        loss.backward()
        if limit:
            nn.utils.clip_grad_value_(weights, limit)
        made.step()

    return update


def predicted(network: nn.Module, *given: torch.Tensor, by_batch: bool = False) -> torch.Tensor:
    """Return what the network makes without a gradient, in inference mode unless it is to normalise by the batch."""
    network.train(by_batch)
    with torch.no_grad():
        made = network(*given)
    network.train()
    return made


@contextmanager
def frozen(network: nn.Module, weights: Iterable[nn.Parameter], recipe: Any) -> Iterator[None]:
    """Give those weights of the network no gradient, and have its batch norms normalise as the recipe's frozen do."""
    weights, moving = list(weights), recipe.frozen_batch_norm == "moving"
    norms = [part for part in network.modules() if moving and isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d)]

    def freeze(on: bool) -> None:
        for each in weights:
            each.requires_grad_(not on)
        for norm in norms:
            norm.train(not on)

    freeze(True)
    yield
    freeze(False)


def scaled(images: np.ndarray, low: float = -1, high: float = 1) -> torch.Tensor:
    """Return uint8 (N, H, W, C) as float32 (N, C, H, W), low to high: channels_last in memory."""
    return (torch.from_numpy(images).float() / 255 * (high - low) + low).permute(0, 3, 1, 2)
