"""The page of results: made of what is kept, with a row for every kind of run."""

import json
from pathlib import Path

from benchmarks import results


def test_the_page_is_that_of_the_numbers_that_are_kept():
    assert results.page() == Path("docs/results.md").read_text()


def test_a_translator_whose_partners_nobody_knows_has_a_row_too(monkeypatch, tmp_path):
    """What is measured of it is its distance to the target domain, beside who copies and who paints in one colour."""
    numbers = {"kid": 0.25, "baseline_copied_kid": 0.67, "baseline_mean_colour_kid": 3.1, "cycle_l1": 0.1}
    facts = {
        "experiment": "cyclegan-horse2zebra", "command": "dvc exp run", "steps": 200, "minutes": None, "cores": 2,
        "extractor": "rotation", "images": 200, "verdict": "too_short", "metrics": numbers, "last": {},
    }  # fmt: skip
    (tmp_path / "cyclegan-horse2zebra.json").write_text(json.dumps(facts))
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(results, "RUNS", {"cyclegan-horse2zebra": []})
    row = "| cyclegan-horse2zebra | 200 of 1,068 |  | - | - | - | 0.25 (0.67, 3.1) | rotation, 200 | too_short |"
    assert row in results.page().partition("## Translators")[2]
