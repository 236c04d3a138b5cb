"""Times one training step of ours beside what else a user might write, interleaved, each in a process of its own.

Run: make bench (all), or python -m benchmarks.train_step EXPERIMENT ...
Every number of a row comes from the same minutes on the same machine; compare ratios, not times.
"""

import multiprocessing
import statistics
import time
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import contenders, translators
from benchmarks.asked import asked
from ganline.catalogue.presets import names
from ganline.core.memory import give_back

ROUNDS = 5
EXPERIMENTS = {  # steps a round: about a second
    "mode-collapse-mnist": 40,
    "convergence-failure-mnist": 30,
    "gan-mnist": 20,
    "lsgan-mnist": 20,
    "dcgan-fashion-mnist-workshop": 4,
    "cgan-mnist": 2,
    "pix2pix-gray-to-color": 2,
    "pix2pix-maps": 2,
    "cyclegan-apple2orange": 2,
    "cyclegan-horse2zebra": 1,
    "discogan-faces": 1,
    "srgan-faces": 1,
}
TRANSLATORS = {  # on what is small enough for a processor
    "pix2pix-gray-to-color": ("dataset=openmoji_lines", "train.batch_size=8", "train.generator_batch_size=16"),
    "pix2pix-maps": ("dataset=blue_marble", "prepare.size=64"),
    "cyclegan-apple2orange": ("prepare.size=64",),
    "cyclegan-horse2zebra": ("prepare.size=64",),
    "discogan-faces": ("prepare.size=64",),
    "srgan-faces": ("prepare.size=64",),
}
OURS, THEIRS = ("ganline float32", "ganline mixed_bfloat16"), "Keras loop of the documents"
DOCUMENTS = dict.fromkeys(
    ("cyclegan-apple2orange", "cyclegan-horse2zebra", "discogan-faces"), "translators.two_domains_keras"
) | {"srgan-faces": "translators.super_resolution_keras"}
PYTORCH = {  # the builder of each experiment that PyTorch's row is written for
    "gan-mnist": "contenders.pytorch",
    "dcgan-fashion-mnist-workshop": "contenders.pytorch",
    "pix2pix-gray-to-color": "torch_translators.pix2pix",
    "pix2pix-maps": "torch_translators.pix2pix",
    "cyclegan-apple2orange": "torch_translators.two_domains",
    "cyclegan-horse2zebra": "torch_translators.two_domains",
    "discogan-faces": "torch_translators.two_domains",
    "srgan-faces": "torch_translators.super_resolution",
}
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
    pipe.send(_resident("VmHWM") - before)


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
        """End the process, having noted how much memory steps took at most beside networks and optimizers, MiB."""
        self._pipe.send(0)
        self.memory = self._pipe.recv()
        self._process.join()


def compare(experiment: str, count: int, console: Console) -> dict[str, float]:
    """Time all contenders of one experiment in turn, print the table, and return how many times as fast ours are."""
    kind, more = (
        ("translators.translator_", TRANSLATORS[experiment]) if experiment in TRANSLATORS else ("contenders.", ())
    )
    ours, theirs = f"{kind}ganline", DOCUMENTS.get(experiment, f"{kind}keras")
    field = {OURS[0]: Contender(ours, experiment, "float32", *more), THEIRS: Contender(theirs, experiment, *more)}
    if {"avx512_bf16", "amx_bf16"} & set(Path("/proc/cpuinfo").read_text().split()):
        field[OURS[1]] = Contender(ours, experiment, "mixed_bfloat16", *more)
    if find_spec("torch") and experiment in PYTORCH:
        field["PyTorch eager"] = Contender(PYTORCH[experiment], experiment, *more)
    peak = Contender("contenders.matmul_peak")
    for round_number in range(ROUNDS + 1):  # the first one compiles and is not counted
        for contender in field.values():
            contender.run(count, keep=round_number > 0)
        peak.run(PEAK_PRODUCTS, keep=round_number > 0)
    for contender in (*field.values(), peak):
        contender.stop()

    documents, ratios = field[THEIRS].seconds, {}
    peak_rate = 2 * 2048**3 / statistics.median(peak.seconds)
    operations = translators.flops(experiment, *more) if more else contenders.flops(experiment)
    table = Table(
        "", "ms a step (median)", "min", "max", "times as fast as the documents' loop", "share of matmul peak",
        "MiB a step takes", box=None,
    )  # fmt: skip
    table.title = f"{experiment}: {operations / 1e9:.1f} GFLOP a step, matmul peak {peak_rate / 1e9:.0f} GFLOP/s"
    for name, contender in field.items():
        times = contender.seconds
        ratio = statistics.median(theirs / mine for theirs, mine in zip(documents, times, strict=True))
        ratios[name] = ratio
        table.add_row(
            name, *(f"{1e3 * f(times):.1f}" for f in (statistics.median, min, max)), f"{ratio:.2f}x",
            f"{operations / statistics.median(times) / peak_rate:.0%}", f"{contender.memory:.0f}",
        )  # fmt: skip
    console.print(table)
    console.print()
    return {name: ratios[name] for name in OURS if name in ratios}


if __name__ == "__main__":
    wanted = asked("benchmarks.train_step", __doc__, "EXPERIMENT", names("experiment"))
    terminal = Console(width=120)
    found = [compare(name, EXPERIMENTS.get(name, 2), terminal) for name in wanted or EXPERIMENTS]
    for name in found[0]:
        mean = statistics.geometric_mean(ratios[name] for ratios in found)
        terminal.print(f"{name}: {mean:.2f}x the documents' loops, geometric mean of {len(found)}")
    if not find_spec("torch"):
        terminal.print("PyTorch is not installed: `pip install torch` adds its rows.")
