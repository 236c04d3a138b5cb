"""The code that DVC is told of: no edit leaves stale results, and none runs again what it does not touch."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.line.code import code, listed, require_listed
from ganline.line.declared import declared, stages

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of the program alone."""
    for name in ("ganline", "stages", "conf", "dvc.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def params(experiment="gan-mnist", *overrides):
    return compose_params(experiment, ["dataset=digits", *overrides])


def lists(*args):
    return {stage: code(stage, params(*args)) for stage in stages() if stage != "code"}


def changed(before, after):
    return [stage for stage in before if before[stage] != after[stage]]


def test_every_stage_depends_on_its_list_and_nothing_else_of_the_program(project):
    for stage, entry in stages().items():
        if stage != "code":
            found = [path for path in declared(stage, params()).inputs if path.parts[0] in ("ganline", "stages")]
            assert found == [] and str(listed(stage)) in entry["deps"]
            assert str(listed(stage)) in stages()["code"]["outs"]


def test_the_model_that_is_trained_is_in_the_list_and_others_are_not(project):
    found = set(code("train", params()))
    assert {"ganline/models/generation/gan.py", "ganline/models/adversarial.py", "ganline/training/loop.py"} <= found
    assert {path for path in found if path.startswith("ganline/models/generation/")} == {
        "ganline/models/generation/gan.py", "ganline/models/generation/__init__.py",
    }  # fmt: skip
    assert "ganline/models/generation/sgan.py" in code("train", params("acgan-fashion-mnist"))
    assert {"ganline/report/page.html", "ganline/report/style.css"} <= set(code("report", params()))


def test_who_compares_images_through_vgg_depends_on_it_and_on_what_pins_its_weights(project):
    given = ("srgan-faces", "prepare.size=16")
    weights = {"ganline/extractors/vgg.py", "conf/sources/vgg16.yaml"}
    assert weights <= set(code("train", params(*given)))
    assert not weights & {*code("evaluate", params(*given)), *code("train", params())}


def test_a_network_trained_elsewhere_and_what_pins_its_weights_are_in_the_list_of_who_asks_for_it(project):
    found = code("extractor", params("gan-mnist", "extractor.kind=squeezenet"))
    own = {"ganline/extractors/squeezenet.py", "ganline/extractors/networks.py", "conf/sources/squeezenet.yaml"}
    assert own <= set(found) and "ganline/extractors/xception.py" not in found
    assert not own & set(code("extractor", params("gan-mnist", "extractor.kind=classifier", "extractor.beside=null")))
    assert "ganline/extractors/squeezenet.py" in code("evaluate", params("gan-mnist", "extractor.kind=squeezenet"))


def test_how_results_are_told_decides_none(project):
    before = lists()
    for name in ("ganline/tracking/courier.py", "ganline/catalogue/check.py", "stages/runner.py"):
        (project / name).write_text("# other words\n" + (project / name).read_text())
    assert changed(before, lists()) == []


@pytest.mark.parametrize(
    ("edited", "stale"),
    [
        ("ganline/models/generation/gan.py", ["train", "evaluate", "study"]),
        ("ganline/models/generation/vae.py", []),
        ("ganline/training/loop.py", ["train"]),
        ("ganline/diagnosis/verdict.py", ["train"]),
        ("ganline/report/plots.py", ["study"]),
        ("ganline/core/determinism.py", ["extractor", "train", "evaluate", "study", "report"]),
        ("ganline/report/style.css", ["report"]),
        ("ganline/models/facts.py", ["train", "evaluate", "study", "report"]),  # it says what latents a model has
        (
            "ganline/core/yaml_files.py",
            ["download", "extractor", "evaluate", "study", "report"],
        ),  # it reads source lists
        ("ganline/metrics/frechet.py", ["evaluate"]),
    ],
)
def test_an_edit_touches_the_stages_that_reach_the_file(project, edited, stale):
    before = lists()
    (project / edited).write_text((project / edited).read_text() + "\n# edited\n")
    assert changed(before, lists()) == stale


def test_the_code_of_both_judges_is_in_the_list_and_no_other_networks(project):
    both = code("extractor", params("gan-mnist", "extractor.beside=squeezenet"))
    own = {"ganline/extractors/classifier.py", "ganline/extractors/squeezenet.py", "conf/sources/squeezenet.yaml"}
    assert own <= both.keys() and "ganline/extractors/xception.py" not in both
    alone = code("extractor", params("gan-mnist", "extractor.beside=null"))
    assert not {"ganline/extractors/squeezenet.py", "conf/sources/squeezenet.yaml"} & alone.keys()
    assert "ganline/extractors/squeezenet.py" in code("evaluate", params("gan-mnist", "extractor.beside=squeezenet"))


def test_the_measures_that_are_asked_for_are_in_the_list_and_others_are_not(project):
    found = set(code("evaluate", params("gan-mnist", "evaluate.metrics=[kid,precision_recall]")))
    assert {"ganline/metrics/kid.py", "ganline/metrics/precision_recall.py", "ganline/metrics/record.py"} <= found
    assert not {"ganline/metrics/geometry_score.py", "ganline/metrics/mifrechet.py"} & found
    assert "ganline/metrics/geometry_score.py" in code("evaluate", params("gan-mnist", "evaluate.metrics=[all]"))


def test_a_new_model_a_new_preset_a_new_measure_touches_nothing(project):
    before = lists()
    (project / "ganline/metrics/mine.py").write_text("MEASURE = Measure()\n")
    (project / "ganline/models/generation/mine.py").write_text("class Mine:\n    losses = ()\n")
    (project / "conf/experiment/mine.yaml").write_text((project / "conf/experiment/gan-mnist.yaml").read_text())
    assert changed(before, lists()) == []


def test_a_stage_refuses_code_that_dvc_was_not_told_of(project):
    environment = os.environ | {"PYTHONPATH": str(project)}
    (project / "params.yaml").write_text(json.dumps(params().model_dump()))
    subprocess.run([sys.executable, "-m", "stages.code"], check=True, env=environment)
    require_listed("train", code("train", params()))
    (project / "ganline/training/loop.py").write_text("# edited\n" + (project / "ganline/training/loop.py").read_text())
    with pytest.raises(UserError, match=r"ganline/training/loop.py: changed since .* `dvc repro train`"):
        require_listed("train", code("train", params()))
    require_listed("report", code("report", params()))
