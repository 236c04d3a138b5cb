#!/usr/bin/env bash
# mlflow 3.17.2: an experiment's kind (the tag mlflow.experimentKind) does not decide in which form its page opens. expected: one that is
# tagged custom_model_development, and holds a training run with a metric and no trace, opens in the form for model training; seen: it
# opens in that for language models (workflowType=genai, traces and prompts beside it). With workflowType=machine_learning in the address
# it opens in the other. Needs Chromium and its driver (Debian: chromium, chromium-driver).
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'kill -- -"${server:-0}" 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'mlflow==3.17.2' 'selenium==4.51.0'
export MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=1 MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
cd "$work"
port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
setsid "$work/venv/bin/mlflow" server --host 127.0.0.1 --port "$port" --workers 1 --backend-store-uri sqlite:///store.db >server.log 2>&1 &
server=$!
"$work/venv/bin/python" - "http://127.0.0.1:$port" <<'PYTHON'
import shutil
import sys
import time
import urllib.request
from contextlib import suppress

import mlflow
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

server = sys.argv[1]
for _ in range(240):
    with suppress(OSError):
        urllib.request.urlopen(f"{server}/health")
        break
    time.sleep(0.5)
mlflow.set_tracking_uri(server)
experiment = mlflow.set_experiment("trainings").experiment_id
mlflow.set_experiment_tag("mlflow.experimentKind", "custom_model_development")
with mlflow.start_run():
    mlflow.log_metric("loss", 0.5)

options = webdriver.ChromeOptions()
options.binary_location = shutil.which("chromium")
for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1500,1200"):
    options.add_argument(argument)
seen = []
for address in ("", "/runs?workflowType=machine_learning"):
    browser = webdriver.Chrome(options, Service(shutil.which("chromedriver")))  # a new profile each: pages remember
    try:
        browser.get(f"{server}/#/experiments/{experiment}{address}")
        for _ in range(120):
            said = browser.find_element("css selector", "body").text
            if "trainings" in said and ("Traces" in said or "Models" in said):
                break
            time.sleep(0.5)
        time.sleep(5)  # the page may still go elsewhere
        said = browser.find_element("css selector", "body").text
        seen.append("Prompts" in said)
        print(f"/experiments/ID{address}: {browser.current_url.partition('#')[2]}, prompts beside it: {seen[-1]}")
    finally:
        browser.quit()
sys.exit(0 if seen == [True, False] else 1)
PYTHON
