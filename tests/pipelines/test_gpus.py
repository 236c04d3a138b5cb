"""No GPU is given to two, and one whose holder dies is free again (nvidia-smi is a stand-in: the lock is tried)."""

import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ganline.core.errors import UserError
from pipelines import gpus

REPOSITORY = Path(__file__).parents[2]
CLAIM = """\
import sys, time
from pipelines import gpus
with gpus.claim(True) as environment:
    print(environment["CUDA_VISIBLE_DEVICES"], flush=True)
    time.sleep(600)
"""


@pytest.fixture
def two_gpus(tmp_path, monkeypatch):
    listing = "GPU 0: NVIDIA A100 (UUID: GPU-aaaa)\\nGPU 1: NVIDIA A100 (UUID: GPU-bbbb)\\n"
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\nprintf '{listing}'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_those_that_the_environment_allows(two_gpus, monkeypatch):
    assert gpus.on_this_machine() == ["GPU-aaaa", "GPU-bbbb"]
    for allowed, found in (("1", ["GPU-bbbb"]), ("GPU-aaaa", ["GPU-aaaa"]), ("", []), ("-1", [])):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
        assert gpus.on_this_machine() == found


def test_a_gpu_has_one_holder_and_comes_free_with_its_death(two_gpus):
    holders = [
        subprocess.Popen([sys.executable, "-c", CLAIM], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    try:
        deadline = time.monotonic() + 60
        with gpus.claim(False) as mine:
            # Four want two: besides this one exactly one more gets a GPU.
            waiting = selectors.DefaultSelector()
            for holder in holders:
                waiting.register(holder.stdout, selectors.EVENT_READ, holder)

            def next_holder():
                while not (ready := waiting.select(1)):
                    assert time.monotonic() < deadline
                (key, _), *_ = ready
                waiting.unregister(key.fileobj)
                return key.data, key.fileobj.readline().strip()

            first, gpu = next_holder()
            assert {gpu, mine["CUDA_VISIBLE_DEVICES"]} == {"GPU-aaaa", "GPU-bbbb"}
            assert not waiting.select(3)
            first.kill()
            _, again = next_holder()
            assert again == gpu
    finally:
        for holder in holders:
            holder.kill()
            holder.wait()


def test_without_a_gpu_there_is_nothing_to_wait_for_unless_one_is_needed(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with gpus.claim(False) as environment:
        assert environment == {}
    with pytest.raises(UserError, match="need_gpu is set, and nvidia-smi lists no GPU"), gpus.claim(True):
        pass
