"""The command `ganline`: look at the catalogue, choose what to run, compare what was run."""

import csv
import gc
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from ganline.catalogue import named
from ganline.core.errors import UserError
from pipelines import revisions, terminal

if TYPE_CHECKING:
    from ganline.evaluation.compare import Comparison
    from ganline.training.profile import Operation, Profile

app = typer.Typer(help="Reproducible GAN pipelines.", no_args_is_help=True, add_completion=False)
console = terminal.console()

KINDS_SHOWN, MENDED_FIRST = 15, 5
SOURCES = named.CONF / "sources"
CLASSES = {"emoji": 9, "image_folder": 1000}
"""Of datasets whose files alone name them: groups of emoji; for pictures of your own as many as ImageNet has."""


@app.command()
def experiments() -> None:
    """List the experiments that can be run by name."""
    table = Table("experiment", "what it is", box=None)
    for name in named.names("experiment"):
        table.add_row(name, named.description(name))
    console.print(table)


@app.command()
def use(
    experiment: str,
    overrides: Annotated[list[str] | None, typer.Argument(help="dataset=NAME or section.key=value")] = None,
) -> None:
    """Write params.yaml for an experiment; `dvc repro` then runs it."""
    gc.disable()  # for half a second, most of it imports: looking for garbage would take an eighth of that
    try:
        from pipelines.choosing import choose  # here, as all that is slow to import

        choose(experiment, overrides or [])
    finally:
        gc.enable()
    console.print(f"params.yaml now holds {experiment}; `dvc repro` runs it")


@app.command()
def networks(
    experiment: Annotated[str | None, typer.Argument(help="All experiments, where none is named.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
) -> None:
    """Print the parameter counts of an experiment's networks, or of those of the whole catalogue."""
    header = ("experiment", "network", "total", "trainable", "non_trainable")
    chosen = named.names("experiment") if experiment is None else [experiment]
    rows = (row for name in chosen for row in _counts(name))
    if as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(chain([header], rows))
        return
    table = Table(*header, box=None)
    with console.status("building the networks"):
        for name, network, *counts in rows:
            table.add_row(name, network, *(f"{count:,}" for count in counts))
    console.print(table)


@app.command()
def profile(
    experiment: str,
    overrides: Annotated[list[str] | None, typer.Argument(help="dataset=NAME or section.key=value")] = None,
) -> None:
    """Time training steps of an experiment by kind of operation, on random pixels, and say what to mend first."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"  # one operation at a time: each has all cores, and shares add up
    from ganline.catalogue.presets import compose_params

    params = compose_params(experiment, ["download.source=any", *(overrides or [])])
    with console.status("building the networks"):
        from ganline.core.determinism import configure
        from ganline.training import devices, stand_in
        from ganline.training.profile import profile as measured

        params = devices.settled(params)
        configure(params.compute.precision, params.compute.deterministic)
        model = stand_in.model_of(params, _classes(params.download.dataset))
        feed = stand_in.feed_of(params, model)
    with console.status("timing steps"):
        found = measured(model, feed)
    _show_profile(f"{experiment}, {params.compute.precision}", found)


@app.command()
def compare(
    by: Annotated[str, typer.Option(help="The number to rank by, such as frechet, kid, precision.")] = "frechet",
    experiment: Annotated[
        list[str] | None, typer.Option(help="Only runs of this experiment; may be given several times.")
    ] = None,
    duels: Annotated[bool, typer.Option("--duels", help="Let the runs' models judge each other (minutes).")] = False,
) -> None:
    """Rank the finished runs that MLflow remembers; numbers of different protocols are never ranked together."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from ganline.evaluation import compare as comparing
    from ganline.tracking import leaderboard

    with console.status("reading MLflow"):
        runs = leaderboard.read_runs(experiment or [])
    runs, leagues, notes = leaderboard.hold_duels(runs) if duels else (runs, [], [])
    table = comparing.compare(runs, by)
    leaderboard.write(table, leagues, notes)
    _show(table)
    for note in notes:
        console.print(note, soft_wrap=True)
    console.print(f"{leaderboard.PAGE} and {leaderboard.CSV} hold all numbers")


Host = Annotated[
    str, typer.Option(help="Address to listen on. Any other lets other machines in: there is no password.")
]
Port = Annotated[int, typer.Option(help="0 takes any that is free.", min=0, max=65535)]
Browser = Annotated[bool, typer.Option(help="Whether to open the page in your browser.")]


@app.command()
def explore(
    host: Host = "127.0.0.1",
    port: Port = 0,
    browser: Browser = True,
) -> None:
    """Open a page of sliders on the latent space of the trained generator; Ctrl+C ends it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from ganline.catalogue import check
    from ganline.explorer import opening as explorer

    with console.status("loading the generator"):
        space = explorer.load(check.load())
    from ganline.explorer.page import serve

    serve(space, host, port, browser, lambda address: console.print(f"{address}  (Ctrl+C ends it)", soft_wrap=True))


@app.command()
def people(
    beside: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN",
            help="Another run to prefer or not: a DVC experiment, a Git revision, or a features.npz; several times.",
        ),
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 0,
    browser: Browser = True,
) -> None:
    """Open a page on which people judge the images that evaluate drew; Ctrl+C ends it, and nothing is lost."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from ganline.catalogue import check
    from ganline.evaluation.judgements import Store
    from ganline.explorer import people as judged
    from ganline.settings import paths

    with tempfile.TemporaryDirectory() as temporary, console.status("fetching what there is to judge"):
        found: dict[str, Path] = {}
        for run in beside or []:
            found[judged.label(run, found)] = revisions.fetch(run, judged.FEATURES, Path(temporary))
        exhibit = judged.load(check.load(), found)
    store = Store(paths.JUDGEMENTS)
    from ganline.explorer.judging_page import serve

    serve(exhibit, store, host, port, browser, lambda at: console.print(f"{at}  (Ctrl+C ends it)", soft_wrap=True))


@app.command()
def translate(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="A picture, a folder of pictures, or a video.")],
    destination: Annotated[Path, typer.Argument(metavar="OUTPUT", help="The file or folder to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    back: Annotated[bool, typer.Option("--back", help="The other way round, of a translator of two domains.")] = False,
    style: Annotated[
        Path | None,
        typer.Option(metavar="PICTURE", help="The picture in whose style a translator draws that takes one."),
    ] = None,
) -> None:
    """Put pictures of any size, or a video, through the trained translator in models/gan."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from ganline.settings import paths
    from ganline.studies.translation import using

    job = using.plan(source, destination, force)
    picture = using.read(style) if style else None
    with console.status("loading the translator"):
        translator = using.load(paths.GAN, back, picture)
    for sentence in using.run(job, translator):
        console.print(sentence, soft_wrap=True)


@app.command()
def export(
    target: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The file to write.")],
    split: Annotated[str, typer.Option(help="train, test (the images held out), or both.")] = "both",
) -> None:
    """Write the prepared images and their classes as a zip that StyleGAN trains on."""
    from ganline.catalogue import check
    from ganline.datasets import stylegan_zip
    from ganline.datasets.prepared import SPLITS
    from ganline.settings import paths

    if split not in (*SPLITS, "both"):
        raise UserError(f"--split {split}: allowed is {', '.join(SPLITS)} or both")
    folder = paths.prepared(check.load())
    count = stylegan_zip.write(folder, target, SPLITS if split == "both" else (split,))
    console.print(f"{target} holds {count:,} images of {folder}", soft_wrap=True)


@app.command()
def clean(yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False) -> None:
    """Delete the checkpoints of trainings that nothing can go on from any more; list them, and the others, first."""
    from ganline.datasets.prepared import images_file
    from ganline.settings import paths
    from ganline.training import leftovers

    named.names("experiment")  # refuses a folder that is no project's root, where there is nothing to find
    found = list(
        leftovers.leftovers(paths.CHECKPOINTS, Path("data/prepared").glob(images_file(Path("*"), "train").as_posix()))
    )
    table = Table(Column("folder", overflow="fold"), "what it is of", Column("MB", justify="right"), "", box=None)
    for left in found:
        state = left.useless or "kept: a training can go on from it"
        table.add_row(str(left.folder), left.what, f"{left.size / 1e6:,.1f}", state)
    useless = [left for left in found if left.useless]
    if found:
        console.print(table)
    if not useless:
        console.print(f"there is nothing in {paths.CHECKPOINTS} to delete")
        return
    total = sum(left.size for left in useless) / 1e6
    if not yes and not typer.confirm(f"Delete {len(useless)} of them, {total:,.1f} MB?"):
        console.print("nothing was deleted")
        return
    deleted = [left.size for left in useless if leftovers.delete(left.folder)]
    console.print(f"deleted {len(deleted)}, {sum(deleted) / 1e6:,.1f} MB")


def _show(table: "Comparison") -> None:
    """Print the ranked number, and what came of duels, one table a group."""
    from ganline.evaluation.baselines import BASELINES, scored
    from ganline.evaluation.compare import COST, costs, headline
    from ganline.report.numbers import score
    from ganline.tracking.leaderboard import DUEL_NUMBERS

    def text(value: float | None) -> str:
        return "" if value is None else score(value)

    duels = {name: label for name, (label, _) in DUEL_NUMBERS.items() if name in table.numbers and name != table.by}
    more = {name: COST[name] for name in costs(table.runs)} | duels
    if table.groups:
        console.print(Text.assemble((table.label, "bold"), f", {table.better} is better"))
    for number, group in enumerate(table.groups, 1):
        if len(table.groups) > 1:
            why = f", not to be compared with others: {headline(group.differs)}"
            console.print(Text.assemble("\n", (f"Group {number}", "bold"), why), soft_wrap=True)
        beaten = {row.run.id: scored(row.run.numbers, table.by) for row in group.rows}
        others = [who for who in BASELINES.values() if any(who in each for each in beaten.values())]
        heads = (table.label, "±", "floor", *others, "tie with", *more.values())
        shown = Table("", Column("run", overflow="fold"), "id", *heads, box=None)
        for rank, run, value, error, floor, ties in group.rows:
            numbers = (text(run.numbers.get(name)) for name in more)
            nothing_learned = (text(beaten[run.id].get(who)) for who in others)
            beside = (text(value), text(error), text(floor), *nothing_learned, ", ".join(map(str, ties)), *numbers)
            shown.add_row(str(rank), run.name, run.id[:8], *beside)
        console.print(shown)
    if table.apart:
        console.print("\nNot ranked", style="bold")
    for run, reason in table.apart:
        console.print(f"{run.name} {run.id[:8]}: {reason}", soft_wrap=True)


def _show_profile(what: str, found: "Profile") -> None:
    """Print what a step's time goes to, one row a kind, and the operations that lose most."""
    rates, total = found.rates, sum(operation.seconds for operation in found.operations)
    work = sum(operation.flops for operation in found.operations)
    console.print(f"{what}: a step takes {1e3 * found.seconds:,.1f} ms, {work / 1e9:,.1f} GFLOP.", soft_wrap=True)
    console.print(
        f"In these minutes a large convolution reaches {rates.convolution / 1e9:,.0f} GFLOP/s, a matrix product "
        f"{rates.product / 1e9:,.0f}, a sum of large arrays {rates.memory / 1e9:,.1f} GB/s.\n",
        soft_wrap=True,
    )

    def shown(first: str, operations: "Sequence[Operation]") -> None:
        heads = [Column(head, justify="right") for head in ("calls", "ms", "share", "GFLOP/s", "GB/s", "ms to win")]
        table = Table(Column(first, overflow="fold"), *heads, box=None)
        for one in operations:
            rate = f"{one.flops / one.seconds / 1e9:,.0f}" if one.flops else ""
            table.add_row(
                one.name, f"{one.calls:,.0f}", f"{1e3 * one.seconds:,.2f}", f"{one.seconds / total:.1%}", rate,
                f"{one.bytes / one.seconds / 1e9:,.1f}", f"{1e3 * rates.to_win(one):,.2f}",
            )  # fmt: skip
        console.print(table)

    kinds = found.kinds()
    shown("kind of operation", kinds[:KINDS_SHOWN])
    if rest := sum(kind.seconds for kind in kinds[KINDS_SHOWN:]):
        console.print(f"{len(kinds) - KINDS_SHOWN} other kinds: {1e3 * rest:,.2f} ms, {rest / total:.1%}")
    console.print("\nMend first", style="bold")
    shown("operation", [o._replace(name=f"{o.kind} in {o.name}") for o in found.to_mend(MENDED_FIRST)])


def _counts(experiment: str) -> Iterator[tuple[str, str, int, int, int]]:
    """Yield experiment, network, and its weights: all, trained ones, others."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from ganline.catalogue.presets import compose_params
    from ganline.datasets import inputs
    from ganline.models import build

    # Some datasets ask for a place of your own, which these numbers do not depend on.
    params = compose_params(experiment, ["download.source=any"])
    shape = (params.prepare.size, params.prepare.size, params.prepare.channels)
    # Nothing is counted that takes time or memory alone: how weights are drawn, and a second generator.
    quick = {"initializer": "glorot_uniform", "generator_average": 0.0}
    train = params.train.model_copy(update={k: v for k, v in quick.items() if k in type(params.train).model_fields})
    model = build(train, shape, params.seed, _classes(params.download.dataset), inputs.shape(params))
    for name, network in model.networks.items():
        if name not in model.copies:
            trainable = sum(int(weight.shape.num_elements()) for weight in network.trainable_weights)
            total = network.count_params()
            yield experiment, name, total, trainable, total - trainable


def _classes(dataset: str) -> int:
    """Return the number of classes that a dataset's source list names, or else those of CLASSES, 0 where unknown."""
    from ganline.datasets import sources

    listing = SOURCES / f"{dataset}.yaml"
    classes = getattr(sources.read(listing), "classes", ()) if listing.exists() else ()
    return len(classes) or CLASSES.get(dataset, 0)


def main() -> None:
    """Run the command `ganline`."""
    terminal.run(app)


if __name__ == "__main__":
    main()
