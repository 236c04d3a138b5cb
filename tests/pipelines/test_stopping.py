"""`make stop`: a worker is let go on whatever happens."""

import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from pipelines import serve


def test_a_worker_does_not_stand_still_where_stopping_is_interrupted(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(serve, "_ask_to_end", interrupted)
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with pytest.raises(KeyboardInterrupt):
            serve._end(SimpleNamespace(pid=worker.pid))
        assert psutil.Process(worker.pid).status() != psutil.STATUS_STOPPED
    finally:
        worker.kill()
        worker.wait()
