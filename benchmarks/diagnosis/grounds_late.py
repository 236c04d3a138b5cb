"""Runs that the rules met when they stood: unseen, sealed, named and final."""

from benchmarks.diagnosis.ground import BATCH, GAP_ALONE, LOGGED, PENALTY, SPECTRAL, WASSERSTEIN, Ground, Z, made, rates

UNSEEN_TINY = made(
    "mode-collapse-mnist", 6000, ("seed=31", *BATCH),
    [
        ("fashion_mnist", "larger z", (f"{Z}128", *rates(1e-3, 1e-3))),
        ("digits", "larger z, slow", (f"{Z}64", *rates(2e-4, 2e-4))),
        ("mnist", "larger z, hinge", (f"{Z}32", "train.loss=hinge", *rates(1e-3, 1e-3))),
        ("mnist", "larger z, least squares", (f"{Z}64", "train.loss=least_squares", *rates(1e-3, 1e-3))),
        ("mnist", "the document's own failure", ()),
        ("fashion_mnist", "the document's own failure", ()),
        ("digits", "tiny z", (f"{Z}1", *rates(5e-4, 5e-4))),
        ("emoji", "tiny z", (f"{Z}1", *rates(1e-3, 1e-3))),
        ("mnist", "discriminator too fast", (f"{Z}32", *rates(1e-6, 1e-3))),
        ("digits", "discriminator too slow", (f"{Z}32", *rates(5e-3, 1e-6))),
        ("mnist", "wild rates", (f"{Z}32", *rates(0.02, 0.02))),
        ("digits", "overtrained: few images, a fast discriminator", (f"{Z}64", *rates(1e-3, 3e-3)), 60),
    ],
)  # fmt: skip
UNSEEN_MLP = made(
    "gan-mnist", 6000, ("seed=31", *LOGGED),
    [
        ("mnist", "healthy", rates(2e-4, 2e-4)),
        ("fashion_mnist", "healthy, smoothed labels", ("train.label_smoothing=0.1", *rates(2e-4, 2e-4))),
        ("digits", "healthy, slower", rates(1e-4, 1e-4)),
        ("emoji", "healthy, spectral", (SPECTRAL, *rates(2e-4, 4e-4))),
        ("mnist", "healthy, instance noise", ("train.instance_noise=0.2", *rates(2e-4, 2e-4))),
        ("fashion_mnist", "healthy, penalty", (*PENALTY, *rates(2e-4, 2e-4))),
        ("fashion_mnist", "tiny z", (f"{Z}1", *rates(2e-4, 2e-4))),
        ("digits", "wild rates", rates(0.02, 0.02)),
        ("emoji", "discriminator too fast", rates(1e-6, 2e-3)),
        ("fashion_mnist", "discriminator too slow", rates(2e-3, 1e-7)),
        ("mnist", "overtrained: few images, a fast discriminator", rates(2e-4, 1e-3), 200),
    ],
)  # fmt: skip
UNSEEN_GAP = made(
    "convergence-failure-mnist", 6000, ("seed=31",),
    [
        ("mnist", "capacity, spectral", (GAP_ALONE, SPECTRAL, *rates(1e-3, 1e-3))),
        ("digits", "capacity, slow spectral", (GAP_ALONE, SPECTRAL, *rates(7e-4, 7e-4))),
        ("fashion_mnist", "capacity, penalty", (GAP_ALONE, *PENALTY, *rates(1e-3, 3e-4))),
        ("emoji", "capacity, instance noise", (GAP_ALONE, "train.instance_noise=0.5", *rates(1e-3, 1e-4))),
        ("mnist", "capacity, very slow spectral", (GAP_ALONE, SPECTRAL, *rates(4e-4, 4e-4))),
        ("mnist", "the document's own failure", ()),
        ("fashion_mnist", "capacity alone", (GAP_ALONE,)),
        ("digits", "tiny z", (GAP_ALONE, f"{Z}1", SPECTRAL, *rates(1e-3, 1e-3))),
        ("fashion_mnist", "wild rates", (GAP_ALONE, *rates(0.1, 0.1))),
    ],
)  # fmt: skip
UNSEEN_SQUARES = made(
    "lsgan-mnist", 5000, ("seed=31", *LOGGED),
    [
        ("mnist", "healthy", ()),
        ("fashion_mnist", "healthy, slower", rates(1e-4, 1e-4)),
        ("emoji", "healthy", ()),
        ("digits", "healthy, cross-entropy", ("train.loss=non_saturating",)),
        ("mnist", "healthy, spectral", (SPECTRAL,)),
        ("fashion_mnist", "healthy, averaged generator", ("train.generator_average=0.99",)),
        ("mnist", "tiny z", (f"{Z}1",)),
        ("digits", "discriminator too fast", rates(1e-6, 2e-3)),
        ("emoji", "wild rates", rates(0.02, 0.02)),
        ("fashion_mnist", "many generator steps", ("train.generator_steps=5", *rates(2e-3, 5e-5))),
        ("digits", "overtrained: few images, a fast discriminator", rates(2e-4, 1e-3), 60),
    ],
)  # fmt: skip
UNSEEN_CONVOLUTIONAL = made(
    "dcgan-fashion-mnist-workshop", 2400, ("seed=31", "train.batch_size=16", "train.generator_batch_size=16"),
    [
        ("fashion_mnist", "healthy", ()),
        ("mnist", "healthy, slower", rates(5e-5, 5e-5)),
        ("fashion_mnist", "wild rates", rates(0.05, 0.05)),
        ("mnist", "discriminator too fast", rates(1e-6, 1e-3)),
    ],
)  # fmt: skip
SEALED_TINY = made(
    "mode-collapse-mnist", 6000, ("seed=47", *BATCH),
    [
        ("mnist", "larger z", (f"{Z}100", *rates(7e-4, 7e-4))),
        ("fashion_mnist", "larger z, smoothed labels", (f"{Z}64", "train.label_smoothing=0.1", *rates(5e-4, 5e-4))),
        ("digits", "larger z, instance noise", (f"{Z}32", "train.instance_noise=0.3", *rates(1e-3, 1e-3))),
        ("mnist", "larger z, spectral", (f"{Z}64", SPECTRAL, *rates(1e-3, 1e-3))),
        ("emoji", "the document's own failure", ()),
        ("mnist", "the document's own failure, faster", rates(1e-3, 1e-3)),
        ("fashion_mnist", "tiny z", (f"{Z}1", *rates(5e-4, 5e-4))),
        ("digits", "tiny z", (f"{Z}2", *rates(1e-3, 1e-3))),
        ("fashion_mnist", "discriminator too fast", (f"{Z}32", *rates(1e-6, 2e-3))),
        ("emoji", "discriminator too slow", (f"{Z}32", *rates(5e-3, 1e-7))),
        ("fashion_mnist", "wild rates", (f"{Z}32", *rates(0.05, 0.05))),
        ("mnist", "few images", (f"{Z}64", *rates(5e-4, 1e-3)), 100),
    ],
)  # fmt: skip
SEALED_MLP = made(
    "gan-mnist", 6000, ("seed=47", *LOGGED),
    [
        ("mnist", "healthy, smoothed labels", ("train.label_smoothing=0.1", *rates(2e-4, 2e-4))),
        ("fashion_mnist", "healthy", rates(2e-4, 2e-4)),
        ("digits", "healthy", rates(2e-4, 2e-4)),
        ("mnist", "healthy, slow", rates(5e-5, 5e-5)),
        ("fashion_mnist", "healthy, spectral", (SPECTRAL, *rates(2e-4, 5e-4))),
        ("mnist", "healthy, hinge", ("train.loss=hinge", *rates(2e-4, 2e-4))),
        ("mnist", "tiny z", (f"{Z}1", *rates(2e-4, 2e-4))),
        ("digits", "tiny z", (f"{Z}1", *rates(5e-4, 5e-4))),
        ("fashion_mnist", "wild rates", rates(0.02, 0.02)),
        ("digits", "discriminator too fast", rates(1e-6, 2e-3)),
        ("mnist", "discriminator too slow", rates(2e-3, 1e-7)),
        ("digits", "overtrained: few images, a fast discriminator", rates(2e-4, 1e-3), 100),
    ],
)  # fmt: skip
SEALED_GAP = made(
    "convergence-failure-mnist", 6000, ("seed=47",),
    [
        ("fashion_mnist", "capacity, spectral", (GAP_ALONE, SPECTRAL, *rates(1e-3, 1e-3))),
        ("mnist", "capacity, slow spectral", (GAP_ALONE, SPECTRAL, *rates(7e-4, 7e-4))),
        ("emoji", "capacity, spectral", (GAP_ALONE, SPECTRAL, *rates(1e-3, 1e-3))),
        ("digits", "capacity, penalty", (GAP_ALONE, *PENALTY, *rates(1e-3, 3e-4))),
        ("mnist", "capacity, smoothed labels", (GAP_ALONE, SPECTRAL, "train.label_smoothing=0.1", *rates(1e-3, 1e-3))),
        ("fashion_mnist", "the document's own failure", ()),
        ("mnist", "capacity alone", (GAP_ALONE,)),
        ("digits", "clip too tight", (GAP_ALONE, *WASSERSTEIN, "train.weight_clip=0.0005")),
        ("mnist", "discriminator too slow", (GAP_ALONE, *rates(1e-2, 1e-7))),
        ("fashion_mnist", "tiny z", (GAP_ALONE, f"{Z}1", SPECTRAL, *rates(1e-3, 1e-3))),
    ],
)  # fmt: skip
SEALED_SQUARES = made(
    "lsgan-mnist", 5000, ("seed=47", *LOGGED),
    [
        ("fashion_mnist", "healthy", ()),
        ("digits", "healthy", ()),
        ("mnist", "healthy, slow", rates(1e-4, 1e-4)),
        ("mnist", "healthy, averaged generator", ("train.generator_average=0.99",)),
        ("fashion_mnist", "healthy, cross-entropy", ("train.loss=non_saturating",)),
        ("emoji", "healthy, spectral", (SPECTRAL,)),
        ("fashion_mnist", "tiny z", (f"{Z}1",)),
        ("mnist", "discriminator too fast", rates(1e-6, 2e-3)),
        ("mnist", "wild rates", rates(0.02, 0.02)),
        ("fashion_mnist", "discriminator too slow", rates(2e-3, 1e-7)),
    ],
)  # fmt: skip
SEALED_CONVOLUTIONAL = made(
    "dcgan-fashion-mnist-workshop", 2400, ("seed=47", "train.batch_size=16", "train.generator_batch_size=16"),
    [
        ("mnist", "healthy", ()),
        ("fashion_mnist", "healthy, slower", rates(1e-4, 1e-4)),
        ("fashion_mnist", "discriminator too fast", rates(1e-6, 1e-3)),
    ],
)  # fmt: skip
NAMED: list[Ground] = [
    *made(
        "mode-collapse-mnist", 6000, ("seed=59", *BATCH),
        [
            ("mnist", "the document's own failure", ()),
            ("digits", "the document's own failure, faster", rates(1e-3, 1e-3)),
            ("mnist", "tiny z", (f"{Z}1", *rates(5e-4, 5e-4))),
            ("emoji", "tiny z", (f"{Z}2", *rates(5e-4, 5e-4))),
            ("mnist", "discriminator too fast", (f"{Z}32", *rates(1e-6, 2e-3))),
            ("fashion_mnist", "discriminator too slow", (f"{Z}32", *rates(5e-3, 1e-7))),
            ("digits", "wild rates", (f"{Z}32", *rates(0.05, 0.05))),
            ("fashion_mnist", "clip too tight", (f"{Z}64", *WASSERSTEIN, "train.weight_clip=0.0005")),
        ],
    ),
    *made(
        "gan-mnist", 6000, ("seed=59", *LOGGED),
        [
            ("emoji", "tiny z", (f"{Z}1", *rates(2e-4, 2e-4))),
            ("fashion_mnist", "tiny z", (f"{Z}1", *rates(5e-4, 5e-4))),
            ("mnist", "wild rates", rates(0.02, 0.02)),
            ("fashion_mnist", "discriminator too fast", rates(1e-6, 2e-3)),
            ("digits", "discriminator too slow", rates(2e-3, 1e-7)),
            ("digits", "overtrained: few images, a fast discriminator", rates(2e-4, 1e-3), 60),
        ],
    ),
    *made(
        "convergence-failure-mnist", 6000, ("seed=59",),
        [
            ("mnist", "the document's own failure", ()),
            ("digits", "capacity alone", (GAP_ALONE,)),
            ("fashion_mnist", "clip too tight", (GAP_ALONE, *WASSERSTEIN, "train.weight_clip=0.0005")),
            ("fashion_mnist", "discriminator too slow", (GAP_ALONE, *rates(1e-2, 1e-7))),
        ],
    ),
    *made(
        "lsgan-mnist", 5000,
        ("seed=59", *LOGGED),
        [
            ("digits", "tiny z", (f"{Z}1",)),
            ("mnist", "tiny z", (f"{Z}2",)),
            ("fashion_mnist", "discriminator too fast", rates(1e-6, 2e-3)),
            ("digits", "wild rates", rates(0.05, 0.05)),
            ("mnist", "discriminator too slow", rates(2e-3, 1e-7)),
            ("mnist", "many generator steps", ("train.generator_steps=5", *rates(2e-3, 5e-5))),
        ],
    ),
]  # fmt: skip
"""Runs made to fail, written down with the last change of what a failure is called, run after it: for names alone."""
FINAL: list[Ground] = [
    *made(
        "mode-collapse-mnist", 6000, ("seed=71", *BATCH),
        [
            ("mnist", "larger z", (f"{Z}50", *rates(1e-3, 1e-3))),
            ("fashion_mnist", "larger z", (f"{Z}128", *rates(7e-4, 7e-4))),
            ("digits", "larger z, smoothed labels", (f"{Z}64", "train.label_smoothing=0.1", *rates(1e-3, 1e-3))),
            ("mnist", "larger z, penalty", (f"{Z}64", *PENALTY, *rates(1e-3, 1e-3))),
            ("fashion_mnist", "the document's own failure", ()),
            ("digits", "the document's own failure", ()),
            ("mnist", "tiny z", (f"{Z}2", *rates(1e-3, 1e-3))),
            ("emoji", "tiny z", (f"{Z}1", *rates(1e-3, 1e-3))),
            ("digits", "discriminator too fast", (f"{Z}32", *rates(1e-6, 2e-3))),
            ("mnist", "discriminator too slow", (f"{Z}32", *rates(5e-3, 1e-7))),
            ("digits", "discriminator too slow", (f"{Z}32", *rates(5e-3, 1e-6))),
            ("mnist", "wild rates", (f"{Z}32", *rates(0.05, 0.05))),
            ("emoji", "wild rates", (f"{Z}32", *rates(0.02, 0.02))),
            ("digits", "clip too tight", (f"{Z}32", *WASSERSTEIN, "train.weight_clip=0.0005")),
            ("fashion_mnist", "few images", (f"{Z}64", *rates(5e-4, 1e-3)), 100),
        ],
    ),
    *made(
        "gan-mnist", 6000, ("seed=71", *LOGGED),
        [
            ("mnist", "healthy", rates(2e-4, 2e-4)),
            ("fashion_mnist", "healthy, smoothed labels", ("train.label_smoothing=0.1", *rates(2e-4, 2e-4))),
            ("digits", "healthy, spectral", (SPECTRAL, *rates(2e-4, 5e-4))),
            ("mnist", "healthy, slower", rates(1e-4, 1e-4)),
            ("fashion_mnist", "healthy, hinge", ("train.loss=hinge", *rates(2e-4, 2e-4))),
            ("mnist", "tiny z", (f"{Z}1", *rates(5e-4, 5e-4))),
            ("fashion_mnist", "tiny z", (f"{Z}2", *rates(2e-4, 2e-4))),
            ("digits", "tiny z", (f"{Z}1", *rates(2e-4, 2e-4))),
            ("mnist", "wild rates", rates(0.02, 0.02)),
            ("digits", "wild rates", rates(0.02, 0.02)),
            ("mnist", "discriminator too fast", rates(1e-6, 2e-3)),
            ("emoji", "discriminator too fast", rates(1e-6, 1e-3)),
            ("fashion_mnist", "discriminator too slow", rates(2e-3, 1e-7)),
            ("mnist", "many generator steps", ("train.generator_steps=5", *rates(2e-3, 5e-5))),
            ("mnist", "overtrained: few images, a fast discriminator", rates(2e-4, 1e-3), 100),
        ],
    ),
    *made(
        "convergence-failure-mnist", 6000, ("seed=71",),
        [
            ("mnist", "capacity, spectral", (GAP_ALONE, SPECTRAL, *rates(1e-3, 1e-3))),
            ("fashion_mnist", "capacity, slow spectral", (GAP_ALONE, SPECTRAL, *rates(7e-4, 7e-4))),
            ("digits", "capacity, spectral", (GAP_ALONE, SPECTRAL, *rates(1e-3, 1e-3))),
            ("emoji", "capacity, smoothed", (GAP_ALONE, SPECTRAL, "train.label_smoothing=0.1", *rates(1e-3, 1e-3))),
            ("mnist", "the document's own failure", ()),
            ("digits", "the document's own failure", ()),
            ("emoji", "capacity alone", (GAP_ALONE,)),
            ("mnist", "wild rates", (GAP_ALONE, *rates(0.1, 0.1))),
            ("mnist", "tiny z", (GAP_ALONE, f"{Z}1", SPECTRAL, *rates(1e-3, 1e-3))),
            ("digits", "discriminator too slow", (GAP_ALONE, *rates(1e-2, 1e-7))),
            ("mnist", "clip too tight", (GAP_ALONE, *WASSERSTEIN, "train.weight_clip=0.0005")),
        ],
    ),
    *made(
        "lsgan-mnist", 5000, ("seed=71", *LOGGED),
        [
            ("mnist", "healthy", ()),
            ("fashion_mnist", "healthy, spectral", (SPECTRAL,)),
            ("emoji", "healthy", ()),
            ("digits", "healthy, cross-entropy", ("train.loss=non_saturating",)),
            ("fashion_mnist", "healthy, slow", rates(1e-4, 1e-4)),
            ("mnist", "tiny z", (f"{Z}1",)),
            ("digits", "tiny z", (f"{Z}2",)),
            ("fashion_mnist", "wild rates", rates(0.02, 0.02)),
            ("digits", "discriminator too fast", rates(1e-6, 2e-3)),
            ("emoji", "discriminator too slow", rates(2e-3, 1e-7)),
            ("fashion_mnist", "many generator steps", ("train.generator_steps=5", *rates(2e-3, 5e-5))),
            ("digits", "overtrained: few images, a fast discriminator", rates(2e-4, 1e-3), 60),
        ],
    ),
    *made(
        "dcgan-fashion-mnist-workshop", 2400,
        ("seed=71", "train.batch_size=16", "train.generator_batch_size=16"),
        [
            ("fashion_mnist", "healthy", ()),
            ("mnist", "healthy", ()),
            ("fashion_mnist", "wild rates", rates(0.05, 0.05)),
            ("mnist", "discriminator too fast", rates(1e-6, 1e-3)),
        ],
    ),
]  # fmt: skip
"""Written down with the rule that asks whether samples look like data at all (likeness), run after it."""
