"""The command `ganline`: look at the catalogue, choose what to run."""

import csv
import os
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.table import Table

from ganline import catalogue
from ganline.datasets import sources
from ganline.errors import UserError
from ganline.files import write_text

app = typer.Typer(help="Reproducible GAN pipelines.", no_args_is_help=True, add_completion=False)
console = Console()

SOURCES = catalogue.CONF / "sources"


@app.command()
def experiments() -> None:
    """List the experiments that can be run by name."""
    table = Table("experiment", "what it is", box=None)
    for name in catalogue.names("experiment"):
        table.add_row(name, catalogue.description(name))
    console.print(table)


@app.command()
def use(
    experiment: str,
    overrides: Annotated[list[str] | None, typer.Argument(help="dataset=NAME or section.key=value")] = None,
) -> None:
    """Write params.yaml for an experiment; `dvc repro` then runs it."""
    params = catalogue.compose_params(experiment, overrides or [])
    if not Path(params.download.source).exists():
        raise UserError(f"download.source = {params.download.source}: there is no such file or folder")
    write_text(Path("params.yaml"), yaml.safe_dump(params.model_dump(), sort_keys=False))
    console.print(f"params.yaml now holds {experiment}; `dvc repro` runs it")


@app.command()
def networks(
    experiment: Annotated[str | None, typer.Argument(help="All experiments, where none is named.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
) -> None:
    """Print the parameter counts of an experiment's networks, or of those of the whole catalogue."""
    header = ("experiment", "network", "total", "trainable", "non_trainable")
    named = [experiment] if experiment else catalogue.names("experiment")
    rows = (row for name in named for row in _counts(name))
    if as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(chain([header], rows))
        return
    table = Table(*header, box=None)
    with console.status("building the networks"):
        for name, network, *counts in rows:
            table.add_row(name, network, *(f"{count:,}" for count in counts))
    console.print(table)


def _counts(experiment: str) -> Iterator[tuple[str, str, int, int, int]]:
    """Yield experiment, network, and its weights: all, trained ones, others."""
    # Some datasets ask for a place of your own, which these numbers do not depend on.
    params = catalogue.compose_params(experiment, ["download.source=any"])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from ganline.models import build

    shape = (params.prepare.size, params.prepare.size, params.prepare.channels)
    for name, network in build(params.train, shape, params.seed, _classes(params.download.dataset)).networks.items():
        if name != "generator_average":  # a copy
            trainable = sum(int(weight.shape.num_elements()) for weight in network.trainable_weights)
            total = network.count_params()
            yield experiment, name, total, trainable, total - trainable


def _classes(dataset: str) -> int:
    """Return the number of classes that a dataset's source list names, 0 where it names none."""
    listing = SOURCES / f"{dataset}.yaml"
    return len(getattr(sources.read(listing), "classes", ())) if listing.exists() else 0


def main() -> None:
    """Run the command line; a user's mistake ends in one message and exit code 1."""
    try:
        app()
    except UserError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
