"""`make stop`: a worker is let go on whatever happens."""

import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest
import waiting

from pipelines import serve


def test_a_worker_does_not_stand_still_where_stopping_is_interrupted(monkeypatch):
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    def interrupted(*_):
        waiting.until(lambda: psutil.Process(worker.pid).status() == psutil.STATUS_STOPPED, seconds=60)
        raise KeyboardInterrupt

    monkeypatch.setattr(serve, "_ask_to_end", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            serve._end(SimpleNamespace(pid=worker.pid))
        waiting.until(lambda: psutil.Process(worker.pid).status() != psutil.STATUS_STOPPED, seconds=60)
    finally:
        worker.kill()
        worker.wait()
