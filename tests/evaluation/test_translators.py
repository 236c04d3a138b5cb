"""Translators with true partners or without: what is measured, by what it is judged, what is left out and why."""

from types import SimpleNamespace

import pytest

from ganline.catalogue.presets import compose_params
from ganline.core.maker import Made
from ganline.evaluation import judging
from ganline.evaluation import measures as suite
from tests.before import leave
from tests.stages.test_evaluate import CONF
from tests.two_ways import SIDE, TwoWays, discs, squares

MEASURES = (
    "frechet",
    "kid",
    "cycle_error",
    "steganography",
    "identity_error",
    "edge_agreement",
    "l1",
    "lpips",
    "class_frechet",
)
COUNTS = {"train": 60, "test": 50}
INPUTS = 40


class Drawing(TwoWays):
    """Draws of held-out inputs, fewer than there are images of the target domain, whose partners may be known."""

    def __init__(self, partners=None):
        self.inputs, self.partners = discs(INPUTS, 7), partners
        self.abilities = TwoWays.abilities | ({"pairs"} if partners is not None else set())

    def draw(self, count, seed, purpose, progress):
        chosen = self.inputs[:count]
        partners = None if self.partners is None else self.partners[:count]
        return Made(self.translate(chosen), {"inputs": chosen}, partners)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Leave a target domain of squares, and an untrained extractor of it."""
    folder = tmp_path_factory.mktemp("unpaired")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        params = compose_params(
            "pix2pix-gray-to-color",
            ["dataset=image_folder", "extractor.kind=rotation", "extractor.beside=null", "download.source=mine",
             f"prepare.size={SIDE}", "prepare.channels=3",
             "evaluate.samples=100", "evaluate.kid_subset_size=20", f"evaluate.metrics=[{','.join(MEASURES)}]"],
            CONF,
        )  # fmt: skip
        splits = {split: {"images": squares(count, seed)} for seed, (split, count) in enumerate(COUNTS.items())}
        network = leave(params, splits)
    return folder, params, network


def judged(project, monkeypatch, partners=None):
    folder, params, network = project
    monkeypatch.chdir(folder)
    return judging.judge(params, SimpleNamespace(readings={}, seed=1, trained_with={}), Drawing(partners), network)


def test_without_partners_the_target_domain_is_the_reference(project, monkeypatch):
    found = judged(project, monkeypatch)
    values, protocol = found.values, found.protocol
    own = {"frechet_rotation", "kid", "cycle_l1", "cycle_back_l1", "identity_l1", "identity_back_l1", "edge_agreement"}
    assert own | {"hidden_share", "floor_frechet_rotation", "floor_kid"} <= values.keys()
    for name in ("frechet_rotation", "kid", "edge_agreement"):
        assert {f"baseline_copied_{name}", f"baseline_mean_colour_{name}"} <= values.keys()
    assert values["floor_kid"] < values["kid"] < values["baseline_copied_kid"]
    assert values["baseline_copied_edge_agreement"] == 1 and values["baseline_mean_colour_edge_agreement"] == 0
    assert "baseline_copied_cycle_l1" not in values  # who copies has none: it would say nothing
    assert protocol["kid"]["reference"] == "test split of the target domain; no true partners are known"
    # One count for fakes, floor and reference: there are fewer inputs than images.
    assert protocol["kid"]["n_real"] == protocol["kid"]["n_fake"] == protocol["floor_kid"]["n_floor"] == INPUTS
    assert any("there are 40 held-out inputs" in notice for notice in protocol["kid"]["notices"])
    assert found.arrays().keys() == {"inputs", "images", "features", "probabilities"}


def test_what_takes_partners_is_left_out_with_its_reason_even_where_nobody_named_it(project, monkeypatch):
    protocol = judged(project, monkeypatch).protocol
    assert "no true partner for each image" in protocol["l1"]["left_out"]
    maker = Drawing()
    case = SimpleNamespace(abilities=maker.abilities, network="rotation")
    # Partners would not do for the last two: it enlarges nothing and fills no hole.
    asked = ["ssim", "class_frechet", "psnr_y", "hole_l1"]
    _, told = suite.measure_all(suite.chosen(asked), ["default"], case, {}, {}, lambda name: None)
    assert set(told) == {"ssim", "ssim_stderr"}  # what is no matter of translators goes without a word


def test_where_partners_are_known_the_unpaired_are_judged_by_them_too(project, monkeypatch):
    partners = 255 - discs(INPUTS, 7)
    found = judged(project, monkeypatch, partners)
    assert found.values["l1"] == 0 < found.values["baseline_copied_l1"]
    assert {"cycle_l1", "edge_agreement", "hidden_share", "kid"} <= found.values.keys()
    assert found.protocol["l1"]["reference"] == "test split"
