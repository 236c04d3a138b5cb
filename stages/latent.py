"""Walk the generator's latent space and look for the training images its samples resemble."""

from typing import TYPE_CHECKING

import numpy as np

from ganline.datasets.prepared import read_split
from ganline.errors import UserError
from ganline.files import read_arrays, whole_folder, write_json
from ganline.latent.neighbours import copying, nearest
from ganline.latent.paths import interpolation, walk
from ganline.params import Latent, Params
from ganline.report.figures import beside, image_grid, write_png
from stages import paths, runner
from stages.tracking import Tracker

if TYPE_CHECKING:
    from ganline.metrics.extractors import Extractor
    from ganline.models import Generator
    from ganline.models.base import Model

SAMPLES = 1000
SHOWN = 6
REDRAWN = 4  # reconstructions in a row


def run(params: Params, tracker: Tracker) -> None:
    """Write reports/latent: interpolation.png, walk.png, nearest.png and the numbers in latent.json.

    Models that can redraw an image leave reconstruction.png too.
    """
    from ganline import models  # TensorFlow loads here, not when the stage is imported
    from ganline.metrics import extractors

    model = models.load(paths.GAN)
    generator = models.Generator(model)
    extractor = extractors.load(paths.extractor(params))
    with whole_folder(paths.LATENT) as folder:
        write_png(folder / "interpolation.png", interpolation_figure(generator, params.latent, params.seed))
        write_png(folder / "walk.png", walk_figure(generator, params.latent, params.seed))
        figure, numbers = nearest_images(generator, extractor, params)
        write_png(folder / "nearest.png", figure)
        write_json(folder / "latent.json", numbers)
        redrawn = reconstruction_figure(model, read_split(paths.prepared(params), "test")[0])
        if redrawn is not None:
            write_png(folder / "reconstruction.png", redrawn)
    tracker.artifact(paths.LATENT, "latent")


def interpolation_figure(generator: "Generator", settings: Latent, seed: int) -> np.ndarray:
    """Return `rows` paths between two random latents each, as one grid, uint8 (h, w, C).

    A path keeps one label; from row to row they take turns.
    """
    ends = generator.latents(2 * settings.rows, seed, "latent/interpolation")
    rows = [
        interpolation(start, end, settings.columns, generator.prior)
        for start, end in zip(ends[::2], ends[1::2], strict=True)
    ]
    labels = np.repeat(np.arange(settings.rows) % max(1, generator.conditions), settings.columns)
    return image_grid(generator.images(np.concatenate(rows), labels), settings.columns)


def walk_figure(generator: "Generator", settings: Latent, seed: int) -> np.ndarray:
    """Return the plane between four random latents as a square grid, uint8 (h, w, C), all with label 0."""
    corners = generator.latents(4, seed, "latent/walk")
    return image_grid(generator.images(walk(corners, settings.columns, generator.prior)), settings.columns)


def nearest_images(
    generator: "Generator", extractor: "Extractor", params: Params
) -> tuple[np.ndarray, dict[str, float | int]]:
    """Return samples beside their nearest training images, uint8 (h, w, C), and how near samples come as numbers."""
    train_images, _ = read_split(paths.prepared(params), "train")
    count = params.latent.neighbours
    if count > len(train_images):
        raise UserError(f"latent.neighbours = {count}: allowed is at most {len(train_images)}, the training images")
    latents, labels = (draw(SAMPLES, params.seed, "latent/nearest") for draw in (generator.latents, generator.labels))
    samples = generator.images(latents, labels)
    train = _features(params, "train")
    held_out = _spread(_features(params, "test"), SAMPLES)
    found = nearest(extractor.extract(samples).features, train, count, "Nearest training images of samples")
    of_held_out = nearest(held_out, train, 1, "Nearest training images of held-out images")
    neighbours = train_images[found.indices[:SHOWN].ravel()]
    figure = beside([image_grid(samples[:SHOWN], 1), image_grid(neighbours, count)])
    numbers = copying(found.distances[:, 0], of_held_out.distances[:, 0])
    counts = {"samples": SAMPLES, "held_out_images": len(held_out), "training_images": len(train)}
    return figure, numbers | counts | {"seed": params.seed, "feature_dim": train.shape[1]}


def reconstruction_figure(model: "Model", images: np.ndarray) -> np.ndarray | None:
    """Return held-out images, each with its reconstruction to its right, uint8 (h, w, C); None where there are none."""
    from ganline.models.base import from_uint8, to_uint8

    shown = _spread(images, SHOWN * REDRAWN)
    redrawn = model.reconstruct(from_uint8(shown, model.image_range))
    if redrawn is None:
        return None
    pairs = np.stack([shown, to_uint8(redrawn, model.image_range).numpy()], axis=1)
    return image_grid(pairs.reshape(-1, *shown.shape[1:]), 2 * REDRAWN)


def _features(params: Params, split: str) -> np.ndarray:
    return read_arrays(paths.extractor(params) / f"{split}_features.npz")["features"]


def _spread(items: np.ndarray, count: int) -> np.ndarray:
    """Return at most `count` items, evenly spaced, since a split may be ordered by class."""
    return items[np.linspace(0, len(items) - 1, min(count, len(items))).astype(int)]


if __name__ == "__main__":
    runner.main("latent", run)
