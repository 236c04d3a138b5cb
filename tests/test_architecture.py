"""The rules of the house: who may import whom, how long a function and a file may be."""

import ast
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ganline.core.closure import imports, module_file

ROOT = Path(__file__).parents[1]
LAYERS = (
    "core", "settings", "datasets", "latent", "diagnosis", "extractors", "metrics", "models", "training", "robustness",
    "evaluation", "report", "catalogue", "studies", "explorer", "tracking", "line", "stages", "pipelines",
)  # fmt: skip
"""From the ground up: a file imports from its own folder and from those before it."""
HOMES = {
    "mlflow": "ganline/tracking/",
    "prefect": "pipelines/",
    "tensorflow_addons": "ganline/models/layers.py",
}
"""Packages that are imported in one place only."""
CODE = ("ganline", "stages", "pipelines", "benchmarks", "findings")
FUNCTION, MEDIAN, FILE, STAGES = 60, 8, 400, 700


def test_every_import_goes_to_its_own_folder_or_one_below():
    found = {
        f"{name(file)} imports {name(other)}"
        for file in files(*CODE[:3])
        for other in imported(file)
        if layer(other) > layer(file)
    }
    assert found == set()


def test_no_circle_of_files():
    waiting = {file: imported(file) for file in files(*CODE[:3])}
    while free := [file for file, others in waiting.items() if not others & waiting.keys()]:
        for file in free:
            del waiting[file]
    assert not waiting, f"a circle: {', '.join(map(name, waiting))}"


@pytest.mark.parametrize(("package", "home"), HOMES.items())
def test_an_engine_has_one_home(package, home):
    users = {
        name(file) for file in files(*CODE[:3]) if any(f"{used}.".startswith(f"{package}.") for used in names(file))
    }
    assert users and all(user.startswith(home) for user in users)


def test_functions_can_be_seen_whole():
    lengths = {f"{name(file)} {function}": lines for file in files(*CODE) for function, lines in functions(file)}
    assert not [function for function, lines in lengths.items() if lines > FUNCTION]
    assert statistics.median(lengths.values()) <= MEDIAN


def test_files_can_be_read_at_once():
    assert not [name(file) for file in files(*CODE, "tests") if length(file) > FILE]


def test_what_the_stages_do_can_be_read_in_a_minute():
    assert sum(map(length, files("stages"))) <= STAGES


def files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def length(file: Path) -> int:
    return len(file.read_text("utf-8").splitlines())


def layer(file: Path) -> int:
    """Return a file's place in LAYERS; 0, the lowest, for ganline/__init__.py, which holds the version alone."""
    parts = file.relative_to(ROOT).parts
    if parts[0] == "ganline":
        return LAYERS.index(parts[1]) if len(parts) > 2 else 0
    return LAYERS.index(parts[0])


@cache
def names(file: Path) -> frozenset[str]:
    return imports(file, types=True)


def imported(file: Path) -> set[Path]:
    """Return the files of the house that a file imports, for types alone and inside functions too."""
    return {path for other in names(file) if (path := module_file(other, ROOT)) and _is_meant(other, names(file))}


def _is_meant(module: str, among: frozenset[str]) -> bool:
    """Return whether a module is imported for itself: `from package import module` names the package, too."""
    inside = [other for other in among if other.rpartition(".")[0] == module]
    return not inside or not all(module_file(other, ROOT) for other in inside)


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1
