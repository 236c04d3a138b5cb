"""The parts that look for attributes, on a generator in NumPy whose factors are known directions."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from toy_generator import DIM, Eye, Toy, rotation

from ganline.catalogue.presets import compose_params
from ganline.latent.attributes import Attribute
from ganline.studies.finding import LeftOut
from ganline.studies.latent import (
    arithmetic,
    attributes,
    directions,
    disentanglement,
    network,
    perturbation,
    samples,
    sensitivity,
)
from ganline.studies.latent.base import Space

CONF = Path(__file__).parents[2] / "conf"
MODEL = SimpleNamespace(settings=SimpleNamespace(model="toy.Toy"), networks={}, conditions=0, abilities=())


def make_space(generator=None, *overrides, labels=None):
    params = compose_params("gan-mnist", ["dataset=digits", "latent.samples=1000", *overrides], CONF)
    if labels:
        params = params.model_copy(update={"latent": params.latent.model_copy(update={"labels": labels})})
    return Space(generator or Toy(rotation()), MODEL, Eye(), None, None, ["dark", "bright"], params)


@pytest.fixture(scope="module")
def space():
    return make_space()


def test_known_directions_are_found_and_edits_do_what_they_say(space):
    finding = directions.find(space)
    kept = finding.latents["boundaries"]
    slant, area = (kept.values[list(kept.names).index(name)] for name in ("slant", "area"))
    assert slant @ rotation()[0] > 0.95 and area @ rotation()[2] > 0.9
    assert finding.numbers["edit_success"].value > 0.6 > 0.1 > finding.numbers["random_success"].value
    (table,) = finding.tables
    assert {row[0]: row[-1] for row in table.rows}["slant"] == "yes"
    assert {"boundaries", "success", "entanglement"} == set(finding.figures)
    assert any("SeFa is left out: toy.Toy has no network" in sentence for sentence in finding.words)


@pytest.mark.parametrize("kind", ["rotation", "inception"])
def test_what_an_extractor_without_classes_says_is_no_attribute(kind):
    class Turned(Eye):
        abilities = frozenset()
        facts = Eye.facts | {"kind": kind, "classes": ["0 degrees", "90 degrees"] if kind == "rotation" else []}

    other = replace(make_space(), extractor=Turned())
    names = [attribute.name for attribute in other.attributes]
    assert {"slant", "area", "brightness"} <= set(names) and not {"dark", "bright", "0 degrees"} & set(names)


def test_a_direction_named_after_noise_is_said_to_be_none(space):
    (slant,) = [attribute for attribute in space.attributes if attribute.name == "slant"]
    members = np.random.default_rng(0).permutation(slant.members)

    def noise(seen):
        return np.random.default_rng(int(seen.images.sum())).standard_normal(len(seen.images))

    other = make_space()
    level, start = np.array([1.28]), np.array([0.0])
    other.__dict__["attributes"] = [Attribute("noise", noise, level, start, members, 1.0)]
    finding = directions.find(other)
    assert finding.numbers["editable"].value == 0
    assert "no direction that reaches any of 1 attributes" in finding.words[0]


def test_means_show_what_is_shared_and_random_means_do_not(space):
    finding = attributes.find(space)
    rows = {row[0]: row for row in finding.tables[0].rows}
    assert int(rows["slant"][1]) == pytest.approx(100, abs=10)
    values = {name: number.value for name, number in finding.numbers.items()}
    assert values["mean_success"] > 3 * values["mean_success_random"]
    means = finding.latents["means"]
    np.testing.assert_allclose(np.linalg.norm(means.values, axis=1), np.sqrt(DIM), rtol=0.03)


def test_sums_show_what_is_added(space):
    (table,) = arithmetic.find(space).tables
    assert [row[0] for row in table.rows][0] == "(dark + bright) / 2"
    found = arithmetic.find(make_space(None, "latent.arithmetic=[slant - little slant + area, area + breadth]"))
    assert "there is no 'breadth'; did you mean" in found.words[-1]
    assert found.numbers["success"].value > 3 * found.numbers["random_success"].value
    with pytest.raises(LeftOut, match="there is no 'nothing'"):
        arithmetic.find(make_space(None, "latent.arithmetic=[nothing]"))


def test_your_own_labels_become_attributes_and_wrong_ones_are_told_of(space):
    slant = space.samples.measured["slant"]
    marked = np.flatnonzero(slant[:100] > np.quantile(slant, 0.7)).tolist()
    other = make_space(labels={"leaning": marked, "absent": [3, 9999]})
    finding = attributes.find(other)
    assert "leaning" in finding.latents["means"].names and "absent" not in finding.latents["means"].names
    assert finding.words[-1] == "latent.labels: absent: 9999: samples are numbered 0 to 999."
    boundary = directions.find(other).latents["boundaries"]
    assert boundary.values[list(boundary.names).index("leaning")] @ rotation()[0] > 0.7


def test_coordinates_that_are_factors_are_found_and_rotated_ones_are_not(space):
    straight = sensitivity.find(make_space(Toy()))
    assert straight.numbers["effective_coordinates"].value == pytest.approx(3, abs=1)
    assert "z[0]: slant +" in straight.words[1]
    turned = sensitivity.find(space)
    assert turned.numbers["effective_coordinates"].value > 5
    scores = {
        name: disentanglement.find(of).numbers["dci"].value for name, of in (("s", make_space(Toy())), ("t", space))
    }
    assert scores["s"] > scores["t"] + 0.2


def test_windows_of_a_latent_move_the_image_and_the_sample_itself_does_not(space):
    finding = perturbation.find(space)
    assert 0.1 < finding.numbers["window_distance"].value < 1
    assert [row[0] for row in finding.tables[0].rows] == [
        "random noise", "Hanning window", "zeros", "ones", "noise, scattered",
    ]  # fmt: skip


def test_a_generator_that_draws_one_image_is_told_of_in_words():
    class Collapsed(Toy):
        def images(self, latents, labels=None):
            return super().images(np.zeros_like(latents))

    space = make_space(Collapsed())
    for part, words in ((attributes, "do not differ"), (arithmetic, "too little"), (disentanglement, "fewer than two")):
        with pytest.raises(LeftOut, match=words):
            part.find(space)
    finding = directions.find(space)
    assert "no attribute" in finding.words[0] and not finding.figures
    assert sensitivity.find(space).numbers["coordinate_distance"].value == 0


def test_samples_are_shown_by_number_and_named_latents_beside_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    point = '{"mine": {"label": 0, "latent": [' + ", ".join("0" * DIM) + "]}, "
    Path("latents.json").write_text(point + '"other": {"label": 0, "latent": [1]}}')
    space = make_space()
    finding = samples.find(space)
    assert set(finding.figures) == {"numbered", "named"}
    assert finding.words == ["latent.points: other: this generator takes 12 numbers and a label below 1."]
    assert "mine" in arithmetic.find(make_space(None, "latent.arithmetic=[mine + slant]")).tables[0].rows[0][0]
    Path("latents.json").unlink()
    assert "latents.json is missing" in samples.find(make_space()).words[0]


def test_more_directions_than_dimensions_leave_the_method_out(monkeypatch, space):
    monkeypatch.setattr(network, "first_kernel", lambda model: np.eye(DIM))
    greedy = make_space(None, "latent.directions=13")
    greedy.__dict__["attributes"] = space.attributes[:1]
    told = directions.find(greedy).words
    assert "SeFa is left out: 13 directions: a latent space of 12 dimensions has at most 12." in told


class Slow(Toy):
    abilities = frozenset({"latents"})


def test_a_slow_model_is_asked_for_few_images(space):
    slow = replace(space, generator=Slow())
    for part in (attributes, arithmetic, directions, sensitivity, disentanglement, perturbation):
        with pytest.raises(LeftOut, match="toy.Toy draws too slowly"):
            part.find(slow)
