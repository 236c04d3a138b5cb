"""The project's files as they are now, committed or not."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


MADE = {".venv", ".ganline", ".dvc", "models", "reports", "mlflow.db", "mlartifacts", ".mypy_cache", ".ruff_cache"}
"""What is no part of the project, at its root; as .gitignore has it."""


def copy(target: Path) -> None:
    """Copy all that Git does not ignore into `target`, but no dvc.lock: it belongs to what was run here."""
    for name in _names():
        if (ROOT / name).is_file() and name != "dvc.lock":
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def _names() -> list[str]:
    if not (ROOT / ".git").exists():  # a downloaded zip
        files = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file() and path.suffix != ".pyc"]
        ours = [str(path) for path in files if path.parts[0] not in {"data", *MADE}]
        return [*ours, "data/README.md", ".dvc/config", ".dvc/.gitignore"]
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in found if name]
