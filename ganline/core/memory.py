"""What a process holds of the machine's memory."""

import ctypes
import gc
import sys


def give_back() -> None:
    """Give what is free within this process back to the system: after work that took much memory in small pieces.

    glibc keeps such pieces for itself until it is told (malloc_trim); other C libraries know no such call, and nothing
    happens.
    """
    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
