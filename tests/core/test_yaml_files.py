import random

import pytest
from dvc.utils.serialize import parse_yaml
from omegaconf import OmegaConf

from ganline.core.errors import UserError
from ganline.core.yaml_files import dump, parse, read, shown

WORDS = (
    "", "~", "null", "Null", "true", "TRUE", "yes", "No", "on", "off", "y", "n", "=", "<<", "-", "---", "...", ".inf",
    "-.INF", ".nan", "nan", "inf", "1e5", "1E5", "1e+5", ".5", "+.5", "5.", "0100", "08", "0o12", "0x1F", "0b11",
    "1_000", "_1", "+_", "._", "1:30", "1:30.5", "2020-01-01", "2020-01-01 10:00:00", "[a]", "{a: b}", "a: b", "a #b",
    "# a", "'a'", '"a"', "&a b", "*a", "!!str 5", "!a", "%a", "@a", "`a", "| a", "> a", "? a", "- a", "${seed}", "???",
    " a ", "a\nb", "a\n\nb\n", "\t", "\0", "\x07", "\x85", "\u2028", "\ufeff", "é", "\U0001f600", "C:\\a",
    "Food & Drink", "hot air balloon", "/a/[b]/c", "it's", 'say "a"', "a " * 200, "x" * 5000, "9" * 5000,
)  # fmt: skip


def texts(count):
    draw = random.Random(0)
    signs = ("0123456789", "01:-_.+eExob", "0123456789abcdefxo_.:+- T", "".join(map(chr, range(32, 127))))
    letters = [chr(code) for code in (*range(1, 0x250), *range(0x2000, 0x2070), 0xFFFD, 0x1F600)]
    return [*WORDS] + [
        "".join(draw.choices(draw.choice([*signs, letters]), k=draw.randint(1, 9))) for _ in range(count)
    ]


def by_dvc(text):
    return parse_yaml(text, "params.yaml")  # what dvc.utils.serialize reads params.yaml with


def by_hydra(text):
    return OmegaConf.to_container(OmegaConf.create(text))


def test_what_is_written_reads_back_as_it_was_by_dvc_and_by_hydra():
    everything = texts(500)
    content = {"texts": everything, "keys": {text: number for number, text in enumerate(everything)}}
    written = dump(content)
    plain = {"texts": [text for text in everything if "${" not in text]}  # which OmegaConf would look up
    assert by_dvc(written) == parse(written, "") == content
    assert by_hydra(dump(plain)) == plain


def test_numbers_read_back_as_they_were():
    draw = random.Random(0)
    numbers = [draw.choice([-1, 1]) * draw.random() * 10.0 ** draw.randint(-40, 38) for _ in range(300)]
    content = {"a": [*numbers, 0.0, 1.0, 1e5, 1e22, 5e-324, 0, -1, 2**62, True, False, None, [], {}]}
    for found in (by_dvc(dump(content)), by_hydra(dump(content))):
        assert list(map(repr, found["a"])) == list(map(repr, content["a"]))


def test_a_text_has_the_reading_of_dvc_and_hydra_or_is_refused():
    refused = set()
    for text in texts(500):
        try:
            value = parse(f"a: {text}\n", "params.yaml")["a"]
        except UserError:
            refused.add(text)
            continue
        expected = [by_dvc(f"a: {text}\n")["a"]]
        if "${" not in text and "???" not in text:
            expected.append(by_hydra(f"a: {text}\n")["a"])
        assert {repr(other) for other in expected} == {repr(value)}, text
    ambiguous = {"0100", "08", "0o12", "1:30", "yes", "No", "on", "off", "+.5", "2020-01-01", "1:30.5", "9" * 5000}
    assert ambiguous <= refused
    assert not refused & {
        "1e5",
        ".5",
        "0x1F",
        "0b11",
        "1_000",
        "~",
        "null",
        "true",
        "hot air balloon",
        "nan",
        ".nan",
        "y",
    }


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: {b: 0100}\nc: [yes]", "a.b: 100 to DVC, 64 to Hydra"),
        ("c: [yes]", 'c.0: "yes" to DVC, true to Hydra'),
        ("on: 1", '"on" to DVC, true to Hydra'),
        ("a: 1:30", '"1:30" to DVC, 90 to Hydra'),
        ("a: 0o12", '10 to DVC, "0o12" to Hydra'),
        ("a: 2020-01-01", '2020-01-01 to DVC, "2020-01-01" to Hydra'),
        ("a: 1\na: 2", "duplicate key a"),
        ("a: [1", "line 1"),
        ("a: " + "9" * 5000, "more than 4,300"),
        ("a: +_", "no digits"),
        ("[" * 100_000, "nested too deep"),
        ("- " * 5000 + "a", "nested too deep"),
        ("{a: " * 5000, "nested too deep"),
        ("a: \udcff", "not UTF-8"),
        ("a: !!python/object/apply:os.getcwd []", "cannot be read as YAML"),
        ("{[a]: b}", "cannot be read as YAML"),
        ("a: b\n---\nc: d", "cannot be read as YAML"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named(text, part):
    with pytest.raises(UserError) as error:
        parse(text, "params.yaml")
    assert part in str(error.value) and str(error.value).startswith(("params.yaml", "'a: \\udcff"))


def test_garbled_files_are_refused_or_read_as_by_dvc(tmp_path):
    draw = random.Random(1)
    good = b"experiment: gan-mnist\ntrain: {steps: 5, loss: hinge}\nlist:\n- [a, 'b']\n- \"c\\td\" # note\n"
    for _ in range(300):
        content = bytearray(good)
        for _ in range(draw.randint(1, 4)):
            content[draw.randrange(len(content))] = draw.choice([0, 9, 10, 34, 39, 58, 91, 93, 123, 125, 195, 255])
        path = tmp_path / "params.yaml"
        path.write_bytes(content[: draw.randint(1, len(content))])
        try:
            value = read(path)
        except UserError as error:
            assert str(path) in str(error)
        else:
            assert (value or {}) == by_dvc(path.read_text())


def test_a_value_is_shown_on_one_line():
    assert shown("yes") == '"yes"' and shown(None) == "null" and shown({"a": [1, True]}) == "{a: [1, true]}"
    assert len(shown("x" * 5000)) < 130 and "5,000 characters" in shown("x" * 5000)
    assert "\n" not in shown("a\nb") and shown(int("9" * 4000) ** 2) == "a number of thousands of digits"
    assert shown("\udcff") == r"'\udcff'"
