"""The files of deploy/, checked by what reads them. Nothing here starts a container."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
POOLS = {"kubernetes": DEPLOY / "kubernetes-gpu.json", "docker": DEPLOY / "docker-gpu.json"}
TOOLS = Path(sys.executable).parent
KUBERNETES = "1.29"
"""The oldest version that the manifest is checked against; what it uses has not changed since."""


def render(pool, **values):
    """Return the job configuration that a Prefect worker makes of a template and job variables."""
    from prefect.utilities.templating import apply_values

    template = json.loads(POOLS[pool].read_text())
    known = template["variables"]["properties"]
    assert set(values) <= set(known)
    defaults = {name: variable["default"] for name, variable in known.items() if variable.get("default") is not None}
    return apply_values(template["job_configuration"], defaults | values)


def manifest(**values):
    """Return the Kubernetes job, with what Prefect's worker adds in every case (prefect-kubernetes 0.8.0)."""
    job = render("kubernetes", name="train", **values)["job_manifest"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    container["args"] = ["prefect", "flow-run", "execute"]
    container["env"] = [{"name": "PREFECT_API_URL", "value": "http://prefect:4200/api"}]
    return job


@pytest.mark.parametrize("pool", POOLS)
def test_a_template_uses_all_its_variables_and_no_others(pool):
    """Prefect drops without a word what a template does not mention."""
    template = json.loads(POOLS[pool].read_text())
    used = set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(template["job_configuration"])))
    assert used == set(template["variables"]["properties"])


@pytest.mark.parametrize("pool", POOLS)
def test_a_run_chooses_nothing_that_decides_what_runs(pool):
    """Command, image, environment, mounts, rights and other clusters stand in the template, and the rest is refused."""
    template = json.loads(POOLS[pool].read_text())
    known = template["variables"]["properties"]
    size = "cpu_request cpu_limit memory_request memory_limit mem_limit memswap_limit gpus shm_size"
    place = "node_selector tolerations labels annotations name image_pull_policy stream_output"
    time = "backoff_limit finished_job_ttl job_watch_timeout_seconds pod_watch_timeout_seconds auto_remove"
    assert set(known) <= set(f"{size} {place} {time}".split())
    assert template["variables"]["additionalProperties"] is False
    assert not template["job_configuration"].get("env")  # job variables would be merged into it


def test_kubernetes_takes_the_job(tmp_path):
    import kubernetes_validate

    job = manifest(
        gpus=2, node_selector={"gpu": "a100"}, shm_size="8Gi", cpu_limit="8", memory_limit="64Gi",
        tolerations=[{"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"}],
    )  # fmt: skip
    for version in (KUBERNETES, kubernetes_validate.latest_version()):
        kubernetes_validate.validate(job, version, strict=True)
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["resources"]["limits"] == {"cpu": "8", "memory": "64Gi", "nvidia.com/gpu": 2}
    assert (pod["nodeSelector"], pod["tolerations"][0]["key"]) == ({"gpu": "a100"}, "spot")
    assert pod["volumes"] == [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}}]
    assert container["volumeMounts"] == [{"name": "shm", "mountPath": "/dev/shm"}]
    assert container["envFrom"] == [{"secretRef": {"name": "ganline", "optional": True}}]


def test_the_defaults_ask_for_one_gpu_and_a_wrong_value_is_noticed():
    import kubernetes_validate

    job = manifest()
    kubernetes_validate.validate(job, KUBERNETES, strict=True)
    pod = job["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"]["limits"] == {"nvidia.com/gpu": 1}
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    for field, wrong in (("nodeSelector", ["a100"]), ("completions", 1)):
        broken: Any = manifest()
        broken["spec"]["template"]["spec"][field] = wrong
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(broken, KUBERNETES, strict=True)


def test_docker_gives_the_container_all_gpus():
    """As docker-py, which Prefect's worker calls, would ask Docker's daemon for it."""
    from docker.models.containers import _create_container_args

    configuration = render("docker")
    settings = configuration["container_create_kwargs"]
    asked = _create_container_args(
        {"image": configuration["image"], "command": "prefect flow-run execute", "version": "1.44"} | settings
    )
    assert asked["host_config"]["DeviceRequests"] == [
        {"Driver": "nvidia", "Count": -1, "DeviceIDs": [], "Capabilities": [["gpu"]], "Options": {}}
    ]
    assert asked["host_config"]["ShmSize"] == 2 * 2**30


def test_the_dockerfile_passes_its_linter_and_finds_what_it_copies():
    path = DEPLOY / "gpu.Dockerfile"
    done = subprocess.run([TOOLS / "hadolint", "--no-color", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    named = re.findall(r"source=([^,\s]+)", path.read_text())
    assert named and all((ROOT / name).is_file() for name in named)


def test_the_image_has_no_file_of_credentials_and_nobodys_pictures():
    """DVC keeps what `dvc remote modify --local` is told in .dvc/config.local, as it does who `make serve` is."""
    left_out = (DEPLOY / "gpu.Dockerfile.dockerignore").read_text().splitlines()
    assert {".dvc/config.local", "data/manual", "data/prepared", "models", ".ganline"} <= set(left_out)


def test_the_image_has_all_pinned_once_with_hashes():
    def pins(path):
        blocks = re.findall(
            r"^([A-Za-z0-9._-]+)==([^ \\;]+)(.*?)(?=^\S|\Z)", path.read_text(), re.MULTILINE | re.DOTALL
        )
        assert all("--hash=sha256:" in rest for _, _, rest in blocks)
        return {name: version for name, version, _ in blocks}

    line, image = pins(ROOT / "requirements.txt"), pins(DEPLOY / "requirements.txt")
    assert not set(line) & set(image)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for requirement in (*extras["gpu"], *extras["servers"]):
        name = re.match(r"[A-Za-z0-9.-]+", requirement)[0]
        assert name in line | image
    assert {"nvidia-cudnn-cu12", "nvidia-cublas-cu12", "nvidia-nccl-cu12"} <= set(image)


def test_the_workflow_is_one_that_github_takes():
    command = [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", DEPLOY / "gpu-runner.yaml"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow  # Prefect's server and three of its commands
def test_prefect_makes_pools_of_the_templates_and_refuses_a_broken_one(tmp_path):
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    def create(pool, template):
        command = ["prefect", "work-pool", "create", f"{pool}-gpu", "--type", pool, "--base-job-template", template]
        return subprocess.run(
            [sys.executable, "-m", *command], env=os.environ | {"PREFECT_API_URL": PREFECT_API_URL.value()},
            capture_output=True, text=True,
        )  # fmt: skip

    with prefect_test_harness(server_startup_timeout=240):
        for pool, template in POOLS.items():
            done = create(pool, template)
            assert done.returncode == 0, done.stdout + done.stderr
        broken = json.loads(POOLS["kubernetes"].read_text())
        del broken["variables"]["properties"]["gpus"]
        (tmp_path / "broken.json").write_text(json.dumps(broken))
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "work-pool", "update", "kubernetes-gpu", "--base-job-template",
             tmp_path / "broken.json"],
            env=os.environ | {"PREFECT_API_URL": PREFECT_API_URL.value()}, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode != 0 and "gpus" in done.stdout + done.stderr
