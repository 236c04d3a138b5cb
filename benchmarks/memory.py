"""Measures the most memory that training steps of a translator of two domains take, ours beside PyTorch's.

Run: python -m benchmarks.memory [EXPERIMENT ...]; cyclegan-horse2zebra where none is named. Each contender takes three
steps of its own in a process of its own, float32, at 128x128 and the experiment's batch size (1). A row is by how much
the process's peak of resident memory (VmHWM) exceeds what it holds, all that is free given back, once networks,
optimizers and data are there; ours includes making the graph. PyTorch's row is there where it is installed.
"""

from importlib.util import find_spec

from benchmarks.asked import asked
from benchmarks.train_step import OURS, Contender

KNOWN = ("cyclegan-horse2zebra", "cyclegan-apple2orange", "discogan-faces")
STEPS = 3
SIZE = "prepare.size=128"


def measure(experiment: str) -> dict[str, float]:
    """Return what steps take at most: contender -> MiB."""
    field = {OURS[0]: ("contenders.ganline", experiment, "float32", SIZE)}
    if find_spec("torch"):
        field["PyTorch eager"] = ("torch_steps.pytorch", experiment, "eager", SIZE)
    found = {}
    for name, given in field.items():
        contender = Contender(*given)
        for _ in range(STEPS):
            contender.run(1)
        contender.stop()
        found[name] = contender.memory
    return found


if __name__ == "__main__":
    for wanted in asked("benchmarks.memory", __doc__, "EXPERIMENT", KNOWN) or KNOWN[:1]:
        print(wanted, *(f"{name}: {taken:.0f} MiB" for name, taken in measure(wanted).items()), sep="\n  ", flush=True)
