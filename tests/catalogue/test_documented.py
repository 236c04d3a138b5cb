"""The commands that README.md and docs/ show are taken as they stand there."""

import re
import shlex
from pathlib import Path

import pytest

from ganline.catalogue.presets import compose_params

ROOT = Path(__file__).parents[2]
COMMANDS = [
    (page.name, line)
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for line in re.findall(
        r"^    (ganline use .*|dvc exp run .*experiment=.*)", page.read_text().replace("\\\n", ""), re.MULTILINE
    )
]


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_every_command_that_is_shown_composes(page, line):
    """NAME is whichever experiment a reader has; Hydra's + before a key says that it is new."""
    words = shlex.split(line, comments=True)
    given = words[2:] if words[0] == "ganline" else [word.removeprefix("+") for word in words[3:] if word != "-S"]
    experiment, *overrides = [word.removeprefix("experiment=") for word in given]
    compose_params("gan-mnist" if experiment == "NAME" else experiment, overrides, ROOT / "conf")


def test_there_are_such_commands():
    assert {"README.md", "parameters.md", "networks.md", "results.md"} <= {page for page, _ in COMMANDS}
