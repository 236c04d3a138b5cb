"""What moves of code must leave as it is: hashes of trained weights, and the numbers of one small run.

`python -m tests.same_bits` writes tests/same_bits.json anew for the machine it runs on. Do so only where a change is
meant to change bits, and say so in its message: the tests hold the numbers on the kind of machine that made them.
"""

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_suffix(".json")
STEPS = 50
SMALL = [
    f"train.steps={STEPS}", "train.batch_size=8", "train.steps_per_call=10", "train.log_every=50",
    "train.sample_every=50", "train.checkpoint_every=50", "train.sample_count=4", "download.source=.",
    "train.generator_batch_size=8",
]  # fmt: skip


def machine() -> str:
    """Return the kind of machine: sums are ordered by what its processor can do, and by how many there are."""
    pairs = [line.partition(":")[::2] for line in Path("/proc/cpuinfo").read_text().splitlines()]
    facts = {name.strip(): value.strip() for name, value in reversed(pairs)}
    wide = [flag for flag in ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile")
            if flag in facts["flags"].split()]  # fmt: skip
    who = f"{facts['model name']}, family {facts['cpu family']}, model {facts['model']}, {' '.join(wide)}"
    return f"{who}, {os.cpu_count()} cores"


def golden() -> dict:
    """Return what this kind of machine is held to, or nothing where no numbers are known for it."""
    return json.loads(FILE.read_text()).get(machine(), {})


def weights(experiment: str) -> str:
    """Return the hash of all that a checkpoint holds after 50 steps of the shrunken experiment on random images."""
    import tensorflow as tf

    from ganline.catalogue.presets import compose_params
    from ganline.core.determinism import be_deterministic
    from ganline.models import makers
    from ganline.training.loop import train
    from tests.fitting import built, fitting, given

    be_deterministic()
    params = compose_params(experiment, fitting(experiment, SMALL))
    model = built(params, seed=7)
    images = np.random.default_rng(0).integers(0, 256, (40, *model.image_shape), np.uint8)
    data = {"image": images, "label": np.arange(40, dtype=np.int32) % 10} | given(model, 40)
    with tempfile.TemporaryDirectory() as folder:
        train(model, data, params.train, Path(folder), maker=makers.of(model, data.get("input"), images))
    # Before losses kept their own state every GAN had BEGAN's, and the hashes are of that time.
    values = (
        {"balance": tf.zeros(())} if "generator" in model.networks and not model.input_shape else {}
    ) | model.variables()
    return hashlib.sha256(b"".join(values[name].numpy().tobytes() for name in sorted(values))).hexdigest()


def main() -> None:
    """Write the hashes of every experiment, or of those named."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    mine = known.setdefault(machine(), {"weights": {}})
    for experiment in sys.argv[1:] or sorted(path.stem for path in Path("conf/experiment").glob("*.yaml")):
        mine["weights"][experiment] = weights(experiment)
        print(experiment, mine["weights"][experiment], flush=True)
        FILE.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
