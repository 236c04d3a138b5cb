from pathlib import Path

from benchmarks import results, zoo

ENTRY = {"better": "lower", "extractor_weights_sha256": "a", "n_fake": 10_000}


def row(experiment, own, other, **more):
    """What is kept of a row whose two judges said this."""
    frechet = {"frechet_classifier": own, "frechet_efficientnet_lite0": other}
    floors = {f"floor_{name}": 0.5 for name in frechet}
    facts = {"experiment": experiment, "dataset": "mnist", "digest": "d", "extractor": "classifier",
             "beside": "efficientnet_lite0", "verdict": "healthy", "trained": 25_500, "core_minutes": 12.6,
             "metrics": {**frechet, **floors, "frechet_classifier_stderr": 1.0, "precision": 0.25},
             "protocol": dict.fromkeys(frechet, ENTRY)}  # fmt: skip
    return facts | more


def test_rows_are_ranked_with_ties_the_other_judges_rank_and_their_cost():
    found = [row("a", 9.0, 30.0), row("b", 7.0, 2000.0), row("c", 1.0, 40.0), {"experiment": "older"}]
    lines = zoo.section("mnist", found).splitlines()
    assert lines[0] == "## MNIST" and lines[4].startswith("|  | *training images* | 0.5 |  | 0.5 | - | - |")
    assert lines[5:] == [
        "| 1 | c | 1 ± 1 |  | 40 (rank 2) | - | 0.25 | - | - | - | - | healthy | 25,500 | 13 |",
        "| 2 | b | 7 ± 1 | 3 | 2,000 (rank 3) | - | 0.25 | - | - | - | - | healthy | 25,500 | 13 |",
        "| 3 | a | 9 ± 1 | 2 | 30 (rank 1) | - | 0.25 | - | - | - | - | healthy | 25,500 | 13 |",
    ]
    assert zoo.section("fashion_mnist", found) == ""


def test_another_protocol_has_a_table_of_its_own():
    other = row("b", 7.0, 20.0, protocol={"frechet_classifier": ENTRY | {"n_fake": 2000}})
    assert zoo.section("mnist", [row("a", 9.0, 30.0), other]).count(zoo.HEAD) == 2


def test_a_row_that_no_second_judge_saw_is_ranked_by_the_first():
    lines = zoo.section("mnist", [row("a", 9.0, 30.0, beside=None)]).splitlines()
    assert lines[4].startswith("|  | *training images* | 0.5 |  | - |") and lines[5].startswith(
        "| 1 | a | 9 ± 1 |  | - |"
    )


def test_the_page_is_that_of_the_numbers_that_are_kept():
    assert zoo.page(results.kept(), results.MINUTES) == Path(zoo.PAGE).read_text()
