import importlib
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.figures import cut_grid
from ganline.core.files import read_arrays
from ganline.extractors.network import Extractor
from ganline.metrics.record import Sample
from ganline.models import makers
from ganline.studies import STUDIES, answers, latent
from ganline.studies.finding import Figure, Finding, Kept, LeftOut, Number
from ganline.studies.latent import interpolation, inversion, memorisation, network
from ganline.studies.latent.base import Space

CONF = Path(__file__).parents[2] / "conf"


def pixels(shape):
    """An extractor whose features are the pixels."""
    images = tf.keras.Input(shape)
    features = tf.keras.layers.Flatten()(images)
    network = tf.keras.Model(images, [features, features, images])
    return Extractor(network, {"kind": "rotation", "classes": [], "image_shape": shape})


def small_model(experiment, *overrides):
    params = compose_params(experiment, overrides, CONF)
    shape = (params.prepare.size, params.prepare.size, 1)
    return params, models.build(params.train, shape, params.seed, classes=10)


def make_space(experiment, *overrides):
    """The space of an untrained generator whose own samples are the training images."""
    params, model = small_model(experiment, "dataset=digits", "latent.samples=100", *overrides)
    space = Space(makers.Sampler(model), model, pixels(model.image_shape), None, None, [], params)
    train, held_out = (
        Sample(images, space.extractor.extract(images).features, np.zeros((len(images), 0)))
        for images in (space.samples.images, 255 - space.samples.images[:30])
    )
    return Space(space.generator, model, space.extractor, train, held_out, [], params)


@pytest.fixture(scope="module")
def small():
    return make_space("gan-mnist", "prepare.size=8", "latent.neighbours=3")


@pytest.fixture(scope="module")
def conditional():
    return make_space("cgan-mnist", "latent.rows=12", "latent.columns=3")


def test_a_part_that_does_not_apply_is_named_and_the_others_are_written(tmp_path, monkeypatch, small):
    monkeypatch.setattr(latent, "PARTS", ("conditions", "interpolation"))
    found = answers.ask("latent", small)
    assert found["conditions"][1] == "this generator is asked for no class and no code"
    images, kept = small.samples.images, Kept(small.samples.latents[:2], ["one", "two"], "latent")
    more = Finding(
        {"loop": Figure(images[:3], "", "")}, {"share": Number(0.123456789, "", "", "")}, latents={"a": kept}
    )
    values = answers.write(tmp_path, {"latent": (found | {"more": answers.Answer("More", more)}, {"seed": 1})})
    assert values == {"latent_more_share": 0.123457} == json.loads((tmp_path / "metrics.json").read_text())
    assert json.loads((tmp_path / "protocol.json").read_text())["latent_more_share"]["seed"] == 1
    listed = json.loads((tmp_path / "findings.json").read_text())
    assert [entry["part"] for entry in listed] == ["conditions", "interpolation", "more"]
    assert {entry["study"] for entry in listed} == {"latent"}
    files = {figure["file"] for entry in listed[1:] for figure in entry["figures"]}
    names = ("interpolation-rows.png", "interpolation-lines.png", "interpolation-plane.png", "interpolation-loops.gif")
    assert files == {f"figures/{name}" for name in (*names, "more-loop.gif")}
    assert files == {str(path.relative_to(tmp_path)) for path in tmp_path.glob("figures/*")}
    assert set(read_arrays(tmp_path / "latents.npz")) == {"more/a"}
    assert listed[2]["latents"] == {"more/a": {"names": ["one", "two"], "kind": "latent"}}
    with pytest.raises(ValueError, match="latent_more_bad = nan"):
        bad = answers.Answer("", Finding({}, {"bad": Number(np.nan, "", "", "")}))
        answers.write(tmp_path, {"latent": ({"more": bad}, {})})


def test_parts_have_names_of_their_own_in_all_studies():
    parts = [part for study in STUDIES for part in importlib.import_module(f"ganline.studies.{study}").PARTS]
    assert len(parts) == len(set(parts)) and "samples" in parts


@pytest.mark.parametrize(
    ("experiment", "overrides", "units", "between"),
    [
        ("gan-mnist", ["prepare.size=8"], 1200, 1000),
        ("dcgan-fashion-mnist-workshop", ["prepare.size=8"], 512, 2 * 2 * 64),
        ("cgan-mnist", [], 100, 5 * 5 * 5),
        ("infogan-mnist", [], 64, None),
        ("vae-mnist", [], 64, 64),
    ],
)
def test_what_the_network_does_with_latents_is_read_from_its_layers(experiment, overrides, units, between):
    space = make_space(experiment, *overrides)
    kernel = network.first_kernel(space.model)
    assert kernel.shape == (space.generator.latent_dim, units)
    made = network.activations(space.model, space.samples.latents[:7], space.samples.labels[:7])
    assert made.shape[0] == 7 and between in (None, made.shape[1]) and made.std() > 0


def test_a_model_that_draws_in_another_way_has_no_layers_to_read():
    _, model = small_model("pixelcnn-mnist", "dataset=mnist")
    with pytest.raises(LeftOut, match="pixelcnn.PixelCNN has no network"):
        network.first_kernel(model)


def test_the_numbered_samples_are_those_that_labels_count(conditional):
    generator = conditional.generator
    first = generator.images(
        generator.latents(100, conditional.seed, "latent/samples"),
        generator.labels(100, conditional.seed, "latent/samples"),
    )
    assert np.array_equal(conditional.samples.images, first)
    more = make_space("cgan-mnist", "latent.samples=150")
    assert np.array_equal(more.samples.images[:100], first)


def test_a_copied_image_is_its_own_nearest_neighbour(small):
    finding = memorisation.find(small)
    figure = finding.figures["nearest"].image
    assert figure.shape == (6 * 10 - 2, 8 + 8 + 3 * 10 - 2, 1)
    assert np.array_equal(figure[:, :8], figure[:, 16:24])
    assert finding.numbers["share_nearer"].value == 1


def test_rows_lead_from_one_random_latent_to_the_next(small):
    settings, generator = small.settings, small.generator
    grid = interpolation.rows_figure(small)
    cells = cut_grid(grid, 8, 8).reshape(settings.rows, settings.columns, 8, 8, 1)
    ends = generator.images(generator.latents(2 * settings.rows, small.seed, "latent/interpolation"))
    assert np.array_equal(cells[:, 0], ends[::2]) and np.array_equal(cells[:, -1], ends[1::2])
    corners = cut_grid(interpolation.plane_figure(small), 8, 8)[[0, 9, 90, 99]]
    assert np.array_equal(corners, generator.images(generator.latents(4, small.seed, "latent/walk")))


def test_rows_take_turns_with_the_labels_and_the_plane_has_the_first(conditional):
    generator, seed = conditional.generator, conditional.seed
    starts = cut_grid(interpolation.rows_figure(conditional), 28, 28)[::3]
    latents = generator.latents(24, seed, "latent/interpolation")[::2]
    assert np.array_equal(starts, generator.images(latents, np.arange(12) % 10))
    plane = cut_grid(interpolation.plane_figure(conditional), 28, 28)
    assert np.array_equal(plane[:1], generator.images(generator.latents(4, seed, "latent/walk")[:1], np.array([0])))


def test_more_neighbours_than_training_images_leave_the_part_out():
    with pytest.raises(LeftOut, match=r"latent.neighbours = 101: allowed is at most 100"):
        memorisation.find(make_space("gan-mnist", "prepare.size=8", "latent.neighbours=101"))


def test_pairs_of_images_and_their_reconstructions():
    space = make_space("vae-mnist")
    images = space.test.images
    finding = inversion.find(space)
    cells = cut_grid(finding.figures["reconstructions"].image, 28, 28)
    assert len(cells) == 48 and np.array_equal(cells[[0, -3]], images[[0, -1]])
    again = space.model.reconstruct(tf.constant(cells[::3] / 255, tf.float32)) * 255  # its range is [0, 1]
    np.testing.assert_allclose(cells[1::3], again, atol=1)
    assert finding.latents["latents"].values.shape == (16, 2) and "by the encoder" in finding.words[0]
