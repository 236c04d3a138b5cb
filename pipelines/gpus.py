"""The GPUs of this machine, each given to one training at a time.

A lock of the operating system holds a GPU: it is free again the moment its holder dies, however that happens, and all
projects and workers of the machine see it.
"""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ganline.core.errors import UserError

VISIBLE = "CUDA_VISIBLE_DEVICES"
POLL = 1.0  # seconds


def on_this_machine() -> list[str]:
    """Return the identifiers of the GPUs that CUDA_VISIBLE_DEVICES lets this process use, as nvidia-smi gives them."""
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return []
    found = re.findall(r"^GPU \d+: .*\(UUID: (\S+)\)", listed, re.MULTILINE)
    if VISIBLE not in os.environ:
        return found
    allowed = [entry.strip() for entry in os.environ[VISIBLE].split(",")]
    return [gpu for number, gpu in enumerate(found) if str(number) in allowed or gpu in allowed]


def require() -> list[str]:
    """Return the GPUs of `on_this_machine`, of which there must be one.

    Raises:
        UserError: there is none.
    """
    gpus = on_this_machine()
    if not gpus:
        raise UserError("need_gpu is set, and nvidia-smi lists no GPU that this worker may use")
    return gpus


@contextmanager
def claim(need: bool) -> Iterator[dict[str, str]]:
    """Wait for a free GPU and hold it; give the environment that lets a process see that one alone.

    On a machine without a GPU there is nothing to wait for, and the environment is empty.

    Raises:
        UserError: there is none, and the run needs one.
    """
    gpus = require() if need else on_this_machine()
    if not gpus:
        yield {}
        return
    with ExitStack() as stack:
        yield {VISIBLE: _first_free(gpus, stack)}


def _first_free(gpus: list[str], stack: ExitStack) -> str:
    while True:
        for gpu in gpus:
            lock = FileLock(Path(tempfile.gettempdir(), f"ganline-{gpu}.lock"), timeout=0, mode=0o666)
            try:
                stack.enter_context(lock)
            except Timeout:
                continue
            return gpu
        time.sleep(POLL)
