"""A small CartoonGAN in use: drawn styles for held-out photographs, `ganline translate --style`, the logged model."""

import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.models import makers
from ganline.models.base import Model
from ganline.settings import paths
from ganline.studies.translation import using
from ganline.tracking import delivery
from ganline.tracking.mlflow_model import GeneratorModel
from pipelines.cli import app
from tests.fitting import CONF, built

SIDE = 16


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> tuple[Path, Model]:
    folder = tmp_path_factory.mktemp("style")
    params = compose_params("cartoongan-selfie2sketch", ["download.source=.", f"prepare.size={SIDE}"], CONF)
    model = built(params, 3)
    models.save(model, folder / paths.GAN)
    return folder, model


@pytest.fixture
def here(project, monkeypatch, tmp_path):
    """In a folder with the model, a photograph and two drawings that differ."""
    (tmp_path / "models").symlink_to(project[0] / "models")
    monkeypatch.chdir(tmp_path)
    for i, name in enumerate(("photo", "first", "other")):
        using.write(Path(f"{name}.png"), pictures(1, seed=i, side=40)[0])
    return project[1]


def pictures(count, seed=0, side=SIDE):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), np.uint8)


def test_held_out_photographs_are_drawn_in_styles_of_held_out_drawings(project):
    photographs, drawings = pictures(7), pictures(5, 1)
    maker = makers.of(project[1], photographs, styles=drawings)
    made, again, others = (maker.draw(6, 1, purpose) for purpose in ("a", "a", "b"))
    assert list(made.given) == ["inputs", "styles"] and made.partners is None
    assert {style.tobytes() for style in made.given["styles"]} <= {drawing.tobytes() for drawing in drawings}
    np.testing.assert_array_equal(made.images, again.images)
    assert not np.array_equal(made.given["styles"], others.given["styles"])
    np.testing.assert_array_equal(maker.make(maker.given(6, 1, "a")), made.images)
    # The sheet shows photograph, style and drawing beside each other.
    assert maker.sheet(1, 1, "a").shape == (SIDE, 3 * SIDE + 2 * 2, 3)
    # Where nobody says which, each gets one of them in turn.
    np.testing.assert_array_equal(
        maker.translate(photographs), maker.translate(photographs, styles=drawings[[0, 1, 2, 3, 4, 0, 1]])
    )


def test_a_style_decides_what_is_drawn_whatever_its_size(here, project):
    translator = using.load(paths.GAN, style=pictures(1, 2)[0])
    large = np.repeat(np.repeat(pictures(1, 2)[0], 3, 0), 3, 1)
    same, other = using.load(paths.GAN, style=large), using.load(paths.GAN, style=pictures(1, 4)[0])
    drawn, alike, apart = (each.translate(pictures(2)) for each in (translator, same, other))
    np.testing.assert_array_equal(drawn, alike)
    assert (drawn != apart).any()
    # What was saved sees styles as what was trained.
    np.testing.assert_array_equal(drawn, makers.of(project[1]).in_style(pictures(1, 2)[0]).translate(pictures(2)))


def run(*words):
    return CliRunner().invoke(app, ["translate", *words], catch_exceptions=True)


def test_the_command_draws_in_the_style_of_a_picture(here):
    for name in ("first", "other"):
        done = run("photo.png", f"in-{name}.png", "--style", f"{name}.png")
        assert done.exit_code == 0, done.output
    first, other = (using.read(Path(f"in-{name}.png")) for name in ("first", "other"))
    assert first.shape == (40, 40, 3) and (first != other).any()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], r"CartoonGAN in models/gan draws in the style of a picture: say which by --style PICTURE; allowed is"),
        (["--style", "nowhere.png"], r"nowhere.png: cannot be read: No such file"),
        (["--style", "text.png"], r"text.png is no picture that can be read"),
        (["--style", "."], r"cannot be read: Is a directory"),
    ],
    ids=["none", "missing", "unreadable", "folder"],
)
def test_a_style_that_cannot_be_had_is_said_before_anything_is_written(here, words, said):
    Path("text.png").write_text("no picture")
    with pytest.raises(UserError, match=said):
        job = using.plan(Path("photo.png"), Path("out.png"))
        style = using.read(Path(words[1])) if words else None
        using.run(job, using.load(paths.GAN, style=style))
    done = run("photo.png", "out.png", *words)
    assert done.exit_code != 0 and not Path("out.png").exists()


def test_a_translator_without_styles_says_so(tmp_path):
    params = compose_params("pix2pix-gray-to-color", ["download.source=.", f"prepare.size={SIDE}"], CONF)
    models.save(built(params, 3), tmp_path)
    with pytest.raises(
        UserError, match=r"--style: pix2pix.Pix2Pix draws in the style of no picture \(.*\); leave it out"
    ):
        using.load(tmp_path, style=pictures(1)[0])


def test_the_logged_model_is_given_photographs_and_a_style_by_name(here):
    logged = GeneratorModel()
    logged.load_context(SimpleNamespace(artifacts={"generator": str(paths.GAN)}))
    photographs, style = pictures(2), pictures(1, 2, side=20)[0]
    found = logged.predict(None, {"images": photographs, "style": style})
    np.testing.assert_array_equal(found, using.load(paths.GAN, style=style).translate(photographs))
    signature = delivery._signature({"input_shape": [SIDE, SIDE, 3], "image_shape": [SIDE, SIDE, 3], "style": True})
    assert [each["name"] for each in json.loads(signature.to_dict()["inputs"])] == ["images", "style"]


def test_pictures_of_any_kind_are_styles(here):
    grey = cv2.cvtColor(pictures(1, 2)[0], cv2.COLOR_RGB2GRAY)
    translator = using.load(paths.GAN, style=grey)
    np.testing.assert_array_equal(
        translator.translate(pictures(1)), translator.in_style(np.repeat(grey[..., None], 3, 2)).translate(pictures(1))
    )
