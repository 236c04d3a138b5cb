# What trains on a GPU in a container: the project at one commit, with its pinned packages and CUDA's libraries as wheels.
# The host brings the driver and NVIDIA's container toolkit. From the root of a clone:
#   docker build -f deploy/gpu.Dockerfile -t ganline-gpu:1 .
FROM python:3.11-slim-bookworm

SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# Not pinned: Debian keeps one version of a package, so that a pin breaks with the next security update.
# hadolint ignore=DL3008
RUN apt-get update -q \
    && apt-get install -q -y --no-install-recommends git libgl1 libglib2.0-0 tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 ganline \
    && install -d -o ganline /ganline

USER 1000
WORKDIR /ganline
ENV PATH=/home/ganline/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TF_FORCE_GPU_ALLOW_GROWTH=true \
    MLFLOW_DISABLE_TELEMETRY=true \
    DO_NOT_TRACK=1 \
    DVC_NO_ANALYTICS=true \
    PREFECT_SERVER_ANALYTICS_ENABLED=false
# Before the project's code: these gigabytes change only with the pins.
RUN --mount=type=bind,source=requirements.txt,target=/pins/requirements.txt \
    --mount=type=bind,source=deploy/requirements.txt,target=/pins/gpu.txt \
    python -m venv /home/ganline/.venv \
    && pip install --no-cache-dir --no-deps --require-hashes -r /pins/requirements.txt -r /pins/gpu.txt
# With .git: deployed runs work in clones of this one, at the commit that their run names (docs/production.md).
COPY --chown=1000 . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e .

# tini hands signals on and reaps orphans. Prefect's workers give a command of their own; without one: the whole line.
ENTRYPOINT ["tini", "--"]
CMD ["dvc", "repro"]
