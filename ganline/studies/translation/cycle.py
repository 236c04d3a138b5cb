"""Does an image come back because its translation shows it, or because it hides it? The cycle error, by noise."""

from typing import NamedTuple

import cv2
import numpy as np

from ganline.diagnosis.cycles import NOISE, Cycle, Way, apart, noised
from ganline.report.plots import curves
from ganline.studies.finding import Figure, Finding, Number, Table
from ganline.studies.translation.base import Translations

TITLE = "There and back, through noise"
NEEDS = ("way back",)
IMAGES = 64
"""Of each domain that are sent, at most."""
LEVELS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Deviations of the noise, grey levels of 256."""
JPEG_QUALITY, BLUR = 90, 0.7
"""Of the other disturbances: as a picture is saved, and a blur of so many pixels, which takes what is finest."""
HIDES = 0.25
"""Share of what came back that a faint noise destroys, from which it was hidden; as in ganline.diagnosis.unpaired."""


class Course(NamedTuple):
    """One direction: what came back of images under each disturbance, all as mean absolute differences, 0 to 1."""

    ignorance: float
    """Of the images and their mean."""
    errors: dict[str, float]
    """By the disturbance's name: of the images and what comes back."""
    disturbances: dict[str, float]
    """By the same names: of the translations and the disturbed ones."""

    def shares(self) -> np.ndarray:
        """Return the errors under noise over what knowing nothing gives, 0 to 1 (cut off), float64 (levels,)."""
        return np.minimum(1.0, [self.errors[named(level)] / max(self.ignorance, 1e-6) for level in LEVELS])

    def alone(self) -> np.ndarray:
        """Return what they were if each error grew by the noise and no more."""
        start = self.errors[named(0.0)]
        grown = [start + self.disturbances[named(level)] for level in LEVELS]
        return np.minimum(1.0, np.array(grown) / max(self.ignorance, 1e-6))

    def judged(self) -> Cycle:
        """Return the cycle under the noise that hiding is judged by."""
        name = named(NOISE)
        return Cycle(self.errors[named(0.0)], self.errors[name], self.disturbances[name], self.ignorance)


def find(made: Translations) -> Finding:
    """Return the cycle error by the strength of a noise that is added halfway, in both directions."""
    assert made.back and made.there and made.others is not None
    there = course(made.inputs[:IMAGES], made.outputs[:IMAGES], made.back, made.seed)
    back = course(made.others[:IMAGES], made.othered[:IMAGES], made.there, made.seed)
    lines = {"inputs, there and back": there.shares(), "the noise alone": there.alone()}
    lines["target domain, back and there"] = back.shares()
    figure = Figure(
        curves(LEVELS, {name: list(shares) for name, shares in lines.items()}, "Noise added halfway, grey levels"),
        "What comes back, by the noise added halfway",
        "Cycle error over that of the domain's mean image: 0 is all, 1 nothing. Where translations show what they were "
        "made of, it rises no faster than the noise alone. Where they hide it, the first faint noise breaks it.",
    )
    numbers = {**_numbers("", "inputs", there), **_numbers("back_", "images of the target domain", back)}
    return Finding({"noise": figure}, numbers, words(there, back), tables=[table(there, back)])


def course(images: np.ndarray, translated: np.ndarray, way: Way, seed: int) -> Course:
    """Return what comes back of images uint8 (N, H, W, C) from disturbed translations uint8 (N, H', W', C')."""
    mean = np.broadcast_to(images.mean(axis=0).round().astype(np.uint8), images.shape)
    disturbed = {named(level): noised(translated, level, seed) for level in LEVELS}
    disturbed |= {f"JPEG of quality {JPEG_QUALITY}": jpeg(translated), f"blur of {BLUR:g} pixels": blurred(translated)}
    errors = {name: apart(images, way(halfway)) for name, halfway in disturbed.items()}
    return Course(apart(images, mean), errors, {name: apart(translated, some) for name, some in disturbed.items()})


def named(level: float) -> str:
    """Return what a noise of this deviation is called."""
    return f"noise of {level:g}" if level else "nothing"


def jpeg(images: np.ndarray) -> np.ndarray:
    """Return uint8 images (N, H, W, 1 or 3) as they come out of a JPEG file."""
    flag = cv2.IMREAD_GRAYSCALE if images.shape[3] == 1 else cv2.IMREAD_COLOR
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    saved = (cv2.imencode(".jpg", np.ascontiguousarray(image[..., ::-1]), quality)[1] for image in images)
    return np.stack([np.atleast_3d(cv2.imdecode(data, flag))[..., ::-1] for data in saved])


def blurred(images: np.ndarray) -> np.ndarray:
    """Return uint8 images (N, H, W, C) blurred a little."""
    return np.stack([cv2.GaussianBlur(image, (0, 0), BLUR).reshape(image.shape) for image in images])


def words(there: Course, back: Course) -> list[str]:
    """Return what was found, as sentences."""
    told = []
    for found, of in ((there, "inputs"), (back, "images of the target domain")):
        seen = found.judged()
        if np.isnan(seen.lost):
            told.append(f"Of {of} hardly anything comes back: the mean of all is as near to them.")
            continue
        how = "its translations hide them" if seen.lost >= HIDES and seen.gain >= 2 else "its translations show them"
        told.append(
            f"Of {of}, a noise of {NOISE:g} grey levels added halfway destroys {_share(seen.lost):.0%} of what comes "
            f"back, and the error grows by {seen.gain:.1f} times the noise: {how}."
        )
    return told


def table(there: Course, back: Course) -> Table:
    """Return the cycle errors under every disturbance."""
    rows = [[name, f"{error:.4f}", f"{back.errors[name]:.4f}"] for name, error in there.errors.items()]
    rows.append(["nothing comes back", f"{there.ignorance:.4f}", f"{back.ignorance:.4f}"])
    return Table("Cycle error (L1) by what is done halfway", ["", "inputs", "target domain"], rows)


def _numbers(which: str, of: str, found: Course) -> dict[str, Number]:
    seen = found.judged()
    return {
        f"{which}error": Number(
            seen.share,
            f"Cycle error of {of}",
            "lower",
            "Over that of their mean image: 0 is all, 1 nothing comes back.",
        ),
        f"{which}lost": Number(
            0.0 if np.isnan(seen.lost) else _share(seen.lost),
            f"What faint noise destroys of {of}",
            "lower",
            f"0 to 1: share of what comes back that a noise of {NOISE:g} grey levels halfway takes away. "
            f"From {HIDES:g} on translations hide what they were made of.",
        ),
    }


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
