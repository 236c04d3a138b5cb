"""What may become an argument of another program."""

import pytest

from ganline.core.errors import UserError
from pipelines import names
from pipelines.graph import pools, stages_in_order

GOOD = {
    "branch": ["main", "locks", "runs/nightly-2", "feature/a.b", "_x"],
    "revision": ["HEAD", "HEAD~2", "main^", "v1.0", "origin/main", "0a1b2c3", "main@{1}", "@", "HEAD~1^2"],
    "session": ["flow-1b2c", "2026-01-01T00.00", "x"],
    "stage": ["train", "train@mnist", "a_b-c"],
    "pool": ["gpu", "big gpu", "a100.80-gb"],
}
OPTIONS = ["-x", "--upload-pack=touch x", "", " x", "x\n", "a;b", "$(a)", "a\tb", "ä"]
BAD = {
    "branch": ["a..b", "a/", "/a", "a//b", "a/.b", "a.lock", "x/y.lock/z", "a@{1}", "a b", "a.", "a:b"],
    "revision": ["a..b c", ":/text", "^main", "a b"],
    "session": ["..", "a/b", "../x"],
    "stage": ["a/b", "a b", "a:b"],
    "pool": ["../flows", "a/b", "a?b"],
}


@pytest.mark.parametrize("kind", names.ALLOWED)
def test_names_are_taken_and_options_are_refused(kind):
    for text in GOOD[kind]:
        assert names.require(kind, text) == text
    for text in OPTIONS + BAD[kind]:
        with pytest.raises(UserError, match=f"{kind} .*: allowed are "):
            names.require(kind, text)


def test_stages_and_pools_of_dvc_yaml_are_such_names(tmp_path):
    path = tmp_path / "dvc.yaml"
    path.write_text("stages: {--version: {}}")
    with pytest.raises(UserError, match="stage '--version'"):
        stages_in_order(path)
    path.write_text("stages: {train: {meta: {pool: ../flow_runs}}}")
    with pytest.raises(UserError, match="pool '../flow_runs'"):
        pools(path)
