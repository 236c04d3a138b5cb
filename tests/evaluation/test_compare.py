import math
from dataclasses import replace

import pytest
from rich.console import Console

from ganline.core.errors import UserError
from ganline.evaluation.compare import Run, as_rows, compare, headline
from ganline.metrics import naming
from ganline.report.compare import render
from pipelines import cli

ENTRY = {
    "label": "FID", "better": "lower", "ranks": True, "how_to_read": "Less is better.", "notices": ["few images"],
    "extractor_weights_sha256": "a" * 64, "n_fake": 100, "seed": 1,
}  # fmt: skip


def run(name, numbers, entry=ENTRY, **more):
    """A run whose numbers were all made as `entry` says."""
    facts = {"experiment": "gan-mnist", "started": "2030-01-01 00:00", "dataset": "digits", "digest": "d1",
             "parameters": {"seed": "1"}}  # fmt: skip
    protocol = dict.fromkeys(numbers, entry) if entry else {}
    return Run(id=name, name=name, numbers=numbers, protocol=protocol, **facts | more)


def places(group):
    return [(row.rank, row.run.id) for row in group.rows]


def test_the_best_comes_first_whichever_end_that_is():
    runs = [run("a", {"fid": 3.0}), run("b", {"fid": 1.0}), run("c", {"fid": 2.0})]
    assert places(compare(runs, "fid").groups[0]) == [(1, "b"), (2, "c"), (3, "a")]
    higher = [run(name, {"precision": value}, ENTRY | {"better": "higher"}) for name, value in (("a", 0.1), ("b", 0.9))]
    assert places(compare(higher, "precision").groups[0]) == [(1, "b"), (2, "a")]


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"seed": 2}, 1),
        ({"notices": [], "how_to_read": "-", "label": "Distance", "asked_for": "one of 10 classes"}, 1),
        ({"extractor_weights_sha256": "b" * 64}, 2),
        ({"n_fake": 200}, 2),
        ({"quantisation": "none"}, 2),
    ],
)
def test_what_parts_runs(change, parts):
    table = compare([run("a", {"fid": 1.0}), run("b", {"fid": 2.0}, ENTRY | change)], "fid")
    assert len(table.groups) == parts


def test_other_data_parts_runs_and_the_headline_says_what_differs():
    runs = [run("a", {"fid": 1.0}), run("b", {"fid": 2.0}), run("c", {"fid": 0.5}, ENTRY | {"n_fake": 99}, digest="d2")]
    first, second = compare(runs, "fid").groups
    assert places(first) == [(1, "a"), (2, "b")] and places(second) == [(1, "c")]
    assert headline(first.differs) == "dataset_digest d1, n_fake 100"
    assert headline(second.differs) == "dataset_digest d2, n_fake 99"
    other = compare([runs[0], run("c", {"fid": 1.0}, ENTRY | {"extractor_weights_sha256": "b" * 64})], "fid")
    assert headline(other.groups[1].differs) == "extractor_weights_sha256 bbbbbbbbbbbb"


def test_runs_within_their_errors_are_ties():
    values = {"a": (1.0, 0.3), "b": (1.8, 0.3), "c": (2.7, 0.3), "d": (2.7, 0.0)}
    runs = [run(name, {"kid": value, "kid_stderr": error}) for name, (value, error) in values.items()]
    # Errors combine to 0.42, and 1.96 of that is 0.83: a ties with b, but b and c differ by 0.9; c and d are equal.
    assert [row.ties for row in compare(runs, "kid").groups[0].rows] == [(2,), (1,), (4,), (3,)]
    assert [row.ties for row in compare([run("a", {"fid": 1.0}), run("b", {"fid": 1.001})], "fid").groups[0].rows] == [
        (), (),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (run("x", {"fid": 1.0}, None), "no protocol says how its fid was made"),
        (run("x", {"kid": 1.0}), "it has no fid"),
        (run("x", {"fid": math.nan}), "its fid is nan"),
        (run("x", {"fid": 1.0}, ENTRY | {"left_out": "images are tiny"}), "fid was left out: images are tiny"),
        (run("x", {"fid": 1.0}, ENTRY | {"better": ""}), "its protocol does not say which end of fid is good"),
    ],
)
def test_what_cannot_be_ranked_stands_apart_with_its_reason(other, reason):
    table = compare([run("a", {"fid": 2.0}), other], "fid")
    assert [(each.id, why) for each, why in table.apart] == [("x", reason)]
    assert places(table.groups[0]) == [(1, "a")]


def test_an_unknown_number_is_answered_with_those_there_are():
    numbers = {"fid": 1.0, "kid": 0.1, "kid_stderr": 0.01, "floor_fid": 0.2}
    protocol = {name: ENTRY | {"ranks": not name.endswith("_stderr")} for name in numbers}
    runs = [Run("a", "a", "e", "", "digits", "", {}, numbers, protocol)]
    with pytest.raises(UserError, match=r"--by fidd: .* There are: fid, kid$"):
        compare(runs, "fidd")
    with pytest.raises(UserError, match="no finished runs"):
        compare([], "fid")


def test_protocols_of_early_runs_do_not_say_which_end_is_good():
    early = {"extractor": "classifier", "how_to_read": "Less is better."}
    table = compare([run("a", {"fid": 2.0, "recall": 0.5}, early), run("b", {"fid": 1.0}, early)], "fid")
    assert table.better == "lower" and places(table.groups[0]) == [(1, "b"), (2, "a")]


def test_flat_rows_hold_all_numbers_and_the_parameters_that_differ():
    runs = [
        run("a", {"fid": 2.0, "floor_fid": 0.1, "fid_stderr": 0.2}, parameters={"seed": "1", "train.steps": "5"}),
        run("b", {"kid": 1.0}, parameters={"seed": "1", "train.steps": "9"}),
    ]
    rows = as_rows(compare(runs, "fid"))
    assert list(rows[0])[-5:] == ["fid", "fid_stderr", "floor_fid", "kid", "params.train.steps"]
    assert (rows[0]["group"], rows[0]["rank"], rows[0]["fid"], rows[0]["not_ranked"]) == (1, 1, 2.0, None)
    assert (rows[1]["rank"], rows[1]["fid"], rows[1]["params.train.steps"]) == (None, None, "9")
    assert rows[1]["not_ranked"] == "it has no fid"


def of_network(network, value, weights="a", **more):
    """A run whose Frechet distance was made in the features of this network."""
    name = naming.frechet(network)
    entry = ENTRY | {"extractor": network, "extractor_weights_sha256": weights * 64} | more
    entry["label"] = naming.filled(naming.FRECHET_LABEL, network)
    return run(f"{network}-{weights}-{value}", {name: value, f"floor_{name}": 0.1}, entry)


def test_by_frechet_each_run_is_ranked_by_its_own_judge_and_never_with_anothers():
    runs = [of_network("classifier", 3.0), of_network("classifier", 2.0), of_network("inception_2015", 1.0)]
    table = compare(runs, "frechet")
    assert [[row.value for row in group.rows] for group in table.groups] == [[2.0, 3.0], [1.0]]
    assert not table.apart and "extractor inception_2015" in headline(table.groups[1].differs)
    assert [row["frechet"] for row in as_rows(table)] == [2.0, 3.0, 1.0]
    assert table.label == compare(runs[::-1], "frechet").label == "Frechet distance"
    alone = compare(runs[:2], "frechet")  # all of one judge: no other name is needed
    assert (alone.by, alone.label) == ("frechet_classifier", "Frechet distance (classifier)")
    apart = compare([runs[0], of_network("classifier", 1.0, "b")], "frechet")
    assert len(apart.groups) == 2 and set(apart.groups[0].differs) == {"extractor_weights_sha256"}
    told = compare(runs, "fid").apart
    assert [reason for _, reason in told] == ["it has no fid", "it has no fid"]
    with pytest.raises(UserError, match="FID is the name .* it is frechet_classifier. There are: frechet_classifier"):
        compare(runs[:2], "fid")


def test_the_network_beside_the_judge_is_ranked_by_its_own_name_alone():
    beside = {"extractor": "squeezenet", "extractor_weights_sha256": "c" * 64, "n_fake": 50, "judge": "beside"}
    first = of_network("classifier", 3.0)
    entries = {"frechet_squeezenet": ENTRY | beside, **first.protocol}
    both = replace(first, numbers={**first.numbers, "frechet_squeezenet": 9.0}, protocol=entries)
    assert compare([both], "frechet").by == "frechet_classifier"
    judge = of_network("squeezenet", 8.0, "c", n_fake=50)
    table = compare([both, judge], "frechet_squeezenet")
    # Who sat where is no reason to part: the protocols are one.
    assert [[row.value for row in group.rows] for group in table.groups] == [[8.0, 9.0]]


def test_class_frechet_is_that_of_who_knows_the_classes():
    first = of_network("efficientnet_lite0", 3.0)
    told = {"extractor": "classifier", "extractor_weights_sha256": "c" * 64, "judge": "beside"}
    told |= {"measure": "class_frechet"}
    name = "class_frechet_classifier"

    def both(value):
        numbers = {**first.numbers, name: value, f"{name}_classes": 3, f"floor_{name}": 0.1}
        entries = {
            f"floor_{name}": ENTRY | told,
            f"{name}_classes": ENTRY | told | {"ranks": False},
            name: ENTRY | told,
        }
        return replace(first, id=f"{value}", numbers=numbers, protocol={**first.protocol, **entries})

    table = compare([both(9.0), both(8.0)], "class_frechet")
    assert table.by == name and [[row.value for row in group.rows] for group in table.groups] == [[8.0, 9.0]]
    with pytest.raises(UserError, match="with classifier it is class_frechet_classifier"):
        compare([both(9.0)], "class_fid")
    gone = {name: {"measure": "class_frechet", "ranks": True, "left_out": "too few images"}}
    apart = compare([both(9.0), replace(first, protocol={**first.protocol, **gone})], "class_frechet").apart
    assert [reason for _, reason in apart] == ["class_frechet_classifier was left out: too few images"]


def test_early_runs_are_read_by_the_names_of_today():
    early = {"fid": 1, "floor_fid_stderr": 2, "fid_infinity": 3}
    early |= {"class_fid_left_out": 4, "mifid": 5, "baseline_copied_fid": 6}
    now = ["frechet_rotation", "floor_frechet_rotation_stderr", "frechet_rotation_infinity"]
    now += ["class_frechet_rotation_left_out", "mifrechet_rotation", "baseline_copied_frechet_rotation"]
    assert naming.modern(early, "rotation") == dict(zip(now, range(1, 7), strict=True))
    assert naming.modern(early, "inception_2015") == early == naming.modern(early, "")
    assert naming.modern({"confidence": 1, "kid": 2}, "rotation") == {"confidence": 1, "kid": 2}


def test_tables_show_what_those_score_who_have_learned_nothing(monkeypatch, capsys):
    beside = {"baseline_copied_l1": 0.25, "baseline_mean_colour_l1": 0.5, "l1_stderr": 0.0125}
    entry = ENTRY | {"label": "L1 to the target"}
    numbers = {"l1": 0.125} | beside
    told = {"l1": entry} | dict.fromkeys(beside, entry | {"ranks": False})
    table = compare([replace(run(name, numbers), protocol=told) for name in ("a", "b")], "l1")
    page = render(table, [], [])
    assert page.count("<small>the input copied 0.250</small>") == 2
    monkeypatch.setattr(cli, "console", Console(width=200))
    cli._show(table)
    head, first, _ = capsys.readouterr().out.splitlines()[1:4]
    assert "the input copied" in head and "the mean colour of the training targets" in head and "bicubic" not in head
    assert first.split()[-4:] == ["0.013", "0.250", "0.500", "2"]


def test_tables_show_what_a_training_took_where_a_run_says_it(monkeypatch, capsys):
    took = {"train_minutes": 21.5, "train_core_minutes": 42.25}
    runs = [run("a", {"fid": 1.0}), replace(run("b", {"fid": 2.0}), numbers={"fid": 2.0} | took)]
    table = compare(runs, "fid")
    rows = as_rows(table)
    assert [[row[name] for name in took] for row in rows] == [[None, None], [21.5, 42.25]]
    page = render(table, [], [])
    assert page.count("Core-minutes of training") == 1 and page.count('<td class="value floor">42.25</td>') == 1
    monkeypatch.setattr(cli, "console", Console(width=200))
    cli._show(table)
    head, first, second = capsys.readouterr().out.splitlines()[1:4]
    assert head.split()[-2:] == ["minutes", "core-minutes"] and second.split()[-2:] == ["21.50", "42.25"]
    assert first.split() == ["1", "a", "a", "1.00"]
    assert "train_minutes" not in as_rows(compare(runs[:1], "fid"))[0]
