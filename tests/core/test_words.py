from ganline.core.words import first, listed


def test_what_is_too_much_to_be_told_is_counted():
    assert first(["a", "b"], 2) == ["a", "b"] and listed(["a", "b"], 2) == "a, b"
    assert first("abcde", 2, "  ") == ["a", "b", "  and 3 more"] and listed(iter("abcde"), 2) == "a, b and 3 more"
    assert first([], 2) == [] and listed([], 2) == ""
