"""Windows of a latent overwritten, as The GAN Book (Chaudhary 2024, Skill 4) does by hand."""

import numpy as np

from ganline.core.abilities import lacking
from ganline.core.figures import labelled_grid
from ganline.core.progress import track
from ganline.core.random import generator
from ganline.latent.edits import overwrite, windows
from ganline.studies.finding import Figure, Finding, Number, Table
from ganline.studies.latent.base import Space
from ganline.studies.latent.directions import start_sample

TITLE = "Windows overwritten"
BASES = 16
NAMES = {
    "image": "the sample",
    "noise": "random noise",
    "hanning": "Hanning window",
    "zeros": "zeros",
    "ones": "ones",
    "scattered": "noise, scattered",
}
"""The rows: what a window is overwritten with. The last is the control: as many coordinates, chosen at random."""


def find(space: Space) -> Finding:
    """Return one sample with each window of its latent overwritten in five ways, and how far images move by it."""
    space.must_draw_fast()
    prior, dim = space.generator.prior, space.generator.latent_dim
    random, cut = generator(space.seed, "latent/perturbation"), windows(dim)
    latent, label = start_sample(space)
    overwritten = [change(latent[None], way, fill, prior, random) for fill in NAMES for way in cut]
    images = space.generator.images(np.concatenate(overwritten), np.full(len(overwritten), label))
    figure = Figure(
        labelled_grid(images, list(NAMES.values()), [f"{way.start} to {way.stop - 1}" for way in cut]),
        "One sample, one window of its latent overwritten",
        f"A column a window of {cut[0].stop} coordinates, a row a fill. The last row is the control: as many "
        "coordinates, scattered over the latent and drawn anew.",
    )
    moved, flips = distances(space, cut, random)
    columns = ["fill", "feature distance, share of that of two samples", "images whose likeliest class changes"]
    rows = [[NAMES[fill], f"{moved[fill]:.2f}", f"{100 * flips[fill]:.0f} %"] for fill in moved]
    told = 2 if lacking(("probabilities",), space.extractor.abilities) else 3  # without classes none can change
    table = Table(
        f"How far images move, over {BASES} samples and {len(cut)} windows",
        columns[:told],
        [row[:told] for row in rows],
    )
    number = Number(
        moved["noise"],
        "How far a fifth of the latent, drawn anew, moves the image",
        "",
        "Feature distance as a share of that between two samples. If images moved as far as their latents do, it would "
        "be 0.45, the square root of a fifth.",
    )
    words = (
        f"A fifth of the coordinates drawn anew moves an image by {moved['noise']:.2f} of the distance between two "
        f"samples where they stand side by side, and by {moved['scattered']:.2f} where they are scattered: "
        + (
            "where they stand makes no difference."
            if abs(moved["noise"] - moved["scattered"]) < 0.1
            else "where they stand makes a difference."
        )
    )
    return Finding({"windows": figure}, {"window_distance": number}, [words], tables=[table])


def change(latents: np.ndarray, window: slice, fill: str, prior: str, random: np.random.Generator) -> np.ndarray:
    """Return latents float32 (N, latent_dim) with a window overwritten; for "scattered" others, as many."""
    if fill != "scattered":
        return overwrite(latents, window, fill, prior, random)
    chosen = random.permutation(latents.shape[1])[: window.stop - window.start]
    return overwrite(latents, chosen, "noise", prior, random)


def distances(space: Space, cut: list[slice], random: np.random.Generator) -> tuple[dict[str, float], dict[str, float]]:
    """Return how far each fill moves images in feature space, as a share of the distance of two samples; and the share
    of images whose likeliest class it changes.
    """
    samples = space.samples
    count = min(BASES, len(samples.images) // 2)
    apart = np.linalg.norm(samples.features[:count] - samples.features[count : 2 * count], axis=1).mean()
    moved, flips = {}, {}
    fills = [fill for fill in NAMES if fill != "image"]
    for fill in track(fills, "Windows", len(fills), "fills"):
        latents = np.concatenate(
            [change(samples.latents[:count], way, fill, space.generator.prior, random) for way in cut]
        )
        seen = space.look(latents, np.tile(samples.labels[:count], len(cut)))
        before = np.tile(samples.features[:count], (len(cut), 1))
        moved[fill] = float(np.linalg.norm(seen.features - before, axis=1).mean() / max(apart, 1e-12))
        classes = np.tile(samples.probabilities[:count].argmax(axis=1), len(cut))
        flips[fill] = float(np.mean(seen.probabilities.argmax(axis=1) != classes))
    return moved, flips
