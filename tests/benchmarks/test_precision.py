"""bfloat16 beside float32: which trainings are held against each other, and when bfloat16 counts as harmless."""

import json

import numpy as np
import pytest

from benchmarks import precision
from benchmarks.recorded import RESULTS
from ganline.catalogue.presets import compose_params
from ganline.models.facts import model_facts

SEEDS = range(1, precision.SEEDS + 1)


def kept(tmp_path, half_distances, precisions=(precision.FULL, precision.HALF)):
    """Write what gan-mnist's trainings leave: in float32 distances of 1 to 5, in bfloat16 those given."""
    distances = {precision.FULL: [1.0, 2.0, 3.0, 4.0, 5.0], precision.HALF: half_distances}
    for each in precisions:
        for number, distance in zip(SEEDS, distances[each], strict=True):
            path = tmp_path / precision.row("gan-mnist", each, number).file
            path.parent.mkdir(parents=True, exist_ok=True)
            metrics = {precision.MEASURES[0]: distance, "precision": 0.5 + number / 100, "recall": 0.25}
            path.write_text(json.dumps({"metrics": metrics, "core_minutes": 2.0 + number}))


def test_both_precisions_have_the_same_seeds_each_another_one():
    seeds = {
        each: [precision.row("lsgan-mnist", each, number).params().seed for number in SEEDS]
        for each in (precision.FULL, precision.HALF)
    }
    assert seeds[precision.FULL] == seeds[precision.HALF] and len(set(seeds[precision.FULL])) == precision.SEEDS
    one, other = (precision.row("lsgan-mnist", each, 1).params() for each in (precision.FULL, precision.HALF))
    assert one == other.model_copy(update={"compute": one.compute}) and one.compute != other.compute


def test_seeds_are_so_far_apart():
    assert precision.apart(np.array([1.0, 2.0, 3.0, 4.0, 5.0])) == 2.0


@pytest.mark.parametrize(("further", "harmless"), [(0.0, "yes"), (1.9, "yes"), (2.1, "**no**"), (-2.1, "**no**")])
def test_means_may_be_as_far_apart_as_seeds_are(tmp_path, further, harmless):
    kept(tmp_path, [value + further for value in (1.0, 2.0, 3.0, 4.0, 5.0)])
    (line,) = (line for line in precision.section(tmp_path).splitlines() if line.startswith("| gan-mnist"))
    assert line.endswith(f"| 5 ± 1.58; 5 ± 1.58 | {harmless} |")
    assert f"| 3 ± 1.58; {3 + further:.3g} ± 1.58 | {abs(further):.3g}, 2 |" in line


def test_nothing_is_said_until_all_seeds_are_there(tmp_path):
    kept(tmp_path, [], precisions=(precision.FULL,))
    assert precision.section(tmp_path) == ""


def test_auto_takes_bfloat16_for_those_that_were_found_to_take_no_harm_and_no_others():
    found = set()
    for experiment in precision.STEPS:
        kept, train = precision.found(experiment, RESULTS), compose_params(experiment).train
        assert [len(each) for each in kept.values()] == [precision.SEEDS] * 2
        if precision.harmless(*map(precision.measured, kept.values())):
            found.add((train.model, train.loss))
    assert found == {(name, loss) for name, facts in model_facts().items() for loss in facts["bfloat16_with"]}
