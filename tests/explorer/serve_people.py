"""Serve the page of `ganline people` on toy images: python serve_people.py FOLDER.

The toy images are bright below where they are real, and bright above where they are generated, so that a scripted judge
sees which is which.
"""

import sys
from pathlib import Path

import numpy as np

from ganline.evaluation.judgements import Store, digest
from ganline.explorer.epochs import Epochs
from ganline.explorer.trials import Exhibit, Run

HOSTILE = """x" :title="globalThis.ran = 'a name'" <img src=y onerror="ran='a tag'"> '{{ran}}'"""
"""What an experiment may be called: on a page it is a name, and does nothing."""


def toy(count, seed, bright_below):
    """Return images uint8 (N, 16, 16, 1)."""
    images = np.random.default_rng(seed).integers(0, 60, (count, 16, 16, 1)).astype(np.uint8)
    images[:, 8:] += np.uint8(150 if bright_below else 0)
    images[:, :8] += np.uint8(0 if bright_below else 150)
    return images


def exhibit():
    """Return what there is to judge: the images of two runs, and real ones."""
    runs = [(HOSTILE, toy(90, 1, False)), ("rival", toy(90, 2, False))]
    sheets = {step: toy(1, step, True)[0] for step in (100, 200, 300)}
    drawn = Epochs(digest(np.stack(list(sheets.values()))), sheets)
    return Exhibit([Run(digest(images), name, images) for name, images in runs], toy(80, 3, True), drawn)


if __name__ == "__main__":
    from ganline.explorer.judging_page import serve

    store = Store(Path(sys.argv[1]) / "judgements.db")
    serve(exhibit(), store, "127.0.0.1", 0, False, lambda address: print(address, flush=True))
