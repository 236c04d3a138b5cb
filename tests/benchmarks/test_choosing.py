from pathlib import Path

import pandas as pd
import pytest

from benchmarks.choosing import table
from benchmarks.choosing.corrupted import AGAIN, ground
from ganline.catalogue.presets import compose_params


def rows(better, *values, kind="noise"):
    degrees = range(len(values))
    kinds = ["", *[kind] * (len(values) - 1)]
    return pd.DataFrame({"count": 500, "kind": kinds, "degree": degrees, "better": better, "value": values})


@pytest.mark.parametrize(
    ("better", "values", "right"),
    [
        ("lower", (1, 2, 3, 4), 1), ("higher", (1, 2, 3, 4), -1), ("higher", (4, 3, 3, 3), 0.5),
        ("", (2, 3, 0, 5), 1), ("lower", (1.0, 1.1, 1.2, 3.0), 0.5),
    ],
)  # fmt: skip
def test_a_number_ranks_right_where_more_corrupted_is_worse_by_more_than_luck(better, values, right):
    assert table.ranked(rows(better, *values), luck=0.5) == {"noise": pytest.approx(right)}


def test_luck_is_what_other_real_images_change():
    known = pd.concat([rows("lower", 1.0), rows("lower", 9.0, 3.0, 2.0, kind=AGAIN).iloc[1:]])
    assert table.luck_of(known, 500) == pytest.approx(2.0)
    assert table.luck_of(known, 2000) == pytest.approx(1.0)  # of as many more images the spread is half
    assert table.luck_of(rows("lower", 1.0, 2.0), 500) == 0


def test_the_page_has_the_table_of_what_is_kept():
    assert table.table() in Path("docs/metrics.md").read_text()


@pytest.mark.parametrize("change", ["dataset=mnist", "extractor.kind=rotation"])
def test_numbers_of_other_data_or_of_another_judge_are_not_added(change, monkeypatch):
    params = compose_params("gan-mnist", ["dataset=fashion_mnist", change])
    monkeypatch.setattr("benchmarks.choosing.corrupted.load_params", lambda path: params)
    with pytest.raises(SystemExit, match="measured.csv is of fashion_mnist and classifier"):
        ground(500)
