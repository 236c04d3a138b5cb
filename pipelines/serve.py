"""Prefect's server, a worker for each pool and the deployments, on this machine: `make serve` and `make stop`.

`python -m pipelines.serve setup` alone tells a server that runs elsewhere (PREFECT_API_URL) of pools and deployments.
docs/production.md tells how to spread all this over several machines.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import psutil
import typer
from dvc.config import Config

from ganline.core.addresses import masked
from ganline.core.errors import UserError, in_short
from ganline.core.files import write_json
from ganline.tracking import spool
from pipelines import gpus, server, terminal
from pipelines.workspace import PROJECT

if TYPE_CHECKING:  # Prefect takes seconds to import
    from prefect.automations import AutomationCore

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
console = terminal.console(soft_wrap=True)

FOLDER = PROJECT / ".ganline/serve"
STARTED = FOLDER / "processes.json"
START_SECONDS = 180.0  # a server on a fresh database takes 20 on a busy machine
STOP_SECONDS = 45.0  # a worker gives its flows 30
SILENCE = timedelta(seconds=180)
"""After which a flow run is held to have crashed: each gives a sign of life every 30, of which a busy server loses
some."""
PRODUCTION = {
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",  # SQLite lets one write at a time; 10 s are too few on a busy machine
    "PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT": "60",
    "PREFECT_WORKER_ENABLE_CANCELLATION": "true",  # of runs that still wait for their process to start
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",  # the sign of life of a flow run, in seconds
    "PREFECT_CLIENT_MAX_RETRIES": "8",  # after 2 s, 4, 8 ..., where a server is restarted or its database busy
}
"""What the server and every worker should have in their environment (docs/production.md); flow runs get it of them."""
TEMPLATE = {
    "job_configuration": {"stream_output": True},
    "variables": {"type": "object", "properties": {}, "additionalProperties": False},
}
"""Of a pool's flow runs: they choose nothing. Prefect's own template has them name a command, a folder, an environment;
one in which `env` is a mapping has job variables merged into it, named or not."""
Port = Annotated[int, typer.Option(help="Of Prefect's server, on 127.0.0.1.", min=1, max=65535)]


@app.command()
def up(port: Port = 4200) -> None:
    """Start what does not run yet: the server, a worker for each pool; tell it of the deployments."""
    running = _running()
    url = f"http://127.0.0.1:{port}/api"
    if running and "server" not in running:
        raise UserError("workers of an earlier `make serve` run without their server: `make stop` first")
    if "server" in running and not server.answers(url):
        raise UserError(f"the server that `make serve` has started does not answer at {url}: is --port the same?")
    environment = _environment(url)
    with nullcontext() if "server" in running else server.listen(port) as listening:
        _initialise_mlflow()
        _ensure_remote()
        if listening:
            _start("server", server.command(listening), environment, [listening.fileno()])
    with console.status("starting Prefect's server"):
        _await_server(url)
    os.environ.update(environment)
    setup()
    for pool in ("cpu", "gpu"):
        if f"{pool} worker" not in running:
            command = ["prefect", "worker", "start", "--pool", pool, "--name", f"{pool} of {socket.gethostname()}"]
            _start(f"{pool} worker", command, environment)
    console.print(
        f"Prefect: http://127.0.0.1:{port}   MLflow: make ui   Logs: {FOLDER.relative_to(PROJECT)}/*.log\n"
        f"For prefect's commands: export PREFECT_API_URL={url}"
    )


@app.command()
def down() -> None:
    """End what `up` has started, and nothing else; trainings save first."""
    running = _running()
    if not running:
        console.print("nothing that `make serve` has started runs here")
    for name in sorted(running, key=lambda name: name == "server"):  # the workers first: they report to it
        with console.status(f"ending the {name}"):
            _end(running[name])
        console.print(f"ended: {name}")
    STARTED.unlink(missing_ok=True)


@app.command()
def setup() -> None:
    """Tell the Prefect server (PREFECT_API_URL) of the pools and of prefect.yaml's deployments; what is there stays."""
    from prefect.settings import PREFECT_API_URL

    if not PREFECT_API_URL.value():
        raise UserError("PREFECT_API_URL is not set: give the address of the server, such as http://127.0.0.1:4200/api")
    with console.status("setting up pools and deployments"):
        asyncio.run(_make_pools())
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
        done = subprocess.run(command, cwd=PROJECT, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"prefect deploy failed:\n{(done.stdout + done.stderr).strip()}")
    console.print("deployed: nightly, train, sweep, compare, promote, and the stages of pool gpu")


async def _make_pools() -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
    from prefect.exceptions import ObjectNotFound

    limits = {"cpu": os.cpu_count() or 1, "gpu": max(1, len(gpus.on_this_machine()))}
    async with get_client() as client:
        for pool, limit in limits.items():
            try:
                found = await client.read_work_pool(pool)
            except ObjectNotFound:
                await client.create_work_pool(WorkPoolCreate(name=pool, type="process", base_job_template=TEMPLATE))
            else:
                if found.type == "process" and "command" in found.base_job_template["variables"]["properties"]:
                    await client.update_work_pool(pool, WorkPoolUpdate(base_job_template=TEMPLATE))
                    console.print(f"pool {pool}: flow runs can no longer choose their command and environment")
            for queue, most, priority in (("waiting", None, 1), ("runs", limit, 2)):
                try:
                    await client.read_work_queue_by_name(queue, work_pool_name=pool)
                except ObjectNotFound:
                    await client.create_work_queue(
                        queue, concurrency_limit=most, priority=priority, work_pool_name=pool
                    )
        watchman = _watchman()
        if not await client.read_automations_by_name(watchman.name):
            await client.create_automation(watchman)


def _watchman() -> "AutomationCore":
    """Return the automation that ends flow runs which no longer give signs of life, so that their slots come free."""
    from prefect.automations import AutomationCore
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import EventTrigger, Posture
    from prefect.states import StateType

    trigger = EventTrigger(
        after={"prefect.flow-run.heartbeat"},
        expect={"prefect.flow-run.*"},
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=SILENCE,
    )
    message = "no sign of life: the machine or the process is gone"
    gone = ChangeFlowRunState(name=None, state=StateType.CRASHED, message=message, force=False)
    return AutomationCore(name="ganline: a silent flow run has crashed", trigger=trigger, actions=[gone])


def _initialise_mlflow() -> None:
    """Make the tables of MLflow's store before several processes find it empty, and fall over each other."""
    from ganline.tracking import store
    from ganline.tracking.delivery import MlflowClient

    uri = spool.tracking_uri(PROJECT)
    try:
        store.ready(uri, PROJECT)
        MlflowClient(uri).search_experiments(max_results=1)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"the MLflow store {masked(uri)} does not answer: {in_short(error)}") from None


def _ensure_remote() -> None:
    """Give a clone without a DVC remote one in a folder of its own: stages of two pools need one between them."""
    if "remote" in Config(str(PROJECT / ".dvc"))["core"]:
        return
    folder = PROJECT / ".ganline/remote"
    with Config(str(PROJECT / ".dvc")).edit("local") as local:
        local["remote"] = local.get("remote", {}) | {"here": {"url": str(folder)}}
        local["core"] = local.get("core", {}) | {"remote": "here"}
    console.print(f"DVC had no remote: set one for this clone, {folder.relative_to(PROJECT)} (.dvc/config.local)")


def _environment(url: str = "") -> dict[str, str]:
    own = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join([str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    if url:
        own |= {"PREFECT_API_URL": url, "PREFECT_HOME": str(FOLDER / "prefect")}
    return PRODUCTION | os.environ | own


def _start(name: str, command: Sequence[str], environment: Mapping[str, str], inherited: Sequence[int] = ()) -> None:
    """Start a process that outlives this one, with these files open besides its own, and write it down."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name.replace(' ', '-')}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=PROJECT, env=dict(environment), stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True, pass_fds=inherited, preexec_fn=_hear_interrupts,
        )  # fmt: skip
    origin = spool.Origin.of(psutil.Process(process.pid))
    write_json(STARTED, {**{name: list(known) for name, known in _running().items()}, name: list(origin)})


def _hear_interrupts() -> None:
    """Let a new process obey SIGINT: a script's shell has what it starts with & ignore it, and all below that too.

    A Prefect worker ends by sending itself one, and would go on for 90 s.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _running() -> dict[str, spool.Origin]:
    """Return what `up` has started and still lives."""
    try:
        started = json.loads(STARTED.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    known = {name: spool.Origin(*origin) for name, origin in started.items()}
    return {name: origin for name, origin in known.items() if origin.alive()}


def _await_server(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.answers(url):
        if "server" not in _running() or time.monotonic() > deadline:
            log = FOLDER / "server.log"
            raise UserError(f"Prefect's server did not start; the end of {log}:\n{log.read_text()[-1500:]}")
        time.sleep(0.5)


def _end(origin: spool.Origin) -> None:
    """End a process and the flows below it: each is asked, and what does not listen is ended."""
    process = psutil.Process(origin.pid)
    process.suspend()  # a worker, meanwhile, must not begin what waits
    flows, family = process.children(), process.children(recursive=True)
    # Of a worker's family only the flows are asked: each stops what it has started in the right order, and a training
    # that is asked twice leaves without saving.
    try:
        _ask_to_end(flows, family)
    finally:
        process.resume()  # also of who is interrupted: `up` would take one that stands still for one that works
    _ask_to_end([process], [process])


def _ask_to_end(asked: Sequence[psutil.Process], ended: Sequence[psutil.Process]) -> None:
    for process in asked:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    while left := [process for process in ended if _lives(process)]:
        time.sleep(0.2)
        if time.monotonic() > deadline:
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    terminal.run(app)
