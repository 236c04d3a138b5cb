"""What the evaluate stage can measure: the files of ganline.metrics that hold a MEASURE, each called by its name.

A new measure is one file there, and nothing else. Its file is imported, and counts as code of a run, only where the run
asks for it; so it takes a row in DEFAULT to become part of evaluate.metrics = default.
"""

import difflib
import importlib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.evaluation.baselines import BASELINES, MEASURED
from ganline.metrics import naming, record
from ganline.metrics.record import Case, Measure
from ganline.settings.networks import KNOWS_CLASSES
from ganline.settings.schema import Params

DEFAULT = (
    "frechet",
    "kid",
    "precision_recall",
    "birthday_paradox",
    "memorisation",
    "inception_score",
    "condition_accuracy",
    "l1",
    "ssim",
    "lpips",
    "cycle_error",
    "steganography",
    "edge_agreement",
    "psnr_y",
    "ssim_y",
    "hole_l1",
    "hype_infinity",
    "hype_time",
    "rapid_categorisation",
    "preference",
    "rating",
)  # fmt: skip
"""What evaluate.metrics = default means, in the order in which measures run; the others follow by their names.

At most 15 numbers that rank, whatever the model, and what people said of it: docs/metrics.md says why these, and
benchmarks/choosing measured it.
"""
FOLDER = Path(record.__file__).parent
SETS = ("default", "all")
FLOOR = "floor_"

Protocol = dict[str, dict[str, Any]]


@cache
def known() -> tuple[str, ...]:
    """Return the names of all measures in the order in which they run; their files are read, not imported."""
    found = {path.stem for path in FOLDER.glob("*.py") if re.search(r"^MEASURE = Measure\(", path.read_text(), re.M)}
    return *(name for name in DEFAULT if name in found), *sorted(found - set(DEFAULT))


def measure(name: str) -> Measure:
    """Return the measure of this name."""
    found: Measure = importlib.import_module(f"ganline.metrics.{name}").MEASURE
    return found


def measures() -> dict[str, Measure]:
    """Return every measure there is by its name."""
    return {name: measure(name) for name in known()}


def chosen(names: Iterable[str]) -> list[Measure]:
    """Return the measures of `named`."""
    return [measure(name) for name in named(names)]


def named(names: Iterable[str]) -> list[str]:
    """Return which measures `names` (of measures, or default, or all) stand for, in the order in which they run.

    Raises:
        UserError: a name is none of these.
    """
    wanted = set(names)
    for name in sorted(wanted - {*known(), *SETS}):
        if name in naming.OLD:
            now = naming.OLD[name]
            raise UserError(
                f"evaluate.metrics: {name!r} is called {now} now, and its number {naming.number(now, 'NETWORK')}: "
                f"FID is the name of one network's alone ({naming.INCEPTION_OF_FID})"
            )
        near = difflib.get_close_matches(name, [*known(), *SETS], n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UserError(f"evaluate.metrics: {name!r} is no measure; {hint}there are {', '.join([*SETS, *known()])}")
    meant = wanted | set(DEFAULT if "default" in wanted else ()) | set(known() if "all" in wanted else ())
    return [name for name in known() if name in meant]


def require_ranking(by: str, params: Params) -> None:
    """Refuse a number that runs with these parameters cannot be ranked by; `naming.number` says what `by` may be.

    Those of studies are another matter: see ganline.studies.ranking.

    Raises:
        UserError: says which there are.
    """
    network, *second = params.extractor.kinds
    knows = KNOWS_CLASSES if KNOWS_CLASSES in second else network
    asked = chosen(params.evaluate.metrics)
    made = [each.of_network(knows if each.by_class else network) for each in asked]
    made += [each.of_second(other) for other in second for each in asked if each.beside]
    ranking = [name for each in made for name, number in each.numbers.items() if number.ranks and number.better]
    judge = knows if naming.OLD.get(by, by) == naming.BY_CLASS else network
    if naming.number(by, judge) not in ranking:
        near = difflib.get_close_matches(by, ranking, n=1)
        hint = naming.renamed(by, judge) or (f"did you mean {near[0]}?" if near else "")
        raise UserError(
            f"by = {by!r}: no run can be ranked by that; {hint}{' ' * bool(hint)}there are {', '.join(ranking)}"
        )


def measure_all(
    asked: Sequence[Measure],
    named: Iterable[str],
    fakes: Case,
    floors: Mapping[str, Case],
    facts: dict[str, Any],
    progress: Callable[[str], None],
) -> tuple[dict[str, float | int], Protocol]:
    """Return every number of the fakes, as floor_<name> those of real images in their place, as baseline_... those of
    who has learned nothing, and how each was made.

    A measure that refuses its arrays is left out, with its reason in the protocol, and the others go on. So is one that
    means nothing for this data or model, if `named` asks for it by its own name, or if it is one of those by which the
    translator would be judged if its true partners were known.

    Args:
        asked: what to compute.
        named: the names in evaluate.metrics.
        fakes: the case of the generated images.
        floors: by Measure.floor, the case of the real images that stand in.
            Of a translator also, by the keys of BASELINES, the cases of who has learned nothing.
        facts: what every protocol entry has.
        progress: is told each measure's name when it is done.
    """
    values: dict[str, float | int] = {}
    entries: Protocol = {}
    names = set(named)
    for measure in (each.of_network(fakes.network) for each in asked):
        if "default" in names and not names & {measure.name, "all"} and lacking(measure.usual, fakes.abilities):
            continue
        if reason := lacking(measure.needs, fakes.abilities, "the generator"):
            without = "pairs" in measure.needs and not lacking(measure.needs - {"pairs"}, fakes.abilities)
            if measure.name in names or (without and "unpaired" in fakes.abilities):
                entries |= _left_out(measure, "", reason)
            continue
        cases = [("", fakes)]
        if measure.floor:
            cases.append((FLOOR, floors[measure.floor]))
        if "pairs" in measure.needs or measure.name in MEASURED:
            cases += [(prefix, floors[prefix]) for prefix in BASELINES if prefix in floors]
        for prefix, case in cases:
            try:
                found = _finite(measure, measure.compute(case))
            except ValueError as error:
                entries |= _left_out(measure, prefix, str(error))
                continue
            values |= {prefix + name: value for name, value in found.items()}
            entries |= _described(measure, prefix, found, facts | measure.protocol(case), case)
        progress(measure.name)
    return values, entries


def _finite(measure: Measure, found: dict[str, float]) -> dict[str, float | int]:
    wrong = [f"{name} = {value}" for name, value in found.items() if not math.isfinite(value)]
    if wrong:
        raise ValueError(f"{measure.name}: gave {', '.join(wrong)}")
    # BLAS's last digits depend on its number of threads; DVC must not see them.
    return {name: value if isinstance(value, int) else float(f"{value:.9g}") for name, value in found.items()}


def _described(measure: Measure, prefix: str, found: Iterable[str], facts: dict[str, Any], case: Case) -> Protocol:
    if prefix in BASELINES:
        told, made = f"What {BASELINES[prefix]} scores. ", {"sample": BASELINES[prefix], "n_fake": len(case.sample)}
    elif prefix:
        who = {"train": "training images", "held_out": "held-out images"}[measure.floor]
        told = f"What {who} score in place of fakes: as good as a generator can be expected to get. "
        made = {"sample": who, "n_floor": len(case.sample)}
    else:
        told, made = "", {"sample": "generated images", "n_fake": len(case.sample)}
    beside = {"ranks": False} if prefix in BASELINES else {}
    return {
        prefix + name: facts | made | _words(measure, name, told) | beside | {"measure": measure.name} for name in found
    }


def _words(measure: Measure, name: str, told: str = "") -> dict[str, Any]:
    number = measure.numbers[name]
    return {
        "label": number.label, "group": number.group, "better": number.better, "ranks": number.ranks,
        "default": measure.name in DEFAULT,
        "how_to_read": told + number.reading,
    }  # fmt: skip


def _left_out(measure: Measure, prefix: str, reason: str) -> Protocol:
    return {
        prefix + name: _words(measure, name) | {"measure": measure.name, "left_out": reason} for name in measure.numbers
    }
