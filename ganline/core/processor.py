"""What the processor can do."""

from pathlib import Path

KNOWN = Path("/proc/cpuinfo")
BFLOAT16 = {"avx512_bf16", "amx_bf16"}
"""Extensions of x86-64, as Linux names them, by which oneDNN, and so TensorFlow, computes in bfloat16."""


def has_bfloat16() -> bool:
    """Return whether it has instructions for bfloat16; False where Linux does not say."""
    if not KNOWN.exists():
        return False
    flags = next((line for line in KNOWN.read_text().splitlines() if line.startswith("flags")), "")
    return not BFLOAT16.isdisjoint(flags.split())
