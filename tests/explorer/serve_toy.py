"""Serve the page of `ganline explore` on a toy generator: python serve_toy.py FOLDER."""

import sys
from pathlib import Path

import numpy as np
from toy_generator import DIM, Toy

from ganline.explorer.space import Directions, Explorable

HOSTILE = """x" :title="globalThis.ran = 'a name'" <img src=y onerror="ran='a tag'"> '{{ran}}'"""
"""What a folder of pictures may be called: on a page it is a name, and does nothing."""


class Turned(Toy):
    """Asked for one of three classes: bright bars on black, the negative, and one of a strange name."""

    conditions = 3

    def images(self, latents, labels=None):
        """See ganline.models.makers.Sampler.images."""
        images = super().images(latents)
        return np.where(np.asarray(labels)[:, None, None, None] == 1, 255 - images, images)


def explorable(folder):
    """Return what the page shows; it keeps its latents in a folder."""
    groups = {
        "boundaries": Directions(np.eye(2, DIM, dtype=np.float32), ["more slant", "more light"]),
        "folders": Directions(np.eye(1, DIM, dtype=np.float32), [HOSTILE]),
        "numbers": Directions(np.eye(DIM, dtype=np.float32)[::-1], [f"z{DIM - 1 - i}" for i in range(DIM)]),
    }
    return Explorable(Turned(), groups, ["bars", "holes", HOSTILE], folder / "latents.json", "A toy")


if __name__ == "__main__":
    from ganline.explorer.page import serve

    serve(explorable(Path(sys.argv[1])), "127.0.0.1", 0, False, lambda address: print(address, flush=True))
