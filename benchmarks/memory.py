"""Measures the most memory that training steps take: of translators of two domains, and of StyleGAN at full width.

Run: python -m benchmarks.memory [NAME ...]; cyclegan-horse2zebra where none is named. Each contender takes three steps
of its own in a process of its own, float32: translators at 128x128 and a batch of 1, StyleGAN and StyleGAN2 with all
that they have at 256x256 and a batch of 4. A row is by how much the process's peak of resident memory (VmHWM) exceeds
what it holds, all that is free given back, once networks, optimizers and data are there, and in brackets the peak
itself; ours includes making the graph. Translators have a row of PyTorch's where it is installed.
"""

from importlib.util import find_spec

from benchmarks.asked import asked
from benchmarks.train_step import OURS, Contender

TRANSLATORS = {
    name: (name, "prepare.size=128") for name in ("cyclegan-horse2zebra", "cyclegan-apple2orange", "discogan-faces")
}
WIDE = ("stylegan-1024", "prepare.size=256", "train.batch_size=4", "train.generator_batch_size=4")
KNOWN = TRANSLATORS | {
    "stylegan": WIDE,
    "stylegan2": (
        *(*WIDE, "train.model=stylegan.StyleGAN2", "train.features=32768"),
        *("train.r1_every=16", "train.path_length_weight=2.0"),
    ),
}
"""Experiments, and what is not as their presets have it."""
STEPS = 3


def measure(name: str) -> dict[str, tuple[float, float]]:
    """Return what steps take at most, and what the process has then: contender -> MiB."""
    experiment, *more = KNOWN[name]
    field = {OURS[0]: ("contenders.ganline", experiment, "float32", *more)}
    if name in TRANSLATORS and find_spec("torch"):
        field["PyTorch eager"] = ("torch_steps.pytorch", experiment, "eager", *more)
    found = {}
    for who, given in field.items():
        contender = Contender(*given)
        for _ in range(STEPS):
            contender.run(1)
        contender.stop()
        found[who] = contender.memory, contender.peak
    return found


if __name__ == "__main__":
    for wanted in asked("benchmarks.memory", __doc__, "NAME", KNOWN) or list(KNOWN)[:1]:
        lines = [f"{who}: {taken:.0f} MiB ({peak:.0f})" for who, (taken, peak) in measure(wanted).items()]
        print(wanted, *lines, sep="\n  ", flush=True)
