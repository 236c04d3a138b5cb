"""Runs that the rules were made on, and those that they met first: tuning, held-out, fresh and blind."""

from benchmarks.diagnosis.ground import (
    BATCH,
    GAP_ALONE,
    LOGGED,
    PENALTY,
    PLAIN_DESCENT,
    SPECTRAL,
    WASSERSTEIN,
    Z,
    made,
    rates,
)

TINY = made(
    "mode-collapse-mnist", 6000, BATCH,
    [
        ("mnist", "the document's own failure", ()),
        ("fashion_mnist", "the document's own failure", ()),
        ("emoji", "the document's own failure", ()),
        ("mnist", "tiny z", (f"{Z}1", *rates(1e-3, 1e-3))),
        ("fashion_mnist", "tiny z", (f"{Z}1",)),
        ("mnist", "larger z", (f"{Z}64", *rates(5e-4, 5e-4))),
        ("fashion_mnist", "larger z", (f"{Z}64", *rates(5e-4, 5e-4))),
        ("emoji", "larger z", (f"{Z}64", *rates(5e-4, 5e-4))),
        ("mnist", "larger z, smoothed labels", (f"{Z}64", "train.label_smoothing=0.1", *rates(1e-3, 1e-3))),
        ("fashion_mnist", "larger z, instance noise", (f"{Z}32", "train.instance_noise=0.3", *rates(1e-3, 5e-4))),
        ("mnist", "wild rates", (f"{Z}32", *rates(0.05, 0.05))),
        ("emoji", "wild rates", (f"{Z}32", *rates(0.05, 0.05))),
        ("fashion_mnist", "discriminator too fast", (f"{Z}32", *rates(1e-5, 2e-3))),
        ("mnist", "discriminator too slow", (f"{Z}32", *rates(5e-3, 1e-6))),
        ("emoji", "discriminator too slow", (f"{Z}32", *rates(5e-3, 1e-6))),
        ("mnist", "generator hardly learns", (f"{Z}32", *rates(1e-7, 1e-4))),
        ("fashion_mnist", "no number", (f"{Z}32", *PLAIN_DESCENT)),
        ("mnist", "clip too tight", (f"{Z}32", *WASSERSTEIN, "train.weight_clip=0.0005")),
        ("fashion_mnist", "clip too loose", (f"{Z}32", *WASSERSTEIN, "train.weight_clip=5.0", *rates(5e-4, 5e-4))),
        ("mnist", "Wasserstein with penalty", (f"{Z}32", *PENALTY, *rates(1e-3, 1e-3))),
        ("mnist", "many discriminator steps", (f"{Z}32", "train.discriminator_steps=10", *rates(1e-4, 1e-3))),
        ("fashion_mnist", "many generator steps", (f"{Z}32", "train.generator_steps=10", *rates(2e-3, 1e-4))),
        ("mnist", "few images", (f"{Z}64", *rates(5e-4, 5e-4)), 40),
    ],
)  # fmt: skip
MLP = made(
    "gan-mnist", 3000, LOGGED,
    [
        ("mnist", "healthy", rates(2e-4, 2e-4)),
        ("mnist", "healthy, another seed", ("seed=7", *rates(2e-4, 2e-4))),
        ("fashion_mnist", "healthy", rates(2e-4, 2e-4)),
        ("emoji", "healthy", rates(2e-4, 2e-4)),
        ("mnist", "healthy, hinge", ("train.loss=hinge", *rates(2e-4, 2e-4))),
        ("fashion_mnist", "healthy, smoothed labels", ("train.label_smoothing=0.1", *rates(2e-4, 2e-4))),
        ("mnist", "healthy, spectral", (SPECTRAL, *rates(2e-4, 5e-4))),
        ("mnist", "tiny z", (f"{Z}1", *rates(2e-4, 2e-4))),
        ("fashion_mnist", "tiny z", (f"{Z}1", *rates(2e-4, 2e-4))),
        ("mnist", "wild rates", rates(0.02, 0.02)),
        ("fashion_mnist", "wild rates", rates(0.02, 0.02)),
        ("mnist", "discriminator too fast", rates(1e-6, 2e-3)),
        ("emoji", "discriminator too slow", rates(2e-3, 1e-7)),
        ("mnist", "minimax against a fast discriminator", ("train.loss=minimax", *rates(1e-5, 2e-3))),
        ("mnist", "late rates too high", (*rates(2e-3, 2e-3),)),
        ("fashion_mnist", "many generator steps", ("train.generator_steps=5", *rates(2e-3, 5e-5))),
    ],
)  # fmt: skip
CONVOLUTIONAL = made(
    "dcgan-fashion-mnist-workshop",
    1800,
    ("train.batch_size=16", "train.generator_batch_size=16"),
    [
        ("fashion_mnist", "healthy", ()),
        ("mnist", "healthy", ()),
        ("mnist", "wild rates", rates(0.05, 0.05)),
        ("fashion_mnist", "discriminator too fast", rates(1e-6, 1e-3)),
    ],
)
GAP = made(
    "convergence-failure-mnist", 4000, (),
    [
        ("mnist", "the document's own failure", ()),
        ("fashion_mnist", "the document's own failure", ()),
        ("emoji", "the document's own failure", ()),
        ("mnist", "capacity alone", (GAP_ALONE,)),
        ("fashion_mnist", "capacity alone", (GAP_ALONE,)),
        ("mnist", "capacity, spectral", (GAP_ALONE, SPECTRAL, *rates(1e-3, 1e-3))),
        ("fashion_mnist", "capacity, spectral", (GAP_ALONE, SPECTRAL, *rates(1e-3, 1e-3))),
        ("mnist", "capacity, penalty", (GAP_ALONE, *PENALTY, *rates(1e-3, 3e-4))),
        ("emoji", "capacity, instance noise", (GAP_ALONE, "train.instance_noise=0.5", *rates(1e-3, 1e-4))),
        ("mnist", "discriminator too slow", (GAP_ALONE, *rates(1e-2, 1e-7))),
        ("fashion_mnist", "wild rates", (GAP_ALONE, *rates(0.1, 0.1))),
        ("mnist", "tiny z", (GAP_ALONE, f"{Z}1", SPECTRAL, *rates(1e-3, 1e-3))),
        ("mnist", "no number", (GAP_ALONE, *PLAIN_DESCENT)),
        ("fashion_mnist", "clip too tight", (GAP_ALONE, *WASSERSTEIN, "train.weight_clip=0.0005")),
    ],
)  # fmt: skip
SQUARES = made(
    "lsgan-mnist", 2500, LOGGED,
    [
        ("mnist", "healthy", ()),
        ("mnist", "healthy, another seed", ("seed=7",)),
        ("fashion_mnist", "healthy", ()),
        ("emoji", "healthy", ()),
        ("mnist", "healthy, cross-entropy", ("train.loss=non_saturating",)),
        ("fashion_mnist", "healthy, both in one batch", ("train.discriminator_batches=mixed",)),
        ("fashion_mnist", "healthy, averaged generator", ("train.generator_average=0.99",)),
        ("mnist", "tiny z", (f"{Z}1",)),
        ("fashion_mnist", "tiny z", (f"{Z}1",)),
        ("mnist", "wild rates", rates(0.02, 0.02)),
        ("emoji", "wild rates", rates(0.02, 0.02)),
        ("mnist", "discriminator too fast", rates(1e-6, 2e-3)),
        ("fashion_mnist", "discriminator too slow", rates(2e-3, 1e-7)),
        ("mnist", "many discriminator steps", ("train.discriminator_steps=5", *rates(1e-5, 1e-3))),
        ("mnist", "generator hardly learns", rates(1e-8, 2e-4)),
        ("fashion_mnist", "many generator steps", ("train.generator_steps=5", *rates(2e-3, 5e-5))),
    ],
)  # fmt: skip
FRESH_GAP = made(
    "convergence-failure-mnist",
    4000,
    ("seed=11",),
    [
        ("mnist", "capacity, spectral", (GAP_ALONE, SPECTRAL, *rates(1e-3, 1e-3))),
        ("fashion_mnist", "capacity, slower spectral", (GAP_ALONE, SPECTRAL, *rates(5e-4, 5e-4))),
        ("emoji", "capacity, spectral", (GAP_ALONE, SPECTRAL, *rates(1e-3, 1e-3))),
        ("fashion_mnist", "capacity, penalty", (GAP_ALONE, *PENALTY, *rates(5e-4, 3e-4))),
        ("mnist", "the document's own failure", ()),
        ("fashion_mnist", "tiny z", (GAP_ALONE, f"{Z}1", SPECTRAL, *rates(1e-3, 1e-3))),
        ("emoji", "clip too tight", (GAP_ALONE, *WASSERSTEIN, "train.weight_clip=0.0005")),
    ],
)
FRESH_SQUARES = made(
    "lsgan-mnist",
    2500,
    ("seed=11", *LOGGED),
    [
        ("mnist", "healthy", ()),
        ("fashion_mnist", "healthy, slower", rates(1e-4, 1e-4)),
        ("emoji", "healthy", ()),
        ("mnist", "healthy, both in one batch", ("train.discriminator_batches=mixed",)),
        ("emoji", "tiny z", (f"{Z}1",)),
        ("fashion_mnist", "wild rates", rates(0.02, 0.02)),
        ("fashion_mnist", "discriminator too fast", rates(1e-6, 2e-3)),
        ("mnist", "discriminator too slow", rates(2e-3, 1e-7)),
    ],
)
SLOW = [
    *made(
        "mode-collapse-mnist", 6000, BATCH,
        [
            ("mnist", "slow", (f"{Z}64", *rates(3e-4, 3e-4))),
            ("emoji", "slow, spectral", (f"{Z}64", SPECTRAL, *rates(1e-3, 1e-3))),
        ],
    ),
    *made(
        "gan-mnist", 3000, LOGGED,
        [
            ("mnist", "slow", rates(5e-5, 5e-5)),
            ("fashion_mnist", "slow", rates(5e-5, 5e-5)),
        ],
    ),
]  # fmt: skip
"""Learners that are slow on purpose: the tuning half had none, so that its rules took them for failures."""
BLIND_TINY = made(
    "mode-collapse-mnist",
    4000,
    ("seed=23", *BATCH),
    [
        ("mnist", "larger z", (f"{Z}64", *rates(1e-3, 1e-3))),
        ("digits", "larger z, slow", (f"{Z}64", *rates(5e-4, 5e-4))),
        ("mnist", "penalty, slow", (f"{Z}32", *PENALTY, *rates(5e-4, 5e-4))),
        ("digits", "the document's own failure", ()),
        ("emoji", "tiny z", (f"{Z}1", *rates(5e-4, 5e-4))),
        ("digits", "discriminator too fast", (f"{Z}32", *rates(1e-6, 2e-3))),
        ("fashion_mnist", "clip too tight", (f"{Z}32", *WASSERSTEIN, "train.weight_clip=0.0005")),
        ("mnist", "overtrained: few images, a fast discriminator", (f"{Z}64", *rates(1e-3, 3e-3)), 100),
    ],
)  # fmt: skip
BLIND_MLP = made(
    "gan-mnist",
    2500,
    ("seed=23", *LOGGED),
    [
        ("digits", "healthy", rates(2e-4, 2e-4)),
        ("fashion_mnist", "healthy, slower", rates(1e-4, 1e-4)),
        ("mnist", "healthy, slower", rates(1e-4, 1e-4)),
        ("digits", "tiny z", (f"{Z}1", *rates(2e-4, 2e-4))),
        ("fashion_mnist", "discriminator too slow", rates(2e-3, 1e-7)),
        ("digits", "overtrained: few images, a fast discriminator", rates(2e-4, 1e-3), 60),
    ],
)  # fmt: skip
BLIND_GAP = made(
    "convergence-failure-mnist",
    4000,
    ("seed=23",),
    [
        ("mnist", "capacity, slow spectral", (GAP_ALONE, SPECTRAL, *rates(7e-4, 7e-4))),
        ("digits", "capacity, spectral", (GAP_ALONE, SPECTRAL, *rates(1e-3, 1e-3))),
        ("fashion_mnist", "capacity, slow spectral", (GAP_ALONE, SPECTRAL, *rates(7e-4, 7e-4))),
        ("digits", "the document's own failure", ()),
        ("fashion_mnist", "discriminator too slow", (GAP_ALONE, *rates(1e-2, 1e-7))),
    ],
)
BLIND_SQUARES = made(
    "lsgan-mnist",
    2500,
    ("seed=23", *LOGGED),
    [
        ("digits", "healthy", ()),
        ("mnist", "healthy, slow", rates(1e-4, 1e-4)),
        ("fashion_mnist", "healthy, spectral", (SPECTRAL,)),
        ("fashion_mnist", "tiny z", (f"{Z}1",)),
        ("digits", "wild rates", rates(0.02, 0.02)),
        ("mnist", "many generator steps", ("train.generator_steps=5", *rates(2e-3, 5e-5))),
    ],
)
