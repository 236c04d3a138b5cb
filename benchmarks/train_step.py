"""Times one training step of ours beside what else a user might write, interleaved, each in a process of its own.

Run: make bench (all), or python -m benchmarks.train_step EXPERIMENT ...
Every number of a row comes from the same minutes on the same machine; compare ratios, not times.
"""

import multiprocessing
import os
import statistics
import time
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import contenders
from benchmarks.asked import asked
from benchmarks.recorded import processor
from ganline.core.memory import give_back
from ganline.core.processor import has_bfloat16

ROUNDS = 5
CHOOSING = 3
"""Rounds by which PyTorch's fastest way is chosen."""
WORK, LONGEST = 200e9, 50
"""A round has as many steps as take so many operations, at least one and so many at most: about a second."""
SMALL = ("prepare.size=64",)
"""On what is small enough for a processor."""
EXPERIMENTS: dict[str, tuple[str, ...]] = {  # with what is not as its preset has it
    "mode-collapse-mnist": (),
    "convergence-failure-mnist": (),
    "vae-mnist": (),
    "pixelcnn-mnist": (),
    "gan-mnist": (),
    "dcgan-fashion-mnist-workshop": (),
    "dcgan-fashion-mnist": (),
    "dcgan-human-faces": (),
    "dcgan-anime-faces": (),
    "quickdraw-apples": (),
    "flags-emoji": (),
    "cgan-mnist": (),
    "acgan-fashion-mnist": (),
    "infogan-mnist": (),
    "sgan-fashion-mnist": (),
    "lsgan-mnist": (),
    "wgan-mnist": (),
    "wgan-gp-fashion-mnist": (),
    "pix2pix-gray-to-color": ("dataset=openmoji_lines", "train.batch_size=8", "train.generator_batch_size=16"),
    "pix2pix-maps": ("dataset=blue_marble", *SMALL),
    "cyclegan-apple2orange": SMALL,
    "cyclegan-horse2zebra": SMALL,
    "discogan-faces": SMALL,
    "srgan-faces": SMALL,
    "cartoongan-selfie2sketch": SMALL,
    "cartoongan-selfie2anime": SMALL,
    "cartoongan-selfie2bitmoji": SMALL,
    "context-encoder-anime": (),
}
OURS, THEIRS, PEER = ("ganline float32", "ganline mixed_bfloat16"), "Keras loop of the documents", "PyTorch"
WAYS = ("eager", "compiled", "eager, bfloat16", "compiled, bfloat16")
"""In which PyTorch takes part, channels_last all of them: the fastest is kept."""
PEAK_PRODUCTS = 10


def work(pipe: Connection, builder: str, arguments: tuple) -> None:
    """Build a contender, then time as many steps as the parent asks for, again and again."""
    module, _, name = builder.rpartition(".")
    step = getattr(import_module(f"benchmarks.{module}"), name)(*arguments)
    give_back()  # or steps would find free what building took
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the most memory so far is forgotten: building took some
    while count := pipe.recv():
        start = time.perf_counter()
        step(count)
        pipe.send((time.perf_counter() - start) / count)
    pipe.send((_resident("VmHWM") - before, _resident("VmHWM")))


def _resident(what: str) -> float:
    """Return the process's memory now, VmRSS, or the most it had, VmHWM: MiB."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[what].split()[0]) / 1024


class Contender:
    """A process that waits for its turn."""

    def __init__(self, builder: str, *arguments: str) -> None:
        """Start it; `builder` is MODULE.FUNCTION of this folder, which returns a step."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, builder, arguments), daemon=True)
        self._process.start()
        theirs.close()
        self.seconds: list[float] = []

    def run(self, count: int, keep: bool = True) -> None:
        """Time `count` steps."""
        self._pipe.send(count)
        seconds = self._pipe.recv()
        if keep:
            self.seconds.append(seconds)

    def stop(self) -> None:
        """End the process, having noted what memory steps took at most beside networks and optimizers, and all, MiB."""
        self._pipe.send(0)
        self.memory, self.peak = self._pipe.recv()
        self._process.join()


def field_of(experiment: str, more: tuple[str, ...]) -> dict[str, Contender]:
    """Return all contenders of an experiment by name, ours and the documents' first."""
    theirs = Contender("documents.keras", experiment, *more)
    field = {OURS[0]: Contender("contenders.ganline", experiment, "float32", *more), THEIRS: theirs}
    halves = has_bfloat16()
    if halves:
        field[OURS[1]] = Contender("contenders.ganline", experiment, "mixed_bfloat16", *more)
    if find_spec("torch"):
        ways = [way for way in WAYS if halves or "bfloat16" not in way]
        field |= {f"{PEER} {way}": Contender("torch_steps.pytorch", experiment, way, *more) for way in ways}
    return field


def only_best(field: dict[str, Contender], count: int) -> None:
    """Run all once, which builds and compiles, and stop PyTorch's but the one whose steps then take least.

    PyTorch's that fail are no contenders.
    """
    for number in range(CHOOSING + 1):
        for name in [name for name in field if number == 0 or name.startswith(PEER)]:
            try:
                field[name].run(count, keep=number > 0)
            except (EOFError, OSError):  # it has said why
                if not name.startswith(PEER):
                    raise
                del field[name]
    ways = [name for name in field if name.startswith(PEER)]
    for name in sorted(ways, key=lambda name: statistics.median(field[name].seconds))[1:]:
        field.pop(name).stop()
    for contender in field.values():
        contender.seconds.clear()


def compare(experiment: str, console: Console) -> dict[str, float]:
    """Time all contenders of one experiment in turn, print the table, and return how many times as fast each is.

    PyTorch's is returned as "PyTorch", whichever way it went.
    """
    more = EXPERIMENTS.get(experiment, ())
    operations = contenders.flops(experiment, *more)
    count = round(min(max(WORK / operations, 1), LONGEST))
    field, peak = field_of(experiment, more), Contender("contenders.matmul_peak")
    only_best(field, count)
    for round_number in range(ROUNDS + 1):  # the first one is not counted
        for contender in field.values():
            contender.run(count, keep=round_number > 0)
        peak.run(PEAK_PRODUCTS, keep=round_number > 0)
    for contender in (*field.values(), peak):
        contender.stop()

    documents, ratios = field[THEIRS].seconds, {}
    peak_rate = 2 * 2048**3 / statistics.median(peak.seconds)
    table = Table(
        "", "ms a step (median)", "min", "max", "times as fast as the documents' loop", "share of matmul peak",
        "MiB a step takes", box=None,
    )  # fmt: skip
    table.title = f"{experiment}: {operations / 1e9:.1f} GFLOP a step, matmul peak {peak_rate / 1e9:.0f} GFLOP/s"
    for name, contender in field.items():
        times = contender.seconds
        ratio = statistics.median(theirs / mine for theirs, mine in zip(documents, times, strict=True))
        ratios[PEER if name.startswith(PEER) else name] = ratio
        table.add_row(
            name, *(f"{1e3 * f(times):.1f}" for f in (statistics.median, min, max)), f"{ratio:.2f}x",
            f"{operations / statistics.median(times) / peak_rate:.0%}", f"{contender.memory:.0f}",
        )  # fmt: skip
    console.print(table)
    console.print()
    return ratios


if __name__ == "__main__":
    wanted = asked("benchmarks.train_step", __doc__, "EXPERIMENT", list(EXPERIMENTS))
    terminal = Console(width=120)
    terminal.print(f"{processor() or 'unknown processor'}, {len(os.sched_getaffinity(0))} cores")
    found = [compare(name, terminal) for name in wanted or EXPERIMENTS]
    for name in (*OURS, PEER):
        if known := [ratios[name] for ratios in found if name in ratios]:
            mean = statistics.geometric_mean(known)
            terminal.print(f"{name}: {mean:.2f}x the documents' loops, geometric mean of {len(known)}")
    if not find_spec("torch"):
        terminal.print("PyTorch is not installed: `pip install torch` adds its rows.")
