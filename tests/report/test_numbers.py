from ganline.report.numbers import grouped, metric_rows, number, score


def test_metrics_without_a_protocol_and_protocols_that_agree():
    assert [row.label for row in metric_rows({"new_score": 1.0}, {})] == ["New score"]
    one, other = {"seed": 1, "how_to_read": "a"}, {"seed": 1, "how_to_read": "b"}
    assert grouped({"fid": one, "kid": other, "floor_fid": one}) == [(["fid", "kid"], {"seed": 1})]


def test_numbers_are_written_as_people_write_them():
    written = [number(value) for value in (60000, 1234.5, 0.0002, 0.71234, True, None, [], [1, 2], "pad")]
    assert written == ["60,000", "1,234", "0.0002", "0.7123", "yes", "none", "none", "1, 2", "pad"]
    assert [score(value) for value in (123.456, 17.2345, 0.8, 0.00012, 0.0)] == [
        "123.5",
        "17.23",
        "0.800",
        "0.00012",
        "0.000",
    ]


def test_what_baselines_score_stands_beside_a_number_and_is_none_of_its_own():
    metrics = {"l1": 0.1, "l1_stderr": 0.01, "baseline_copied_l1": 0.4, "baseline_mean_colour_l1": 0.3}
    (row,) = metric_rows(metrics, {})
    assert (row.value, row.error, row.floor) == (0.1, 0.01, None)
    assert row.baselines == {"the input copied": 0.4, "the mean colour of the training targets": 0.3}
    assert grouped({"l1": {"seed": 1}, "baseline_copied_l1": {"seed": 1}}) == [(["l1"], {"seed": 1})]
