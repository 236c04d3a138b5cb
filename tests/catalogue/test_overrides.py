import random
from pathlib import Path

import pytest
from dvc.utils.hydra import compose_and_dump
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf

from ganline.catalogue import check
from ganline.catalogue.overrides import read
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.yaml_files import parse

ROOT = Path(__file__).parents[2]


def by_hydra(text):
    return OverridesParser.create().parse_override(f"key={text}").value()


def test_a_value_is_hydras_too_or_refused():
    draw, taken = random.Random(0), 0
    signs = ("0123456789_.:-+eExo", "ab 12[]{},:'\"", "".join(map(chr, range(32, 127))))
    texts = ["".join(draw.choices(draw.choice(signs), k=draw.randint(0, 7))) for _ in range(400)]
    for text in texts:
        try:
            key, value = read(f"key={text}")
        except UserError:
            continue
        taken += 1
        try:
            expected = by_hydra(text)
        except HydraException:
            expected = text.strip()
        assert (key, repr(value)) == ("key", repr(expected)), text
        try:  # DVC then writes Hydra's value into params.yaml
            assert repr(parse(OmegaConf.to_yaml({"key": value}), "")["key"]) == repr(value), text
        except UserError as error:
            assert "to DVC" in str(error)
    assert taken > 100


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("train.steps=5", 5), ("a=1e5", 100000.0), ("a='1e5'", "1e5"), ('a="yes"', "yes"), ("a=true", True),
        ("a=null", None), ('a=""', ""), ("a=hot air balloon", "hot air balloon"), ("a=Food & Drink", "Food & Drink"),
        ("a=/d/[2024]/it's", "/d/[2024]/it's"), ("a=[default, geometry_score]", ["default", "geometry_score"]),
        ("a={boots: [3, 14]}", {"boots": [3, 14]}), ("a=b=c", "b=c"), ("a=/Bücher/x", "/Bücher/x"), ("a=1_000", 1000),
        ('a="0o12"', "0o12"), ("a='1:30'", "1:30"), ("a='~'", "~"), ("a=${seed}", "${seed}"),
    ],
)  # fmt: skip
def test_what_is_taken(text, value):
    assert read(text) == (text.partition("=")[0], value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a", "write section.key=value"), ("=5", "write section.key=value"), ("a..b=5", "write section.key=value"),
        ("a[0]=5", "write section.key=value"), ("a=0100", "100 to DVC, 64 to Hydra"), ("a=yes", '"yes" to DVC'),
        ("a=1:30", '"1:30" to DVC, 90'), ("a=0o12", "10 to DVC"), ("a=0x1F", '31 to YAML, "0x1F" to Hydra'),
        ("a=.inf", '.inf to YAML, ".inf" to Hydra'), ("a=inf", "inf to YAML, .inf to Hydra"), ("a=~", "null to YAML"),
        ("a=", 'null to YAML, "" to Hydra'), ("a=x,y", "several values to try"), ("a=range(1,3)", "several values"),
        ("a=[1, 2", "cannot be read as YAML"), ('a="x', "cannot be read as YAML"), ("a=/my #1/x", "/my to YAML"),
        ("a=[2024]/x", "cannot be read as YAML"), ("a=/\udcff", "not UTF-8"), ("\udcff=1", "not UTF-8"),
        ("a=" + "9" * 5000, "more than 4,300"), ("a=" + "[" * 700, "nested too deep"),
    ],
)  # fmt: skip
def test_what_is_refused_says_how_to_write_it(text, part):
    with pytest.raises(UserError) as error:
        read(text)
    assert part in str(error.value) and len(str(error.value)) < 500


OVERRIDES = (
    ["train.steps=300"], ["train.steps=0100"], ["train.steps=1e3"], ["train.optimizers.generator.learning_rate=1e-4"],
    ["download.category='1e5'"], ["download.category='0o12'"], ["download.category=yes"], ["download.category=1:30"],
    ["download.category='yes'"], ["download.category=null"], ["download.category=''"], ["download.category=hot air"],
    ["latent.labels={boots: [3, 14]}"], ["evaluate.metrics=[default,all]"], ["train.weight_clip=.inf"],
    ["train.weight_clip=inf"], ["train.weight_clip=nan"], ["train.optimizers.generator={learning_rate: 1e-3}"],
    ["download.category=${experiment}"], ["dataset=digits", "seed=7"], ["download.source=''"], ["download.source=null"],
)  # fmt: skip


@pytest.mark.parametrize("overrides", OVERRIDES, ids=" ".join)
def test_ganline_use_and_dvc_exp_run_agree_or_one_refuses(overrides, tmp_path):
    """What `dvc exp run -S` composes and writes is what `ganline use` does, wherever both take the value."""
    path = tmp_path / "params.yaml"
    try:
        used = compose_params("gan-mnist", overrides, ROOT / "conf")
    except UserError:
        used = None
    chosen = ["experiment=gan-mnist", *overrides]
    try:
        compose_and_dump(path, str(ROOT / "conf"), None, "config", str(tmp_path), chosen)
        run = check.load(path)
    except (UserError, HydraException):  # Hydra: no key of latent.labels is in conf
        run = None
    if used and run:
        assert used == run
    taken = {" ".join(overrides) for overrides in OVERRIDES if not any(sign in overrides[0] for sign in ("inf", "nan"))}
    refused_by_use = {"train.steps=0100", "train.steps=1e3", "download.category=yes", "download.category=1:30",
                      "download.source=''", "download.source=null"}  # fmt: skip
    assert (used is not None) == (" ".join(overrides) in taken - refused_by_use)
