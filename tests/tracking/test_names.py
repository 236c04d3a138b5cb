"""Whatever a name is, MLflow takes its form, and it can be read again."""

import random

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import verify_artifact_path
from mlflow.utils.uri import validate_path_is_safe
from mlflow.utils.validation import _validate_metric_name, _validate_param_name, _validate_tag_name

from ganline.tracking import names

STRANGE = [
    "boots (red)", "", ".", "..", "../a", "a/../b", "/a", "a//b", "a/", "./a", "a\n", "a\tb", "50 %", "#1", "(,)",
    "a:b", "ботинки", "é", "e\u0301", "靴 (赤)", "👟", "\udcff", "\0", "_x0028_", "_x0028(", "_x", "_x(", "_x_",
    "(x0028_", "((", "_x005F_", "latent.labels.\\", "`", "'", '"', "~", "+", "a b", "_xAB", "__x0028_", "\u202e",
]  # fmt: skip


def made_up(count):
    source = random.Random(0)
    letters = ["_", "x", "0", "2", "8", "A", "(", "/", ".", " ", "é", "\n", "%", "👟", "\udcff", ":"]
    return ["".join(source.choices(letters, k=source.randint(0, 12))) for _ in range(count)]


def test_every_name_is_taken_and_can_be_read_again():
    every = {*STRANGE, *made_up(3000)}
    encoded = {name: names.encode(name) for name in every}
    for name, form in encoded.items():
        _validate_param_name(form)
        _validate_metric_name(form)
        _validate_tag_name(form)
        form.encode()
        assert names.decode(form) == name
    assert len(set(encoded.values())) == len(every)


def test_names_that_mlflow_takes_stay():
    for name in ("train.optimizers.generator.beta_1", "system/cpu_utilization", "final samples", "max_x", "ботинки"):
        assert names.encode(name) == names.path(name) == name
    assert names.encode("latent.labels.boots (red)") == "latent.labels.boots _x0028_red_x0029_"


def test_keys_of_pictures_are_ascii_and_no_folders():
    for name in ("samples/a", "boots (red)", "ботинки", "a+step+1"):
        key = names.key(name)
        assert set(key) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. ~")
        assert names.decode(key.replace("~", "/")) == name


@pytest.mark.parametrize(
    "name", ["figures/boots #1.png", "50 %.png", "%2e%2e", "a\\b.png", "\udcff.png", "a\nb", "a:b"]
)
def test_artifacts_have_paths_that_a_server_takes(name):
    path = names.path(name)
    verify_artifact_path(path)
    assert validate_path_is_safe(path) == path
    path.encode()
    assert names.decode(path) == name


def test_long_names_keep_apart():
    long = ["a" * 300 + letter for letter in "bc"]
    short = [names.shortened(name) for name in long]
    assert max(map(len, short)) == 250
    assert short[0] != short[1]
    with pytest.raises(MlflowException):
        _validate_param_name(None)
