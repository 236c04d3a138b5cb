"""`make ui`: whom MLflow's server answers."""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import waiting

ROOT = Path(__file__).parents[1]


@pytest.fixture
def address(tmp_path):
    """Of a server that is started by the Makefile's own command, on a store of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    make = ["make", "-n", "-o", ".venv/users", "-C", ROOT, "ui", f"PORT={port}"]
    said = subprocess.run(make, capture_output=True, text=True, check=True).stdout.replace("\\\n", "")
    (command,) = (shlex.split(line) for line in said.splitlines() if line.startswith("mlflow server"))
    command[command.index("--backend-store-uri") + 1] = f"sqlite:///{tmp_path}/mlflow.db"
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "--workers", "1"], cwd=tmp_path,
        env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
    )  # fmt: skip
    try:
        waiting.until(lambda: waiting.answers(f"http://127.0.0.1:{port}/health"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_a_project_may_lie_in_a_folder_with_a_space(tmp_path):
    project = tmp_path / "my project"
    project.mkdir()
    (project / "Makefile").symlink_to(ROOT / "Makefile")
    make = ["make", "-n", "-o", ".venv/users", "-C", project, "ui"]
    said = subprocess.run(make, capture_output=True, text=True, check=True).stdout.replace("\\\n", "")
    (command,) = (shlex.split(line) for line in said.splitlines() if line.startswith("mlflow server"))
    assert command[command.index("--backend-store-uri") + 1] == f"sqlite:///{project}/mlflow.db"


@pytest.mark.slow
def test_a_page_of_the_web_is_refused_and_its_own_works(address, browser, elsewhere):
    from selenium.webdriver.common.by import By

    api = f"{address}/api/2.0/mlflow/experiments"
    as_json = "{method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify({name: 'foreign'})}"
    as_text = "{method: 'POST', mode: 'no-cors', body: JSON.stringify({name: 'unread'})}"
    for asked in (f"fetch('{api}/search?max_results=9')", f"fetch('{api}/create', {as_json})"):
        assert elsewhere.of(elsewhere.web, asked) == "refused", asked
    elsewhere.of(elsewhere.web, f"fetch('{api}/create', {as_text})")
    known = requests.get(f"{api}/search?max_results=9", timeout=60).json()["experiments"]
    assert [experiment["name"] for experiment in known] == ["Default"]
    for host in ("elsewhere.example", "10.elsewhere.example", "192.168.elsewhere.example:5000"):
        assert requests.get(f"{api}/search?max_results=9", headers={"Host": host}, timeout=60).status_code == 403
    for page in (address, address.replace("127.0.0.1", "localhost")):
        browser.get(f"{page}/#/experiments")
        waiting.until(lambda: "Default" in browser.find_element(By.TAG_NAME, "body").text, seconds=60)
