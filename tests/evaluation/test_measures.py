import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.evaluation import docs
from ganline.evaluation import measures as suite
from ganline.metrics.judgements import TASKS
from ganline.metrics.record import Case, Measure, Number, Sample
from ganline.models.facts import model_facts

SETTINGS = compose_params(
    "gan-mnist", ["dataset=digits", "evaluate.samples=200", "evaluate.kid_subset_size=50"]
).evaluate

ASKS_A_MAKER = {"latents", "unpaired", "way back", "enlarges", "holes"} | {f"judged: {task}" for task in TASKS}
"""What measures need that look at more than arrays."""


def images_of(count, seed, classes=4, labels=True):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, 28, 28, 1)).astype(np.uint8)
    labelled = random.integers(0, classes, count).astype(np.int32) if labels else None
    return Sample(images, random.normal(size=(count, 6)), random.dirichlet(np.full(classes, 0.1), count), labelled)


def case_of(sample, kind="classifier"):
    extractor = SimpleNamespace(facts={"kind": kind, "classes": list("abcd")})
    abilities = frozenset(
        {"classes", "pairs", "probabilities", "own file"} | (set() if sample.labels is None else {"labels"})
    )
    return Case(sample, images_of(200, 1), images_of(300, 2), SETTINGS, 1, extractor, abilities=abilities)


def measured(measure, sample=None, named=(), **changes):
    """Return values and protocol of one measure, of fakes and of the floor."""
    case = dataclasses.replace(case_of(sample or images_of(200, 0)), **changes)
    floors = dict.fromkeys(("train", "held_out"), case_of(images_of(200, 3)))
    return suite.measure_all([measure], named, case, floors, {"seed": 1}, lambda name: None)


def made(compute, **changes):
    number = Number("Height", "quality", "higher", "More is better.")
    return Measure("height", {"height": number}, compute, "How high?", "Never.", "nobody", "0 s", **changes)


def test_every_number_has_one_name_and_words_of_its_own():
    named = [measure.of_network("classifier") for measure in suite.measures().values()]
    numbers = [name for measure in named for name in measure.numbers]
    assert len(numbers) == len(set(numbers)) and all(re.fullmatch(r"[a-z0-9_]+", name) for name in numbers)
    for measure in named:
        assert measure.answers and measure.misleads and measure.source and measure.cost, measure.name
        assert all(number.label and number.reading.endswith(".") for number in measure.numbers.values()), measure.name
        assert not [n for n in measure.numbers if n.endswith("_stderr") and measure.numbers[n].ranks], measure.name


def test_below_20_images_the_frechet_distance_is_given_without_its_standard_error():
    (distance,) = suite.chosen(["frechet"])
    own = {"frechet_classifier", "frechet_classifier_mean", "frechet_classifier_cov"}
    for count, errors in ((19, set()), (20, {"frechet_classifier_stderr"})):
        few = dataclasses.replace(case_of(images_of(count, 0)), real=images_of(count, 1))
        found = distance.of_network("classifier").compute(few)
        assert found.keys() == own | errors and found["frechet_classifier"] > 0


def test_names_stand_for_measures():
    every = list(suite.measures().values())
    assert suite.chosen(["all"]) == every
    default = suite.chosen(["default"])
    assert default == every[: len(suite.DEFAULT)] and 8 <= len(default) < len(every)
    assert [m.name for m in suite.chosen(["geometry_score", "frechet"])] == [
        "frechet",
        "geometry_score",
    ]  # in running order
    with pytest.raises(UserError, match="'kidd' is no measure; did you mean kid.*there are default, all, "):
        suite.chosen(["default", "kidd"])


def test_the_default_set_is_15_numbers_at_most_whatever_the_model():
    data = {"classes", "probabilities", "places"}
    for name, facts in model_facts().items():
        beside = [{"pairs"}, {"unpaired"}, {"pairs", "unpaired"}] if "inputs" in facts["abilities"] else [set()]
        for more in beside:
            has = {*facts["abilities"], *data, *more}
            measures = [each for each in suite.chosen(["default"]) if not lacking(each.needs | each.usual, has)]
            numbers = [number for measure in measures for number, words in measure.numbers.items() if words.ranks]
            assert 6 <= len(numbers) <= 15, f"{name}: {numbers}"


def test_what_is_unusual_for_a_model_is_made_where_it_is_asked_for():
    measure = made(lambda case: {"height": 1.0}, usual=frozenset({"latents"}))
    for named, found in ((["default"], set()), (["all"], {"height"}), (["default", "height"], {"height"})):
        assert measured(measure, named=named)[0].keys() - {"floor_height"} == found
    latents = frozenset({"latents"})
    assert set(measured(measure, named=["default"], abilities=latents)[0]) == {"height", "floor_height"}


def test_a_file_that_holds_a_measure_is_found_by_its_name_without_being_imported():
    script = "import sys; from ganline.evaluation import measures; measures.named(['all']), measures.chosen(['kid']); "
    script += "print([name for name in measures.known() if f'ganline.metrics.{name}' in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert found.stdout == "['kid']\n"
    assert all(suite.measure(name).name == name for name in suite.known()) and set(suite.DEFAULT) <= set(suite.known())


def test_params_refuse_an_unknown_measure():
    with pytest.raises(UserError, match="'fidd' is no measure"):
        compose_params("gan-mnist", ["evaluate.metrics=[default,fidd]"])
    assert compose_params("gan-mnist", ["evaluate.metrics=all"]).evaluate.metrics == ["all"]


def test_a_measure_stands_beside_its_floor_with_its_protocol():
    measure = made(lambda case: {"height": float(case.sample.features.mean())}, protocol=lambda case: {"k": 3})
    values, protocol = measured(measure)
    assert set(values) == set(protocol) == {"height", "floor_height"}
    shared = {"seed": 1, "k": 3, "group": "quality", "better": "higher", "label": "Height", "measure": "height"}
    assert shared.items() <= protocol["height"].items() and protocol["height"]["n_fake"] == 200
    assert protocol["floor_height"]["n_floor"] == 200
    assert protocol["floor_height"]["how_to_read"].startswith("What training images score")


def test_a_measure_that_refuses_is_left_out_with_its_reason():
    def refuse(case):
        raise ValueError("height: needs at least 500 images, got 200")

    values, protocol = measured(made(refuse))
    assert values == {} and protocol["height"]["left_out"] == "height: needs at least 500 images, got 200"
    values, protocol = measured(made(lambda case: {"height": float("nan")}))
    assert values == {} and protocol["floor_height"]["left_out"] == "height: gave height = nan"


def test_what_means_nothing_is_left_out_quietly_unless_it_was_named():
    measure = made(lambda case: {"height": 1.0}, needs=frozenset({"labels"}))
    unlabelled = images_of(200, 0, labels=False)
    assert measured(measure, unlabelled) == ({}, {})
    values, protocol = measured(measure, unlabelled, named=["height"])
    assert values == {} and "cannot be asked for" in protocol["height"]["left_out"]
    measure = dataclasses.replace(measure, needs=frozenset({"classes"}))
    assert measured(measure, abilities=frozenset({"labels"})) == ({}, {})
    assert set(measured(measure)[0]) == {"height", "floor_height"}


def test_every_measure_of_arrays_gives_its_numbers_or_its_reason():
    for measure in suite.measures().values():
        if ASKS_A_MAKER & measure.needs or measure.name in ("spatial_frechet",):
            continue
        values, protocol = measured(measure)
        reasons = [entry["left_out"] for entry in protocol.values() if "left_out" in entry]
        assert set(values) or reasons, measure.name
        own = {name for name in values if not name.startswith("floor_")}
        assert own <= set(measure.of_network("classifier").numbers), measure.name


@pytest.mark.parametrize("kind", ["not finite", "empty"])
def test_broken_features_leave_measures_out_and_never_crash(kind):
    broken = images_of(200, 0)
    if kind == "not finite":
        broken.features[3, 2] = np.nan
        broken.probabilities[5] = np.nan
    else:
        broken = Sample(broken.images[:0], broken.features[:0], broken.probabilities[:0], broken.labels[:0])
    for measure in suite.measures().values():
        if not ASKS_A_MAKER & measure.needs and measure.name not in ("spatial_frechet",):
            values, protocol = measured(dataclasses.replace(measure, floor=""), broken)
            reasons = [entry["left_out"] for entry in protocol.values() if "left_out" in entry]
            assert values or reasons, measure.name
            assert all(len(reason) > 20 for reason in reasons), measure.name


def test_the_documents_table_is_that_of_the_code():
    assert docs.table() in Path("docs/metrics.md").read_text()
