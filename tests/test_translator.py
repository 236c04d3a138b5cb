"""A small Pix2Pix through all that judges and uses it: evaluate, study, report, `ganline translate`, MLflow."""

import json

import cv2
import numpy as np
import pytest

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.files import read_arrays
from ganline.datasets import inputs
from ganline.settings import paths
from ganline.studies.translation import using
from stages import evaluate, study
from tests.before import leave, lose_lpips
from tests.stages.test_evaluate import CONF, Recorder

MEASURES = ("l1", "psnr", "ssim", "pair_ms_ssim", "lpips", "frechet", "kid")
SIDE, COUNTS = 32, {"train": 60, "test": 40}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Leave what the stages before leave: 100 pictures of coloured discs, an extractor, an untrained Pix2Pix."""
    folder = tmp_path_factory.mktemp("translator")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        params = compose_params(
            "pix2pix-gray-to-color",
            ["dataset=image_folder", "extractor.kind=classifier", "download.source=mine", f"prepare.size={SIDE}",
             "prepare.channels=3",
             "evaluate.samples=100", "evaluate.kid_subset_size=20", f"evaluate.metrics=[{','.join(MEASURES)}]"],
            CONF,
        )  # fmt: skip
        labels = {split: np.arange(count, dtype=np.int32) % 2 for split, count in COUNTS.items()}
        splits = {
            split: {"images": discs(labels[split], seed), "labels": labels[split]} for seed, split in enumerate(COUNTS)
        }
        leave(params, splits, ["red", "blue"])
        lose_lpips(folder)
        model = models.build(params.train, (SIDE, SIDE, 3), 1, 2, inputs.shape(params))
        models.save(model, paths.GAN)
    return folder, params


def discs(labels, seed):
    random = np.random.default_rng(seed)
    images = np.full((len(labels), SIDE, SIDE, 3), 240, np.uint8)
    for image, label in zip(images, labels, strict=True):
        colour = ([220, 40, 40], [40, 40, 220])[label]
        cv2.circle(image, random.integers(8, SIDE - 8, 2).tolist(), int(random.integers(4, 8)), colour, -1)
    return images


@pytest.fixture
def here(project, monkeypatch):
    monkeypatch.chdir(project[0])
    return project


def test_its_numbers_stand_beside_baselines_and_pairs_are_kept(here):
    recorder = Recorder()
    evaluate.run(here[1], recorder)
    values = json.loads((paths.EVALUATE / "metrics.json").read_text())
    protocol = json.loads((paths.EVALUATE / "protocol.json").read_text())
    for name in {*MEASURES, "frechet_classifier"} - {"lpips", "frechet"}:
        assert {name, f"baseline_copied_{name}", f"baseline_mean_colour_{name}"} <= values.keys()
    # Untrained, it makes grey of everything, and these pictures are mostly white.
    assert values["l1"] > values["baseline_mean_colour_l1"] > values["baseline_copied_l1"] > 0
    assert "floor_frechet_classifier" in values and "floor_l1" not in values
    assert "put these into data/manual/lpips" in protocol["lpips"]["left_out"]
    kept = read_arrays(paths.EVALUATE / "features.npz")
    np.testing.assert_array_equal(
        kept["inputs"][..., 0], [cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in kept["partners"]]
    )
    assert kept["images"].shape == kept["partners"].shape == (40, SIDE, SIDE, 3)


def test_its_study_is_that_of_translators_and_no_other(here):
    recorder = Recorder()
    study.run(here[1], recorder)
    found = json.loads((paths.STUDY / "findings.json").read_text())
    assert [(entry["study"], entry["part"]) for entry in found] == [("translation", "examples")]
    assert 0 <= recorder.values["translation_examples_beats_copied"] < 0.5
    assert {path.name for path in (paths.STUDY / "figures").iterdir()} == {
        f"examples-{name}.png" for name in ("best", "median", "worst")
    }


def test_pictures_of_any_size_go_through_it(here, tmp_path):
    picture = discs([0], 9)[0]
    cv2.imwrite(str(tmp_path / "small.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    cv2.imwrite(str(tmp_path / "large.png"), cv2.resize(picture, (90, 50)))
    translator = using.load(paths.GAN)
    for name, shape in (("small", (32, 32, 3)), ("large", (50, 90, 3))):
        using.run(using.plan(tmp_path / f"{name}.png", tmp_path / f"{name}-out.png"), translator)
        assert using.read(tmp_path / f"{name}-out.png").shape == shape
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[None, ..., None]
    np.testing.assert_array_equal(using.read(tmp_path / "small-out.png"), translator.translate(grey)[0])


def test_the_logged_model_does_the_same(here):
    from types import SimpleNamespace

    from ganline.tracking.mlflow_model import GeneratorModel

    logged = GeneratorModel()
    logged.load_context(SimpleNamespace(artifacts={"generator": str(paths.GAN)}))
    colour = discs([1], 3)
    found = logged.predict(None, colour)
    np.testing.assert_array_equal(
        found, using.load(paths.GAN).translate(inputs.grey(colour.astype(int)).astype(np.uint8))
    )
    assert logged.predict(None, np.zeros((2, 50, 40, 1), np.uint8)).shape == (2, 50, 40, 3)


def test_a_generator_of_latents_is_no_translator(here, tmp_path):
    from ganline.core.errors import UserError

    params = compose_params("mode-collapse-mnist", ["dataset=digits", "prepare.size=8"], CONF)
    models.save(models.build(params.train, (8, 8, 1), 1), tmp_path)
    with pytest.raises(UserError, match="which makes its images of latents and not of pictures: train a translator"):
        using.load(tmp_path)


@pytest.mark.slow
def test_two_domains_go_both_ways(here, tmp_path, monkeypatch):
    from types import SimpleNamespace

    from typer.testing import CliRunner

    from ganline.core.errors import UserError
    from ganline.tracking.mlflow_model import GeneratorModel
    from pipelines.cli import app

    with pytest.raises(UserError, match=r"--back: pix2pix.Pix2Pix cannot be asked for the way back"):
        using.load(paths.GAN, back=True)
    monkeypatch.chdir(tmp_path)
    params = compose_params("cyclegan-horse2zebra", ["prepare.size=16", "download.source=any"], CONF)
    model = models.build(params.train, (16, 16, 3), 1, input_shape=(16, 16, 3))
    models.save(model, paths.GAN)
    zebra = discs([0, 1], 9)[:, :16, :16]
    for image, name in zip(zebra, ("a", "b"), strict=True):
        using.write(tmp_path / f"zebras/{name}.png", image)
    done = CliRunner().invoke(app, ["translate", "--back", "zebras", "horses"])
    assert done.exit_code == 0, done.output
    horses = np.stack([using.read(tmp_path / f"horses/{name}.png") for name in "ab"])
    there, back = using.load(paths.GAN), using.load(paths.GAN, back=True)
    np.testing.assert_array_equal(horses, back.translate(zebra))
    logged = GeneratorModel()
    logged.load_context(SimpleNamespace(artifacts={"generator": str(paths.GAN)}))
    np.testing.assert_array_equal(logged.predict(None, zebra, {"back": True}), horses)
    np.testing.assert_array_equal(logged.predict(None, zebra), there.translate(zebra))
    assert np.any(there.translate(zebra) != horses)
