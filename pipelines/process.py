"""A command whose output is seen as it comes, and of which nothing is left when its caller is stopped."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BufferedReader

import psutil

GRACE = 20.0  # seconds to save and leave; a Prefect worker gives 30 to the flow
REDRAWN = 5.0  # seconds between two logged states of a progress bar
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run(command: Sequence[str], environment: Mapping[str, str], log: Callable[[str], None]) -> int:
    """Run a command, give each line of its output to `log` as it comes, and return its exit status.

    When an exception arrives meanwhile (KeyboardInterrupt, Prefect's TerminationSignal), the command and all that it
    started are stopped, and their last words logged, before it passes on.
    """
    # In a session of its own it gets one signal, from `stop`, wherever the request came from: a terminal or a worker
    # would signal all at once, and training takes a second signal as an order to leave without saving.
    process = subprocess.Popen(
        command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, preexec_fn=end_with_parent,
    )  # fmt: skip
    assert isinstance(process.stdout, BufferedReader)
    try:
        for line in lines(process.stdout):
            log(line)
        return process.wait()
    except BaseException:
        stop(process)
        os.set_blocking(process.stdout.fileno(), False)  # what the pipe holds, were it open in a process that got away
        for line in lines(process.stdout):
            log(line)
        raise


def end_with_parent() -> None:
    """Ask Linux for a SIGTERM to this process when its parent dies: killed, that has no time to see to it."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def lines(stream: BufferedReader) -> Iterator[str]:
    """Yield the lines of a stream; of a progress bar that redraws itself, one state every few seconds."""
    rest, shown_at = b"", 0.0
    while chunk := stream.read1():
        *whole, rest = re.split(rb"(?<=[\r\n])", (rest + chunk).replace(b"\r\n", b"\n"))
        for piece in whole:
            if piece.endswith(b"\r"):
                if time.monotonic() - shown_at < REDRAWN:
                    continue
                shown_at = time.monotonic()
            if text := _plain(piece):
                yield text
    if text := _plain(rest):
        yield text


def _plain(piece: bytes) -> str:
    return ESCAPES.sub("", piece.decode(errors="replace")).rstrip()


def stop(process: subprocess.Popen) -> None:
    """Ask a process that leads its own group, and all in the group, to end; after GRACE, end them."""
    leader_last = sorted(_members(process.pid), key=lambda member: member.pid == process.pid)
    # DVC only where it is alone: it tidies up after a stage that fails, but ends at once when signalled itself.
    for member in leader_last[:-1] or leader_last:
        _signal(member)
    deadline = time.monotonic() + GRACE
    try:
        while _members(process.pid) and time.monotonic() < deadline:
            process.poll()
            time.sleep(0.1)
    finally:  # a second Ctrl-C ends the patience
        if _members(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _signal(member: psutil.Process) -> None:
    try:
        member.terminate()
    except psutil.NoSuchProcess:
        return


def _members(group: int) -> list[psutil.Process]:
    """Return the living processes of a process group."""

    def belongs(member: psutil.Process) -> bool:
        try:
            return os.getpgid(member.pid) == group and member.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, ProcessLookupError):
            return False

    return [member for member in psutil.process_iter() if belongs(member)]
