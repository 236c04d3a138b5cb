"""What tests of servers and processes wait for."""

import time
import urllib.request


def until(condition, what="", seconds=240):
    """Return what the condition returns, once it is true; `what` was awaited, in words or as a function."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what() if callable(what) else what}"
        time.sleep(0.3)
    return found


def answers(url):
    """Return whether a server answers there."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status == 200
    except OSError:
        return False
