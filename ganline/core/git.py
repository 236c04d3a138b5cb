"""Git, as a program that is run."""

import os
import subprocess
from pathlib import Path


def git(*arguments: str, folder: Path = Path()) -> subprocess.CompletedProcess[str]:
    """Run git in `folder` and return how it ended; it asks nobody for a password.

    Raises:
        OSError: there is no git.
    """
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], env=os.environ | {"GIT_TERMINAL_PROMPT": "0"}, capture_output=True,
        text=True, errors="replace", check=False,
    )  # fmt: skip
