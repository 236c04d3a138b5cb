"""Folders of pictures such as people have, from the download to the report, in this process."""

import importlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError

CONF = Path(__file__).parents[1] / "conf"
STAGES = ("download", "prepare", "extractor", "train", "evaluate", "study", "report")
TINY = (
    "evaluate.metrics=[default,class_histogram]",
    "dataset=image_folder", "extractor.kind=classifier", "extractor.beside=null", "prepare.size=28",
    "prepare.channels=1", "extractor.epochs=1", "train.steps=4", "compute.precision=float32",
    "train.steps_per_call=2", "train.log_every=2", "train.sample_every=2", "train.checkpoint_every=4",
    "train.sample_count=10", "evaluate.samples=100", "evaluate.kid_subset_size=50", "latent.rows=2",
    "latent.columns=3", "latent.samples=100", "latent.directions=2", "report.images=9",
)  # fmt: skip


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Do all that the stages do, but less of it: an hour would else go into searches and paths."""
    from ganline.extractors import classifier as extractors
    from ganline.studies.latent import dissection, interpolation, inversion, smoothness, steerability

    monkeypatch.setattr(extractors, "MINIMUM_STEPS", 60)
    monkeypatch.setattr(interpolation, "BETWEEN", 2)
    for name, value in {"STEPS": 4, "DRAWN": 40}.items():
        monkeypatch.setattr(inversion, name, value)
    for name, value in {"PAIRS": 50, "PATHS": 8, "POINTS": 5}.items():
        monkeypatch.setattr(smoothness, name, value)
    for name, value in {"UNITS": 4, "SETS": 3}.items():
        monkeypatch.setattr(dissection, name, value)
    for name in ("USUAL", "LITTLE"):
        monkeypatch.setattr(steerability, name, steerability.Effort(pool=8, steps=3, batch=4, tested=12))


class Recorder:
    """Takes the place of the tracker, which would start its own server."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}

    def tags(self, values: dict[str, str]) -> None:
        self.told |= values

    def __getattr__(self, name: str):
        return lambda *what, **more: None


def pictures(folder: Path, count: int, classes: int = 0) -> Path:
    """Write pictures of a bar on noise that leans as its class does; flat in the folder, or one folder a class."""
    random = np.random.default_rng(count)
    for i in range(count):
        image = random.integers(0, 60, (28, 28), np.uint8)
        kind = i % max(classes, 1)
        top = int(random.integers(4, 24))
        end = (top, 26) if kind == 0 else (26, top)
        cv2.line(image, (14 - 5 * (kind == 0), 2), end, int(random.integers(180, 256)), 3)
        inside = folder / f"kind-{kind}" if classes else folder
        inside.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(inside / f"{i:03}.png"), image)
    return folder


def line(source: Path, experiment: str, *overrides: str) -> Recorder:
    """Run every stage in the current directory."""
    params = compose_params(experiment, [*TINY, f"download.source={source}", *overrides], CONF)
    recorder = Recorder()
    for stage in STAGES:
        importlib.import_module(f"stages.{stage}").run(params, recorder)
    return recorder


def left_out(name: str) -> dict[str, str]:
    """Return what a stage left out, with the reason."""
    if name == "evaluate":
        entries = json.loads(Path("reports/evaluate/protocol.json").read_text()).values()
        return {entry["measure"]: entry["left_out"] for entry in entries if "left_out" in entry}
    entries = json.loads(Path("reports/study/findings.json").read_text())
    return {entry["part"]: entry["left_out"] for entry in entries if "left_out" in entry}


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 5, 10, 15, 20, 40])
def test_a_few_pictures_make_a_report_that_says_what_could_not_be_measured(count, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line(pictures(tmp_path / "mine", count), "gan-mnist", "extractor.kind=rotation")
    held_out = max(1, round(count * 0.1))
    missing = left_out("study")
    assert ("truncation" in missing) == (held_out < 4)
    if held_out < 4:
        assert f"need 4 held-out images, and there are {held_out}" in missing["truncation"]
        assert "prepare.test_fraction" in missing["truncation"]
    assert ("kid" in left_out("evaluate")) == (held_out < 3)
    page = Path("reports/index.html").read_text()
    assert all(part.TITLE in page for part in map(_part, missing))


def _part(name: str):
    return importlib.import_module(f"ganline.studies.latent.{name}")


@pytest.mark.slow
def test_one_picture_or_one_picture_many_times_is_refused_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = pictures(tmp_path / "mine", 1)
    with pytest.raises(UserError, match="at least 2 are needed"):
        line(source, "gan-mnist", "extractor.kind=rotation")
    for copy in range(4):
        (source / f"again-{copy}.png").write_bytes((source / "000.png").read_bytes())
    with pytest.raises(UserError, match="copies of one picture"):
        line(source, "gan-mnist", "extractor.kind=rotation")
    assert not Path("models").exists()


@pytest.mark.slow
@pytest.mark.parametrize("count", [4, 10, 20])
def test_classes_of_a_few_pictures_are_doubted_everywhere(count, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recorder = line(pictures(tmp_path / "mine", count, classes=count // 2), "gan-mnist")
    doubt = recorder.told["judge"]
    assert f"{count // 2} of {count // 2} classes have under 5 images" in doubt and "extractor.kind=rotation" in doubt
    page, protocol = (Path(f"reports/{name}").read_text() for name in ("index.html", "evaluate/protocol.json"))
    assert "classes have under 5 images" in page and "classes have under 5 images" in protocol


FAMILIES = {
    "gan-mnist": (), "dcgan-fashion-mnist-workshop": (), "infogan-mnist": (), "lsgan-mnist": (), "wgan-mnist": (),
    "wgan-gp-fashion-mnist": (), "vae-mnist": (), "pixelcnn-mnist": (), "flags-emoji": (), "quickdraw-apples": (),
    "mode-collapse-mnist": (), "dcgan-human-faces": ("prepare.size=56",), "dcgan-fashion-mnist": (),
}  # fmt: skip
"""One experiment of each family of models -> what it needs."""
LABELLED = ("cgan-mnist", "acgan-fashion-mnist", "sgan-fashion-mnist")


@pytest.mark.slow
@pytest.mark.parametrize("experiment", FAMILIES)
def test_every_family_goes_through_with_pictures_without_classes(experiment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line(pictures(tmp_path / "mine", 60), experiment, "extractor.kind=rotation", *FAMILIES[experiment])
    values = json.loads(Path("reports/evaluate/metrics.json").read_text())
    assert "kid" in values and "condition_accuracy" not in values and "classes_seen" not in values
    assert Path("reports/index.html").stat().st_size > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("experiment", "kind"),
    [*((name, "classifier") for name in (*FAMILIES, *LABELLED)), *((name, "rotation") for name in LABELLED)],
)
def test_every_family_goes_through_with_pictures_of_classes(experiment, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = pictures(tmp_path / "mine", 60, classes=2)
    line(source, experiment, f"extractor.kind={kind}", *FAMILIES.get(experiment, ()))
    values = json.loads(Path("reports/evaluate/metrics.json").read_text())
    assert ("classes_seen" in values) == (kind == "classifier")
    asked = experiment in ("cgan-mnist", "acgan-fashion-mnist")
    assert ("condition_accuracy" in values) == (asked and kind == "classifier")


@pytest.mark.slow
@pytest.mark.parametrize("experiment", LABELLED)
def test_models_that_learn_classes_say_so_before_they_train(experiment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="learns from labels"):
        line(pictures(tmp_path / "mine", 20), experiment, "extractor.kind=rotation")
