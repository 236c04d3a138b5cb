import gc
import os
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["MPLBACKEND"] = "Agg"
# Tensors from the C library: TensorFlow's pool with oneDNN would keep for good what the largest test took. After five
# files of translators a worker held 843 MiB, not 1,532, in no more processor time.
os.environ["TF_ONEDNN_USE_SYSTEM_ALLOCATOR"] = "1"
# Nothing that a test starts may send usage data or find the user's own servers.
os.environ |= {
    "DVC_NO_ANALYTICS": "true",
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}
for name in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "GANLINE_SESSION"):
    os.environ.pop(name, None)

LONGEST = (
    "test_line.py",
    "test_loop.py",
    "test_pipelines_run.py",
    "test_strategy.py",
    "test_machines.py",
    "test_cli.py",
    "test_explorer.py",
)
"""Files that take minutes: begun last, one of them would leave the other cores idle at the end."""


def pytest_collection_finish():
    """Take what all files imported, which stays, out of what is searched for garbage each time."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    def rank(item):
        name = Path(item.path).name
        return LONGEST.index(name) if name in LONGEST else len(LONGEST)

    items.sort(key=rank)


@pytest.fixture(autouse=True)
def full_precision():
    """Leave no test the precision in which the one before trained, as compute.precision = auto may have chosen."""
    yield
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].keras.mixed_precision.set_global_policy("float32")


@pytest.fixture(autouse=True, scope="module")
def forgotten_graphs():
    """Forget the graphs of each file."""
    yield from forgetting()


@pytest.fixture
def forgetful():
    """Forget the graphs of each test, where those of a whole file would be too many."""
    yield from forgetting()


def forgetting():
    yield
    if "tensorflow" in sys.modules:
        from tests.graphs import forget

        forget()


FOREIGN = "elsewhere.example"
"""A name that the browser takes to this machine, as a page of the web can have its own name do."""


@pytest.fixture
def browser(tmp_path):
    """A headless Chromium that asks nothing of its maker and keeps what pages log and ask for."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs chromium and chromedriver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--disable-dev-shm-usage", "--window-size=1500,1500",
                     f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1",
                     f"--user-data-dir={tmp_path / 'profile'}"):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    yield browser
    browser.quit()


class Elsewhere(BaseHTTPRequestHandler):
    """A server of one empty page."""

    def do_GET(self):  # noqa: N802 - the name that http.server calls
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_):
        pass


class ForeignPage:
    """Pages of other origins, opened in the browser, whose script tries what it is called with."""

    def __init__(self, browser, port):
        self.browser, self.web, self.near = browser, f"http://{FOREIGN}:{port}", f"http://127.0.0.1:{port}"

    def __call__(self, promise):
        """Return what comes of a JavaScript promise, in a page of the web and in one of another port, if it is one."""
        (outcome,) = {self.of(page, promise) for page in (self.web, self.near)}
        return outcome

    def of(self, page, promise):
        """Return what comes of a promise in one page."""
        self.browser.get(page)
        return self.outcome(promise)

    def outcome(self, promise):
        """Return "done" or "refused": what comes of a promise in the page that is open."""
        script = f"const tell = arguments[0]; ({promise}).then(() => tell('done'), () => tell('refused'))"
        return self.browser.execute_async_script(script)


@pytest.fixture
def elsewhere(browser):
    """Pages that are none of ours: see ForeignPage."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield ForeignPage(browser, server.server_port)
        server.shutdown()
