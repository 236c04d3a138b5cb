"""Computes measures on corrupted images and keeps every number: benchmarks/choosing/measured.csv.

Run, where `dvc repro extractor` has been run on Fashion-MNIST with the classifier of its classes:
python -m benchmarks.choosing.measured [COUNT ...] [MEASURE ...]
It adds to what is kept, replacing what was measured before. Times are seconds of one processor core, added up over
threads, so that they hardly depend on what else the machine does.
"""

import time
from pathlib import Path

import pandas as pd

from benchmarks.asked import asked
from benchmarks.choosing.corrupted import AGAIN, KINDS, Ground, ground
from ganline.core.abilities import lacking
from ganline.evaluation import measures as suite
from ganline.metrics import naming
from ganline.metrics.record import Case, Measure

KEPT = Path("benchmarks/choosing/measured.csv")
COUNTS = (500, 2000, 10_000)
DEGREES = (0.05, 0.15, 0.4, 0.8)
PIXELS = ("noise", "blur")
"""The corruptions that leave each image its true partner."""
ALL_OF = frozenset({"classes", "labels", "probabilities", "places", "own file", "pairs"})
"""What the cases have; measures that need more look at a maker of images."""


def main() -> None:
    """Measure what is asked for, by default everything."""
    words = asked("benchmarks.choosing.measured", __doc__, "COUNT|MEASURE", [*map(str, COUNTS), *suite.known()])
    names = [word for word in words if not word.isdigit()]
    measures = [each for each in suite.chosen(names or ["all"]) if not lacking(each.needs, ALL_OF)]
    for count in [int(word) for word in words if word.isdigit()] or COUNTS:
        _measure_at(ground(count), count, measures)


def _measure_at(found: Ground, count: int, measures: list[Measure]) -> None:
    for paired in (False, True):
        chosen = [measure for measure in measures if ("pairs" in measure.needs) == paired]
        again = {"": (0.0,), AGAIN: range(1, 1 if paired else len(found.new) // count)}
        each = again | dict.fromkeys(PIXELS if paired else KINDS, DEGREES) if chosen else {}
        for kind, some in each.items():
            for degree in some:
                case = found.case(kind, degree, count, paired)
                rows = [row for measure in chosen for row in _rows(measure, case, kind, degree, count)]
                _keep(rows)
                print(f"{count} images, {kind or 'as they are'} {degree}: {len(rows)} numbers", flush=True)


def _rows(measure: Measure, case: Case, kind: str, degree: float, count: int) -> list[dict]:
    began = time.process_time()
    try:
        values = measure.compute(case)
    except ValueError as error:
        print(f"{measure.name} of {count} images, {kind} {degree}: {error}", flush=True)
        values = {}
    seconds = round(time.process_time() - began, 2)
    told = {"count": count, "kind": kind, "degree": degree, "measure": measure.name, "seconds": seconds}
    numbers = {name: number for name, number in measure.numbers.items() if number.ranks and name in values}
    return [
        told
        | {
            "number": naming.filled(name, case.extractor.facts["kind"]),
            "better": number.better,
            "value": float(f"{values[name]:.6g}"),
        }
        for name, number in numbers.items()
    ]


def _keep(rows: list[dict]) -> None:
    key = ["count", "kind", "degree", "number"]
    before = pd.read_csv(KEPT, keep_default_na=False) if KEPT.exists() else pd.DataFrame()
    both = pd.concat([before, pd.DataFrame(rows)]).drop_duplicates(key, keep="last")
    both.sort_values(["measure", *key]).to_csv(KEPT, index=False)


if __name__ == "__main__":
    main()
