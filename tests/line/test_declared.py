"""dvc.yaml lists all that its stages are made of: no edit leaves stale results. (test_line.py watches them run.)"""

import ast
from pathlib import Path

import pytest
import yaml

from ganline.catalogue.check import check
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.line.declared import declared
from ganline.settings.schema import keys
from ganline.training.checkpoint import CODE

ROOT = Path(__file__).parents[2]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
DECIDES_NOTHING = {
   
    "ganline/core/addresses.py", "ganline/datasets/damage.py", "ganline/core/errors.py",
    "ganline/core/files.py", "ganline/settings/schema.py",
    "ganline/core/progress.py", "stages/__init__.py", "ganline/line/declared.py",
    "ganline/settings/paths.py", "stages/runner.py",
    "ganline/tracking/spool.py", "ganline/tracking/tracker.py", "ganline/line/used.py", "ganline/line/vouched.py",
}  # fmt: skip
"""How every stage reads its parameters, writes files and tells what it does. Listed, it would run everything again."""
MAY_LEAVE_OUT = {
    "train": {
        "ganline/catalogue/combinations.py",  # refuses, or reads facts off the models' files, which are listed
        "ganline/report/wording.py",  # words that are printed
    },
    "latent": {"ganline/evaluation/measures.py"},  # on the way to suite/base.py
}


@pytest.fixture(scope="module")
def params():
    return compose_params("gan-mnist", ["dataset=digits"], ROOT / "conf")


def module(name):
    """Return the file of one of our modules, if the name is one."""
    path = ROOT.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imports(file):
    """Return the files of ours that a file imports, in functions too, but not only for its types."""
    tree = ast.parse(file.read_text())
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and id(node) not in for_types:
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and id(node) not in for_types:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    parents = {".".join(name.split(".")[:n]) for name in names for n in range(1, name.count(".") + 2)}
    return {file for name in parents if (file := module(name))}


def reached(start, stop):
    """Return the files that are reached by imports, without going on from those where to stop."""
    found, ahead = set(), set(start)
    while ahead:
        file = ahead.pop()
        found.add(file)
        ahead |= imports(file) - found - stop
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_every_file_that_a_stage_imports_is_listed(stage, params, monkeypatch):
    monkeypatch.chdir(ROOT)
    listed = [ROOT / path for path in declared(stage, params).code]
    own = [file for path in listed for file in ([path] if path.suffix == ".py" else path.rglob("*.py"))]
    free = {ROOT / name for name in DECIDES_NOTHING | MAY_LEAVE_OUT.get(stage, set())}
    left_out = {
        str(file.relative_to(ROOT))
        for file in reached(own, free) - free
        if ast.parse(file.read_text()).body[1:] and not any(file == path or path in file.parents for path in listed)
    }
    assert left_out == set()


def test_a_checkpoint_goes_with_the_code_that_dvc_lists_for_the_training():
    listed = {path for path in STAGES["train"]["deps"] if path.startswith("ganline/")}
    assert {f"ganline/{part}" for part in CODE} == listed


def test_the_values_of_the_parameters_are_filled_in(params, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = declared("study", params)
    assert {Path("latents.json"), Path("data/prepared/digits"), Path("models/gan")} <= set(found.inputs)
    assert Path("stages/latent") in found.code
    assert found.params == ["seed", "latent"] and Path("reports/study/metrics.json") in found.outs
    assert declared("download", params).outs == [Path("data/downloaded/digits")]


def test_no_parameter_is_hidden_from_dvcs_run_cache(params):
    hidden = [key for key in keys() if key.rpartition(".")[2] in ("size", "nfiles")]
    assert hidden == ["prepare.size"]
    obey = [stage["params"] for stage in STAGES.values() if "prepare" in stage["params"]]
    assert len(obey) == 2 and all("prepare.size" in listed for listed in obey)
    content = params.model_dump()
    content["latent"]["labels"] = {"size": [1], "large": [2]}
    with pytest.raises(UserError, match="latent.labels.size: DVC does not see changes under this name"):
        check(content, "params.yaml")
