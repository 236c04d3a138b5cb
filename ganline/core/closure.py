"""Which files of a program a module reaches: what it imports, in functions too, and what lies beside it by name.

Files are parsed, not imported. Imports for types alone run nothing and do not count; what is imported by a name that
is made while the program runs is not seen, and must be given as a start.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path


def closure(starts: Iterable[str], root: Path, packages: tuple[str, ...], without: tuple[str, ...] = ()) -> list[Path]:
    """Return the files that the modules `starts` reach, relative to `root`, sorted.

    Args:
        starts: names of modules, such as "stages.train".
        root: the folder that the packages lie in.
        packages: those whose modules count, by name.
        without: how the paths begin of files that do not count, nor what is reached through them alone.

    Raises:
        FileNotFoundError: a start is no module.
    """
    found: set[Path] = set()
    ahead = set(starts)
    if missing := [name for name in ahead if not module_file(name, root)]:
        raise FileNotFoundError(f"{', '.join(missing)}: no such module in {root}")
    seen: set[str] = set()
    while ahead:
        name = ahead.pop()
        seen.add(name)
        file = module_file(name, root)
        if not file or file.relative_to(root).as_posix().startswith(without):
            continue
        found |= {file.relative_to(root), *(path.relative_to(root) for path in _beside(file))}
        parents = {name.rpartition(".")[0]} - {""}
        ahead |= {other for other in imports(file) | parents if other.partition(".")[0] in packages} - seen
    return sorted(found)


def module_file(name: str, root: Path) -> Path | None:
    """Return the file of a module, None where there is none of this name."""
    path = root.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


@cache
def imports(file: Path, types: bool = False) -> frozenset[str]:
    """Return the names that a file imports, as "package.module" and "package.module.name"; with `types` those too."""
    tree = ast.parse(file.read_bytes())
    left_out = set() if types else {id(inner) for node in _for_types(tree) for inner in ast.walk(node)}
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def _for_types(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements that only a type checker runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from node.body


def _beside(file: Path) -> set[Path]:
    """Return the files that stand beside this one and are named in it, or in one such, as the template of a page is."""
    others = [path for path in file.parent.iterdir() if path.is_file() and path.suffix != ".py"]
    found: set[Path] = set()
    ahead = {file}
    while ahead:
        text = ahead.pop().read_text(errors="replace")
        ahead |= (new := {path for path in others if path not in found and f'"{path.name}"' in text})
        found |= new
    return found
