"""Prefect's server as Ganline starts it: it answers its own pages and programs, and no other page of a browser.

`prefect server start` of Prefect 3.8 answers every origin and every name: any page that is open in a browser of this
machine could list the deployments and have them run.
"""

import argparse
import atexit
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack

from ganline.core.errors import UserError
from ganline.explorer.own_pages import OwnPages, loopback

HOST = "127.0.0.1"
STOP_SECONDS = 10.0


def listen(port: int = 0) -> socket.socket:
    """Return a socket that listens on this machine's loopback, for `command`; port 0 takes any that is free.

    Raises:
        UserError: the port cannot be had.
    """
    try:
        listening = socket.create_server((HOST, port))
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise UserError(f"port {port} {reason}: give another with --port, or `make serve PREFECT_PORT=...`") from None
    listening.set_inheritable(True)
    return listening


def command(listening: socket.socket, *options: str) -> list[str]:
    """Return the module, and its arguments, that serves on a socket which its process inherits."""
    return ["pipelines.server", str(listening.fileno()), *options]


def answers(url: str) -> bool:
    """Return whether a server answers at this address of its API."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def start_temporary() -> None:
    """Give this process a server of its own where the user has set none; it ends with the process, however that ends.

    Raises:
        UserError: the server does not start.
    """
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
        PREFECT_UI_URL,
        temporary_settings,
    )

    if PREFECT_API_URL.value():
        return
    with listen() as listening:
        url = f"http://{HOST}:{listening.getsockname()[1]}/api"
        started = subprocess.Popen(
            [sys.executable, "-m", *command(listening, "--temporary")], stdin=subprocess.PIPE,
            pass_fds=[listening.fileno()], start_new_session=True,
        )  # fmt: skip
    last = ExitStack()  # after Prefect's own threads have sent what they still hold, which is before atexit
    atexit.register(last.close)
    last.callback(_stop, started)
    deadline = time.monotonic() + PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS.value()
    while not answers(url):
        if started.poll() is not None or time.monotonic() > deadline:
            raise UserError(f"Prefect's server did not start (exit status {started.poll()}; what it said stands above)")
        time.sleep(0.1)
    last.enter_context(temporary_settings({PREFECT_API_URL: url, PREFECT_UI_URL: ""}))


def _stop(started: subprocess.Popen) -> None:
    started.terminate()
    try:
        started.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def _end_with_input() -> None:
    """End this process when nobody holds the other end of its standard input any more: its starter may be killed."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main(arguments: list[str] | None = None) -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser("python -m pipelines.server", description="Prefect's server, for its own pages.")
    parser.add_argument("descriptor", type=int, help="of a socket that listens, inherited")
    parser.add_argument(
        "--temporary", action="store_true", help="no pages, only what a flow needs; ends with the standard input"
    )
    options = parser.parse_args(arguments)
    if options.temporary:
        threading.Thread(target=_end_with_input, daemon=True).start()
    listening = socket.socket(fileno=options.descriptor)
    hosts = loopback(listening.getsockname()[1])
    # Its pages may be opened under one name and ask under another: for Prefect, before it reads its settings.
    os.environ["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] = ",".join(f"http://{host}" for host in sorted(hosts))

    import uvicorn
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    api, level = get_current_settings().server.api, get_current_settings().server.logging_level
    app = OwnPages(create_app(final=True, ephemeral=options.temporary), hosts)
    config = uvicorn.Config(
        app, lifespan="on", timeout_keep_alive=api.keepalive_timeout, ws_ping_interval=api.websocket_ping_interval,
        ws_ping_timeout=api.websocket_ping_timeout, log_level="error" if options.temporary else level.lower(),
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
