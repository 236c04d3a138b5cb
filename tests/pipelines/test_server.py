"""Prefect's server as Ganline starts it: whom it answers, what flow runs may choose, and when it ends."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import requests
import waiting
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

import pipelines  # noqa: F401 - first: it sets Prefect's environment
from ganline.core.errors import UserError
from pipelines import serve, server

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """What servers of these tests have: a database of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_API")}
    return kept | {"PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")), "PYTHONPATH": str(REPOSITORY)}


@pytest.fixture(scope="module")
def address(environment):
    """Of a server as `make serve` starts it."""
    with server.listen() as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", *server.command(listening)],
            pass_fds=[listening.fileno()],
            env=serve.PRODUCTION | environment | {"PREFECT_API_URL": f"{address}/api"},
        )
    try:
        waiting.until(lambda: server.answers(f"{address}/api"))
        yield address
    finally:
        process.terminate()
        process.wait(30)


def flows(address):
    """Return the names of all flows that a server knows."""
    return [flow["name"] for flow in requests.post(f"{address}/api/flows/filter", json={}, timeout=60).json()]


def post(name, kind="new Blob"):
    """Return the JavaScript that has a server know a flow: without a type browsers ask for no leave before."""
    body = f'{kind}([\'{{"name": "{name}"}}\'])'
    return f"{{method: 'POST', mode: 'no-cors', body: {body}}}"


def test_other_pages_are_refused_and_its_own_works(address, browser, elsewhere):
    from selenium.webdriver.common.by import By

    def text():
        return browser.find_element(By.TAG_NAME, "body").text

    socket = f"{address}/api/events/out".replace("http", "ws")
    opens = f"new Promise((yes, no) => Object.assign(new WebSocket('{socket}'), {{onopen: yes, onerror: no}}))"
    as_json = "{method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify({name: 'foreign'})}"
    reads = f"fetch('{address}/api/deployments/filter', {as_json})"
    for asked in (reads, opens, f"fetch('{address}/api/flows/', {as_json})", f"fetch('{address}/api/health')"):
        assert elsewhere(asked) == "refused", asked
    elsewhere(f"fetch('{address}/api/flows/', {post('unread')})")  # what comes back no page could see
    assert flows(address) == []
    requests.post(f"{address}/api/flows/", json={"name": "of-this-house"}, timeout=60)
    for page in (address, address.replace("127.0.0.1", "localhost")):  # of which both are its own
        browser.get(f"{page}/flows")
        waiting.until(lambda: "of-this-house" in text(), text, 60)
        assert elsewhere.outcome(opens) == elsewhere.outcome(reads) == "done"


def test_other_names_are_refused_and_programs_are_not(address):
    for host in ("elsewhere.example", "127.0.0.1", "127.0.0.1.elsewhere.example:4200"):
        answer = requests.get(f"{address}/api/health", headers={"Host": host}, timeout=60)
        assert (answer.status_code, "is not called" in answer.text) == (403, True)
    assert requests.get(f"{address}/api/health", timeout=60).ok


def test_flow_runs_choose_no_command_folder_or_environment(address):
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from prefect.workers.process import ProcessWorker

    asking = requests.Session()  # again where SQLite was busy, as Prefect's own client does
    busy = Retry(5, status_forcelist=[503], allowed_methods=None, backoff_factor=0.5)
    asking.mount(address, HTTPAdapter(max_retries=busy))

    def ask(path, **content):
        return asking.post(f"{address}/api/{path}", json=content, timeout=60)

    def made(path, **content):
        answer = ask(path, **content)
        assert answer.ok, answer.text
        return answer.json()["id"]

    wide = WorkPoolCreate(name="cpu", type="process", base_job_template=ProcessWorker.get_default_base_job_template())
    with temporary_settings({PREFECT_API_URL: f"{address}/api"}):
        with get_client(sync_client=True) as client:
            client.create_work_pool(wide)  # of an earlier version
        asyncio.run(serve._make_pools())
    flow = made("flows/", name="train")
    for pool in ("cpu", "gpu"):
        wanted = {"name": pool, "flow_id": flow, "work_pool_name": pool, "work_queue_name": "runs"}
        deployment = made("deployments/", **wanted)
        for variables in ({"command": "true"}, {"env": {"PYTHONPATH": "/"}}, {"working_dir": "/"}):
            answer = ask(f"deployments/{deployment}/create_flow_run", job_variables=variables)
            assert (answer.status_code, f"'{next(iter(variables))}' was unexpected" in answer.text) == (422, True)
        waiting.until(lambda: ask(f"deployments/{deployment}/create_flow_run").status_code == 201)  # noqa: B023


def test_a_worker_does_not_obey_what_a_server_let_pass():
    from prefect.workers.process import ProcessJobConfiguration

    chosen = {"command": "true", "env": {"PYTHONPATH": "/"}, "working_dir": "/"}
    nobody: Any = SimpleNamespace()  # to be asked for blocks, of which there are none
    made = asyncio.run(ProcessJobConfiguration.from_template_and_values(serve.TEMPLATE, chosen, client=nobody))
    assert (made.command, made.env, made.working_dir) == (None, {}, None)


@pytest.mark.slow  # another server
def test_a_temporary_server_ends_with_its_process_even_a_killed_one(environment):
    code = (
        "from pipelines import server; server.start_temporary(); print('up', flush=True); import time; time.sleep(600)"
    )
    starter = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    assert starter.stdout.readline() == "up\n"
    (child,) = psutil.Process(starter.pid).children()
    starter.kill()
    starter.wait()
    waiting.until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, seconds=60)


def test_a_server_that_does_not_start_is_said(monkeypatch):
    from prefect.settings import PREFECT_API_URL, temporary_settings

    monkeypatch.setattr(server, "command", lambda *_: ["pipelines.nowhere"])
    with temporary_settings({PREFECT_API_URL: None}), pytest.raises(UserError, match="did not start .exit status 1;"):
        server.start_temporary()


def test_a_port_that_is_taken_is_said():
    with server.listen() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} is taken: give another with --port"):
            server.listen(port)


def test_what_a_script_starts_in_the_background_still_hears_an_interrupt(tmp_path, monkeypatch):
    """A shell without job control has it ignored; a Prefect worker stops by sending itself one."""
    monkeypatch.setattr(serve, "FOLDER", tmp_path)
    monkeypatch.setattr(serve, "STARTED", tmp_path / "processes.json")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        serve._start("probe", ["timeit", "-n1", "-r1", "-s", "import signal", "print(signal.getsignal(2))"], os.environ)
    finally:
        signal.signal(signal.SIGINT, before)
    log = tmp_path / "probe.log"
    waiting.until(lambda: "loop" in log.read_text(), log.read_text, 60)
    assert "default_int_handler" in log.read_text()


def test_setup_without_a_server_is_refused(monkeypatch):
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: None}), pytest.raises(UserError, match="PREFECT_API_URL is not set"):
        serve.setup()
