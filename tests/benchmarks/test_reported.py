import json

import pytest

from benchmarks import reported, results


def test_a_statement_ends_with_its_full_stop():
    assert reported.said("lsgan-mnist") == (
        "output after 5 epochs, good-looking by 20, good at 50; D loss .228-.257, D accuracy 51-62 %, G loss .304-.355 "
        "there (.25 and 50 % are the equilibrium)."
    )
    assert reported.said("adversarial-mnist") == ""


@pytest.mark.parametrize("experiment", reported.AGREES)
def test_only_rows_of_the_source_s_length_are_held_against_it(experiment):
    path = results.RESULTS / f"{experiment}.json"
    assert reported.is_full(json.loads(path.read_text()))


def test_a_row_that_was_cut_short_says_so():
    facts = {
        "experiment": "lsgan-mnist", "steps": 300, "metrics": {},
        "last": {"d_loss": 0.23456, "d_accuracy_real": 0.5, "d_accuracy_fake": 0.6},
    }  # fmt: skip
    (line,) = reported.lines([facts])
    assert line.endswith("| D loss 0.235, D accuracy 55 % | cut short, after 300 steps |")
