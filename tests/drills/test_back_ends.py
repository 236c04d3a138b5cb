"""The whole line on what a team would run: PostgreSQL under MLflow and Prefect, S3 under MLflow and DVC.

PostgreSQL is Debian's; the S3 server is Debian's Ceph: a monitor, one store and the object gateway (radosgw). All run
as an unprivileged user, from a folder of their own, on free ports of the loopback address. They are installed where
they are missing, if root runs this.
"""

import contextlib
import ctypes
import json
import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import pytest
import waiting
import working_tree
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]  # 17 minutes on two cores that did much else

DEBIAN = ["postgresql", "ceph-mon", "ceph-osd", "radosgw", "ceph-common"]
SMALL = [
    "dataset=digits", "extractor.beside=null",
    "train.steps=40", "train.log_every=10", "train.sample_every=20", "train.checkpoint_every=20",
    "train.sample_count=16", "evaluate.samples=200", "evaluate.kid_subset_size=50", "evaluate.kid_subsets=5",
    "latent.rows=2", "latent.columns=4", "report.images=16", "extractor.epochs=2",
]  # fmt: skip
STAGES = ["code", "download", "prepare", "extractor", "train", "evaluate", "study", "report"]
BUCKET = "ganline"
KEY, SECRET = "drill-access", "drill-secret"
PR_SET_PDEATHSIG = 1
SERVANT = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
"""Who runs the databases: PostgreSQL refuses to be root."""
AS_SERVANT = {"user": SERVANT.pw_uid, "group": SERVANT.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}

CEPH = """\
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{mon}
public addr = 127.0.0.1
ms bind msgr1 = false
keyring = {folder}/keyring
run dir = {folder}
admin socket = {folder}/$name.asok
pid file = {folder}/$name.pid
log file = {folder}/$name.log
mon data = {folder}/mon
mon cluster log file = {folder}/cluster.log
mon data avail crit = 1
mon allow pool size one = true
osd data = {folder}/osd
bluestore block size = 4294967296
osd memory target = 939524096
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
rgw frontends = beast endpoint=127.0.0.1:{gateway}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, process):
    def last():
        return process.log.read_text(errors="replace")[-3000:]

    def reached():
        assert process.poll() is None, f"it ended with {process.returncode}:\n{last()}"
        return condition()

    waiting.until(reached, last)


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Servers:
    """Starts processes, and ends them, the last one first."""

    def __init__(self, folder):
        self.folder, self.running = folder, contextlib.ExitStack()

    def start(self, name, command, environment=None, as_servant=False, stop=signal.SIGTERM):
        path = self.folder / f"{name}.out"
        with path.open("wb") as log:
            process = subprocess.Popen(
                command, env=os.environ | (environment or {}), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, preexec_fn=end_with_parent, **(AS_SERVANT if as_servant else {}),
            )  # fmt: skip
        process.log = path
        self.running.callback(self._stop, process, stop)
        return process

    def _stop(self, process, signal_number):
        process.send_signal(signal_number)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def call(self, *command):
        """Run a command of the servant to its end."""
        environment = os.environ | {"CEPH_CONF": str(self.folder / "ceph.conf")}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120, **AS_SERVANT
        )
        assert done.returncode == 0, f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def servers():
    """Their folder must be open to the servant, and short: a socket's path has 107 characters at most."""
    missing = [name for name in DEBIAN if subprocess.run(["dpkg", "-s", name], capture_output=True).returncode]
    if missing:
        assert os.geteuid() == 0, f"please install: {' '.join(missing)}"
        subprocess.run(["apt-get", "update", "-q"], stdout=subprocess.DEVNULL)
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing]
        subprocess.run(install, check=True, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, stdout=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="drill-") as name:
        folder = Path(name)
        os.chown(folder, SERVANT.pw_uid, SERVANT.pw_gid)
        servers = Servers(folder)
        with servers.running:
            yield servers


@pytest.fixture(scope="module")
def postgres(servers):
    """The address of a PostgreSQL with two empty databases, up to the database's name."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    port, password = free_port(), uuid.uuid4().hex
    (servers.folder / "password").write_text(password)
    servers.call(
        programs / "initdb", "-D", "postgres", "-U", "ganline", "--auth=scram-sha-256", "--pwfile=password", "-E",
        "UTF8", "--no-sync",
    )  # fmt: skip
    options = ["-c", "listen_addresses=127.0.0.1", "-p", str(port), "-k", str(servers.folder)]
    server = servers.start(  # SIGINT: end without waiting for clients to leave
        "postgres", [programs / "postgres", "-D", "postgres", *options], as_servant=True, stop=signal.SIGINT
    )
    address = f"ganline:{password}@127.0.0.1:{port}"
    ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    wait_until(lambda: subprocess.run(ready).returncode == 0, server)
    for name in ("mlflow", "prefect"):
        servers.call(programs / "psql", "-q", f"postgresql://{address}/postgres", "-c", f"CREATE DATABASE {name}")
    return address


@pytest.fixture(scope="module")
def s3(servers):
    """A client of a Ceph object gateway that has one user and one empty bucket."""
    import boto3

    ports = {"mon": free_port(), "gateway": free_port()}
    fsid, store, call = str(uuid.uuid4()), str(uuid.uuid4()), servers.call
    (servers.folder / "ceph.conf").write_text(CEPH.format(fsid=fsid, folder=servers.folder, **ports))
    for name in ("mon", "osd"):
        (servers.folder / name).mkdir()
        os.chown(servers.folder / name, SERVANT.pw_uid, SERVANT.pw_gid)
    everything = {"mon": "allow *", "osd": "allow *", "mgr": "allow *"}
    rights = {
        "mon.": {"mon": "allow *"}, "client.admin": everything,
        "osd.0": {"mon": "allow profile osd", "osd": "allow *"}, "client.rgw": {"mon": "allow rw", "osd": "allow rwx"},
    }  # fmt: skip
    call("ceph-authtool", "keyring", "--create-keyring")
    for name, caps in rights.items():
        allowed = [part for service, right in caps.items() for part in ("--cap", service, right)]
        call("ceph-authtool", "keyring", "--gen-key", "-n", name, *allowed)
    call("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{ports['mon']}]", "monmap")
    call("ceph-mon", "--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", "keyring")
    configuration = {"CEPH_CONF": str(servers.folder / "ceph.conf")}
    servers.start("mon", ["ceph-mon", "-f", "-i", "a"], configuration, as_servant=True)
    call("ceph", "osd", "new", store, "0")
    call("ceph", "auth", "import", "-i", "keyring")
    call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", store)
    servers.start("osd", ["ceph-osd", "-f", "-i", "0"], configuration, as_servant=True)
    call(
        "radosgw-admin", "user", "create", "--uid=ganline", "--display-name=ganline", f"--access-key={KEY}",
        f"--secret-key={SECRET}",
    )  # fmt: skip
    gateway = servers.start("gateway", ["radosgw", "-f", "-n", "client.rgw"], configuration, as_servant=True)
    address = f"http://127.0.0.1:{ports['gateway']}"
    wait_until(lambda: waiting.answers(address), gateway)
    client = boto3.client(
        "s3", endpoint_url=address, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1"
    )
    client.create_bucket(Bucket=BUCKET)
    client.address = address
    return client


@pytest.fixture(scope="module")
def mlflow_server(servers, postgres, s3):
    port = free_port()
    settings = {
        "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1",
        "MLFLOW_S3_ENDPOINT_URL": s3.address, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }  # fmt: skip
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"postgresql+psycopg2://{postgres}/mlflow",
        "--artifacts-destination", f"s3://{BUCKET}/mlflow",
    ]  # fmt: skip
    server = servers.start("mlflow", command, settings)
    address = f"http://127.0.0.1:{port}"
    wait_until(lambda: waiting.answers(f"{address}/health"), server)
    return address


@pytest.fixture(scope="module")
def prefect_server(servers, postgres):
    port = free_port()
    settings = {
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{postgres}/prefect",
        "PREFECT_HOME": str(servers.folder / "prefect"),
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    server = servers.start("prefect", command, settings)
    wait_until(lambda: waiting.answers(f"http://127.0.0.1:{port}/api/health"), server)
    return f"http://127.0.0.1:{port}/api"


class Clone:
    """A clone of the project with an empty cache of its own, and the variables that docs/back-ends.md tells to set."""

    def __init__(self, folder, origin, mlflow_address, prefect_address):
        self.folder = folder
        git = {f"GIT_{who}_{what}": "drill@drill" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.environment = os.environ | git | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(folder),
            "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1",
            "MLFLOW_TRACKING_URI": mlflow_address, "PREFECT_API_URL": prefect_address,
            "PREFECT_HOME": str(folder.parent / f"{folder.name}-prefect"),
        }  # fmt: skip
        if origin:
            subprocess.run(["git", "clone", "-q", origin, folder], check=True)

    def run(self, *command):
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def digests(self):
        """Stage -> what dvc.lock says of its outputs."""
        stages = yaml.safe_load((self.folder / "dvc.lock").read_text())["stages"]
        return {name: [(out["path"], out["md5"]) for out in stage["outs"]] for name, stage in stages.items()}


@pytest.fixture(scope="module")
def first(tmp_path_factory, mlflow_server, prefect_server, s3):
    """The first machine: plain `dvc repro`, `dvc push` and a commit."""
    clone = Clone(tmp_path_factory.mktemp("back-ends") / "first", None, mlflow_server, prefect_server)
    working_tree.copy(clone.folder)
    clone.run("git", "init", "-q")
    clone.run("dvc", "remote", "add", "--default", "storage", f"s3://{BUCKET}/dvc")
    clone.run("dvc", "remote", "modify", "storage", "endpointurl", s3.address)
    clone.run(sys.executable, "-m", "pipelines.cli", "use", "gan-mnist", *SMALL)
    clone.output = clone.run("dvc", "repro")
    clone.pushed = clone.run("dvc", "push")
    clone.run("git", "add", "-A")
    clone.run("git", "commit", "-qm", "a run")
    return clone


@pytest.fixture(scope="module")
def second(first, mlflow_server, prefect_server):
    """The second machine: a fresh clone with an empty cache pulls, and runs all stages again as a Prefect flow."""
    clone = Clone(first.folder.with_name("second"), first.folder, mlflow_server, prefect_server)
    assert not (clone.folder / ".dvc/cache").exists()
    clone.pulled = clone.run("dvc", "pull")
    clone.after_pull = clone.run("dvc", "status", "--json")
    clone.flow = clone.run(sys.executable, "-m", "pipelines.run", "--force")
    clone.run(sys.executable, "-m", "ganline.tracking.courier")
    return clone


def test_the_data_is_in_the_bucket_and_a_fresh_clone_pulls_it(first, second, s3):
    assert [stage for stage in STAGES if f"Running stage '{stage}'" in first.output] == STAGES
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="dvc/files/md5/")
    held = {item["Key"].removeprefix("dvc/files/md5/").replace("/", "") for page in pages for item in page["Contents"]}
    assert {digest for outs in first.digests().values() for _, digest in outs} <= held
    assert int(re.search(r"(\d+) files? pushed", first.pushed)[1]) > 10
    assert json.loads(second.after_pull) == {}  # all is there, as dvc.lock says


def test_a_run_under_prefect_on_another_machine_makes_the_same(first, second):
    assert second.digests() == first.digests()


def test_prefect_keeps_the_flow_run_in_postgresql(second, postgres):
    import psycopg2

    with contextlib.closing(psycopg2.connect(f"postgresql://{postgres}/prefect")) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT r.state_type, f.name FROM flow_run r JOIN flow f ON f.id = r.flow_id WHERE f.name = 'ganline'"
        )
        assert cursor.fetchall() == [("COMPLETED", "ganline")]
        cursor.execute("SELECT name FROM task_run WHERE state_type = 'COMPLETED' ORDER BY start_time")
        assert [name for (name,) in cursor.fetchall()] == STAGES
        cursor.execute("SELECT count(*) FROM artifact WHERE key = 'metrics'")
        assert cursor.fetchone() == (1,)


def test_mlflow_keeps_runs_in_postgresql_and_files_and_models_in_the_bucket(second, postgres, mlflow_server, s3):
    """Two runs, each with all its artifacts and a model that can be sampled by who only knows the server's address."""
    import mlflow
    import numpy as np
    import psycopg2

    with contextlib.closing(psycopg2.connect(f"postgresql://{postgres}/mlflow")) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT run_uuid, status FROM runs ORDER BY start_time")
        rows = cursor.fetchall()
    assert [status for _, status in rows] == ["FINISHED"] * 2
    client = mlflow.MlflowClient(mlflow_server)
    experiment = client.get_experiment_by_name("ganline").experiment_id
    runs = [client.get_run(run) for run, _ in rows]
    assert runs[0].data.metrics["frechet_classifier"] == runs[1].data.metrics["frechet_classifier"]
    for run in runs:
        top = {item.path for item in client.list_artifacts(run.info.run_id)}
        assert {"dvc.lock", "index.html", "params.yaml", "images", "train", "evaluate", "study"} <= top
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="mlflow/")
    held = {item["Key"]: item["Size"] for page in pages for item in page["Contents"]}
    report = second.folder / "reports/index.html"
    assert held[f"mlflow/{experiment}/{rows[1][0]}/artifacts/index.html"] == report.stat().st_size

    models = client.search_logged_models([experiment])
    assert {model.source_run_id for model in models} == {run for run, _ in rows}
    mlflow.set_tracking_uri(mlflow_server)
    try:
        latents = np.random.default_rng(0).normal(size=(4, 50)).astype(np.float32)
        images = [mlflow.pyfunc.load_model(f"models:/{model.model_id}").predict(latents) for model in models]
    finally:
        mlflow.set_tracking_uri(None)
    assert images[0].shape == (4, 28, 28, 1) and images[0].std() > 0
    assert np.array_equal(images[0], images[1])


def test_checkpoints_in_the_bucket_let_another_machine_go_on(first, second, s3):
    """The training is killed on one machine, and the other ends it with the weights of one that was left alone."""
    longer = [*SMALL, "train.steps=600", "train.checkpoint_every=20", "train.steps_per_call=10"]
    checkpoints = {"GANLINE_CHECKPOINTS": f"s3://{BUCKET}/checkpoints", "AWS_ENDPOINT_URL": s3.address}
    train = [sys.executable, "-m", "stages.train"]

    def kept():
        page = s3.list_objects_v2(Bucket=BUCKET, Prefix="checkpoints/")
        return [item["Key"] for item in page.get("Contents", ()) if re.search(r"/step-\d+\.npz$", item["Key"])]

    for clone in (first, second):
        clone.run(sys.executable, "-m", "pipelines.cli", "use", "gan-mnist", *longer)
    first.run(*train)
    weights = (first.folder / "models/gan/weights.npz").read_bytes()
    victim = subprocess.Popen(train, cwd=second.folder, env=second.environment | checkpoints, stdout=subprocess.DEVNULL)
    waiting.until(kept, "a checkpoint in the bucket")
    assert victim.poll() is None
    victim.kill()
    victim.wait()
    first.environment |= checkpoints
    assert "resuming after step" in first.run(*train)
    assert (first.folder / "models/gan/weights.npz").read_bytes() == weights
    assert not kept()  # they are done with
