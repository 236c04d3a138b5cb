# Everything runs in .venv, which is set up once and again only when the pinned requirements change.
SHELL := /bin/sh
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := 1
export DVC_NO_ANALYTICS := true
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION := false
PORT ?= 5000
PREFECT_PORT ?= 4200

.DEFAULT_GOAL := help
.PHONY: help repro test test-slow lint bench ui serve stop drill

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

repro: .venv/users ## Run the line that params.yaml describes, from raw images to reports/index.html
	@tools/without-git
	dvc repro
	@echo "The report: reports/index.html   The run in MLflow: make ui"

test: .venv/developers ## Run the tests (those marked slow are left out), a process for each core
	pytest -n logical --dist loadfile --no-loadscope-reorder

test-slow: .venv/developers ## Run the tests that take minutes
	pytest -m slow

lint: .venv/developers ## Check style and types
	ruff check .
	ruff format --check .
	mypy

bench: .venv/developers ## Time the training step and the metrics side by side with what else a user might write
	python -m benchmarks.train_step
	python -m benchmarks.metrics
	python -m benchmarks.watching
	python -m benchmarks.orchestration
	python -m benchmarks.projection
	python -m benchmarks.attacks

ui: .venv/users ## Open MLflow on http://127.0.0.1:$(PORT)
	-python -m ganline.tracking.courier
	@echo "Runs side by side: http://127.0.0.1:$(PORT)/#/experiments/1/runs?workflowType=machine_learning&viewStateShareKey=ganline&compareRunsMode=CHART"
	mlflow server --host 127.0.0.1 --port $(PORT) --backend-store-uri "sqlite:///$(CURDIR)/mlflow.db" \
		--allowed-hosts 127.0.0.1:$(PORT),localhost:$(PORT) \
		--cors-allowed-origins http://127.0.0.1:$(PORT),http://localhost:$(PORT)

serve: .venv/users ## Start Prefect's server on http://127.0.0.1:$(PREFECT_PORT), workers and deployments (docs/production.md)
	python -m pipelines.serve up --port $(PREFECT_PORT)

stop: .venv/users ## End what `make serve` has started, and nothing else
	python -m pipelines.serve down

drill: .venv/developers ## Kill the GPU worker in the middle of a nightly run, and see the same weights come out (minutes)
	python -m pytest -m slow tests/drills/test_production.py -k nightly --durations=0

.venv/users: requirements.txt pyproject.toml tools/setup
	tools/setup requirements.txt
	@touch $@

.venv/developers: requirements-dev.txt requirements.txt pyproject.toml tools/setup
	tools/setup requirements-dev.txt chromium chromium-driver
	@touch .venv/users $@

requirements: .venv/developers ## Pin the newest allowed versions anew, with hashes
	pip install -q uv
	uv pip compile -q -U --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.txt
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --extra gpu --extra servers -c requirements.txt \
		$$(sed -n 's/^\([^=]*\)==.*/--no-emit-package \1/p' requirements.txt) pyproject.toml -o deploy/requirements.txt
.PHONY: requirements
