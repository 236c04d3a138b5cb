"""The study of attacks and defences, on digits: what each part says, and what it says of bad input."""

import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.robustness import attacks, defences
from ganline.settings.robustness import Robustness
from ganline.studies import studies_of
from ganline.studies.answers import ask, clock, write
from ganline.studies.finding import Finding, LeftOut
from ganline.studies.ranking import require_ranking
from ganline.studies.robustness.base import Ground, Share
from tests.robustness.conftest import ground as digits  # noqa: F401
from tests.robustness.defences.conftest import Plane

QUICK = (
    "robustness.attacks=[fgsm,pgd]", "robustness.defences=[squeezing,defense_gan,random_forest]",
    "robustness.images=40", "robustness.fewer=20", "robustness.victim_steps=120", "robustness.epsilons=[0.1,0.3]",
    "robustness.pgd.iterations=5", "robustness.adaptive.iterations=3", "robustness.adaptive_l2.iterations=10",
    "robustness.adaptive_l2.constants=1", "robustness.random_forest.trees=10", "robustness.squeezing.median=1",
    "robustness.random_forest.surrogate_steps=50", "robustness.defense_gan.steps=5",
    "robustness.defense_gan.restarts=2", "robustness.defense_gan.drawn=50",
)  # fmt: skip
NAMES = [str(i) for i in range(10)]


@pytest.fixture(scope="module")
def params():
    return compose_params("gan-mnist", ["dataset=digits", *QUICK])


@pytest.fixture(scope="module")
def found(params, digits):  # noqa: F811
    images, labels = digits.train_images, digits.train_labels
    test = np.rint(255 * digits.images).astype(np.uint8)
    return ask("robustness", Ground(params, Plane(images), images, labels, test, digits.labels, NAMES))


def test_every_part_finds_something(found):
    assert {name: answer.finding for name, answer in found.items() if isinstance(answer.finding, str)} == {}
    assert list(found) == ["victims", "attacks", "defences", "adaptive", "curves", "transfer"]


def test_numbers_are_named_by_attack_and_defence(found, tmp_path):
    values = write(tmp_path, {"robustness": (found, {})})
    assert {
        "robustness_victims_accuracy_pooled", "robustness_attacks_pgd_success", "robustness_attacks_fgsm_linf",
        "robustness_defences_squeezing_clean", "robustness_defences_defense_gan_fgsm", "robustness_adaptive_squeezing",
        "robustness_adaptive_random_forest",
    } <= set(values)  # fmt: skip
    assert values["robustness_attacks_fgsm_linf"] == pytest.approx(0.3, abs=0.001)
    assert values["robustness_attacks_pgd_accuracy"] < values["robustness_victims_accuracy_pooled"]


def test_times_are_told_but_never_hashed(found, tmp_path):
    told = clock({"robustness": (found, {})})
    assert set(told) == {"robustness_attacks_fgsm_seconds", "robustness_attacks_pgd_seconds"}
    write(tmp_path, {"robustness": (found, {})})
    assert "seconds" not in (tmp_path / "findings.json").read_text() + (tmp_path / "metrics.json").read_text()


def test_tables_are_attack_by_defence_with_intervals(found):
    finding = found["defences"].finding
    assert isinstance(finding, Finding)
    table = finding.tables[0]
    assert table.columns == ("", "FGSM", "PGD")
    assert [row[0] for row in table.rows] == ["no defence", "Defense-GAN", "Random forest", "Feature squeezing"]
    assert all("to" in cell for row in table.rows for cell in row[1:])


def test_the_page_says_which_defences_fall(found):
    rows = found["adaptive"].finding.tables[0].rows
    assert {row[-1] for row in rows} <= {"falls", "weakened", "holds"}
    fallen = [row[0] for row in rows if row[-1] == "falls"]
    said = " ".join(found["adaptive"].finding.words)
    assert all(name in said.partition("fall: ")[2].partition(".")[0] for name in fallen)
    assert [row[4] != "none" for row in rows] == [False, False, True]


def test_an_interval_is_wilsons():
    assert str(Share(5, 10)) == "50.0 (23.7 to 76.3)"
    assert Share(0, 0).interval == (0.0, 1.0)


def test_what_learns_from_the_first_images_learns_of_all_classes(params):
    labels = np.repeat(np.arange(10), 100)
    images = labels.astype(np.uint8)[:, None, None, None].repeat(8, 1).repeat(8, 2)
    learned, classes, _ = Ground(params, Plane(images), images, labels, images, labels, NAMES).taught
    assert np.array_equal(learned[:, 0, 0, 0], classes) and set(classes[:100]) == set(range(10))
    assert np.bincount(classes[:500]).min() > 25


def test_data_without_classes_is_left_out(params):
    images = np.zeros((20, 8, 8, 1), np.uint8)
    with pytest.raises(LeftOut, match="the data has not two classes"):
        _ = Ground(params, Plane(images), images, None, images, None, []).labels


def test_it_is_off_unless_attacks_are_named():
    off = compose_params("gan-mnist")
    assert off.model_dump()["robustness"] == {"attacks": []} and studies_of(off) == ["latent"]
    on = compose_params("gan-mnist", ["robustness.attacks=[fgsm]"])
    assert studies_of(on) == ["latent", "robustness"]
    require_ranking("robustness_adaptive_squeezing", on)
    with pytest.raises(UserError, match=r"robustness.attacks = \[\] leaves the study out"):
        require_ranking("robustness_adaptive_squeezing", off)


def test_what_is_named_is_kept_as_it_was_named():
    """dvc.lock is compared with it: a default that was written down is not dropped, none is added."""
    given = {"attacks": ["pgd"], "images": 500, "pgd": {"iterations": 40}}
    assert Robustness.model_validate(given).model_dump() == given


def test_every_attack_and_defence_has_its_settings():
    assert {*attacks.names(), *defences.names()} <= set(Robustness.model_fields)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("robustness.attacks=[fgms]", "robustness.attacks: 'fgms' is none; did you mean fgsm"),
        ("robustness.defences=[magnte]", "robustness.defences: 'magnte' is none; did you mean magnet"),
        ("robustness.fgsm.epsilon=1.5", "robustness.fgsm.epsilon = 1.5: allowed is less than or equal to 1"),
        ("robustness.epsilons=[0.3,0.1]", r"robustness.epsilons = \[0.3, 0.1\]: allowed is a list that rises"),
        ("robustness.pgd.iteratons=3", "robustness.pgd.iteratons: unknown key; did you mean robustness.pgd.iterations"),
    ],
)
def test_bad_input_is_refused_with_what_is_allowed(override, said):
    with pytest.raises(UserError, match=said):
        compose_params("gan-mnist", [override])


def test_a_translator_is_no_generator_for_defense_gan():
    asked = ["robustness.attacks=[fgsm]", "robustness.defences=[defense_gan]"]
    with pytest.raises(UserError, match="defense_gan searches the latents of the generator: .* of no latents"):
        compose_params("pix2pix-gray-to-color", ["download.source=.", *asked])
