"""The proving ground's records: records.csv, a row a run, and histories.tar.xz, the curves of each.

Run: python -m benchmarks.diagnosis.records pack      adds what benchmarks.diagnosis.run has left in runs/ to both
     python -m benchmarks.diagnosis.records unpack    writes runs/NAME.csv and NAME.json of every run, as they were made

A row of records.csv has what a run was made of ("bent" and "moments" as JSON) and one column a measure of its last
samples, "final.kid" and so on, empty where it was not measured.
"""

import csv
import io
import json
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.asked import asked
from ganline.core.files import whole_file, write_json, write_text

FOLDER = Path(__file__).parent
LEFT, TABLE, ARCHIVE = FOLDER / "runs", FOLDER / "records.csv", FOLDER / "histories.tar.xz"
FINAL = "final."
TEXTS = ("aim", "dataset", "experiment", "model")
"""Columns that are text as it is; the others are JSON."""


@cache
def records() -> dict[str, dict[str, Any]]:
    """Return what is known of each recorded run, by its name."""
    return read_table(TABLE)


@cache
def histories() -> dict[str, str]:
    """Return the curves of each recorded run, as CSV, by its name."""
    return read_archive(ARCHIVE)


def read_table(path: Path) -> dict[str, dict[str, Any]]:
    """Return the records of a table, by name."""
    with path.open(newline="") as source:
        return {row.pop("name"): _record(row) for row in csv.DictReader(source)}


def read_archive(path: Path) -> dict[str, str]:
    """Return the curves of an archive, by name."""
    with tarfile.open(path) as archive:
        files = {Path(member.name).stem: archive.extractfile(member) for member in archive}
        return {name: file.read().decode() for name, file in files.items() if file}


def pack() -> None:
    """Add the runs that runs/ holds to the table and the archive, and remove their files; pictures stay."""
    new = {path.stem: json.loads(path.read_text()) for path in sorted(LEFT.glob("*.json"))}
    curves = {name: (LEFT / f"{name}.csv").read_text() for name in new}
    found = dict(sorted((records() | new).items()))
    write_text(TABLE, _table(found))
    _write_archive(dict(sorted((histories() | curves).items())))
    for name in new:
        for kind in ("json", "csv"):
            (LEFT / f"{name}.{kind}").unlink()
    print(f"{len(new)} runs added; {TABLE.name} and {ARCHIVE.name} hold {len(found)}")


def unpack() -> None:
    """Write the record and the curves of every run into runs/."""
    for name, record in records().items():
        write_json(LEFT / f"{name}.json", record)
        write_text(LEFT / f"{name}.csv", histories()[name])
    print(f"{len(records())} runs are in {LEFT}")


def _record(row: dict[str, str]) -> dict[str, Any]:
    """Return a row of the table as the nested values that it was made of."""
    values = {name: text if name in TEXTS else json.loads(text) for name, text in row.items() if text or name in TEXTS}
    final = {name.removeprefix(FINAL): value for name, value in values.items() if name.startswith(FINAL)}
    return {name: value for name, value in values.items() if not name.startswith(FINAL)} | {"final": final}


def _table(found: dict[str, dict[str, Any]]) -> str:
    rows = [{"name": name} | _cells(record) for name, record in found.items()]
    columns = sorted({column for row in rows for column in row} - {"name"}, key=lambda name: (FINAL in name, name))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["name", *columns], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _cells(record: dict[str, Any]) -> dict[str, str]:
    flat = {name: value for name, value in record.items() if name != "final"}
    flat |= {FINAL + name: value for name, value in record["final"].items()}
    return {name: value if name in TEXTS else json.dumps(value, sort_keys=True) for name, value in flat.items()}


def _write_archive(curves: dict[str, str]) -> None:
    """Write the archive; equal curves give equal bytes."""
    with whole_file(ARCHIVE) as temporary, tarfile.open(temporary, "w:xz", preset=9) as archive:
        for name, text in curves.items():
            content = text.encode()
            member = tarfile.TarInfo(f"{name}.csv")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


if __name__ == "__main__":
    ways = {"pack": pack, "unpack": unpack}
    ways[asked("benchmarks.diagnosis.records", __doc__, "WAY", ways, "1")[0]]()
