"""Use a translator on a picture, a folder of pictures or a video, as `ganline translate` does.

All that can be wrong is looked for before anything is written, and each file is written whole or not at all.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.core.files import whole_file
from ganline.core.progress import Bar
from ganline.datasets import decode, kinds, listing
from ganline.datasets.damage import UnreadableError, reading, shown
from ganline.datasets.unusable import UnusableError
from ganline.models.tiles import Translates, translated
from ganline.studies.translation import video

WRITTEN = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
"""Endings of the pictures that can be written."""
QUALITY = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 101],  # lossless
}


@dataclass(frozen=True)
class Job:
    """What is to be translated, once nothing speaks against it."""

    source: Path
    target: Path
    """The very file, or folder, that will be written."""
    files: dict[str, str]
    """Of a folder: each picture and the file that it becomes, relative to source and target; empty for a file."""
    left_out: dict[str, str]
    """Of a folder: what is no picture, and why."""
    is_video: bool = False


def plan(source: Path, destination: Path, force: bool = False) -> Job:
    """Return what is to be done; nothing has been written then.

    Args:
        source: a picture, a folder of pictures (its subfolders too) or a video.
        destination: the file or folder to write; of a file also a folder to put it into.
        force: whether files that are there may be replaced.

    Raises:
        UserError: there is no such source, it is neither, or it cannot be read; the destination exists, is the source
            or lies in it, or is of a kind that cannot be written.
    """
    if not source.exists():
        raise UserError(f"{shown(source)}: there is no such file or folder")
    if source.is_dir():
        return _plan_folder(source, destination, force)
    target = destination / source.name if destination.is_dir() else destination
    if target.resolve() == source.resolve():
        raise UserError(f"{shown(target)} is the input itself: name another file to write")
    if target.is_dir():
        raise UserError(f"{shown(target)} is a folder: name another file to write")
    _refuse_existing([target] if target.exists() else [], force)
    with reading(source):
        is_picture = not kinds.why_no_picture(source)
    if is_picture:
        read(source)
        _require_ending(target, WRITTEN, "pictures")
    else:
        video.Video(source).close()
        _require_ending(target, tuple(video.CODES), "videos")
    return Job(source, target, {}, {}, not is_picture)


def load(folder: Path, back: bool = False, style: np.ndarray | None = None) -> Translates:
    """Return the translator that a run left in `folder`, or of two domains the one for the way back.

    Args:
        folder: of the model.
        back: whether the way back is wanted.
        style: a picture as `read` returns it, for one that draws in the style of a picture.

    Raises:
        UserError: there is no model, or one that makes its images of something else, or knows no way back; it draws in
            a style, and none is given, or it draws in none.
    """
    from ganline import models  # TensorFlow loads here, once nothing else speaks against it
    from ganline.models import makers

    model = models.load(folder)
    if not lacking(("latents",), model.abilities):
        raise UserError(
            f"{folder} holds {model.settings.model}, which makes its images of latents and not of pictures: train a "
            "translator first, such as pix2pix-gray-to-color"
        )
    translator = makers.Translator(model)
    if style is not None and (reason := lacking(("style",), translator.abilities, model.settings.model)):
        raise UserError(f"--style: {reason} ({folder}); leave it out")
    if style is None and not lacking(("style",), translator.abilities):
        raise UserError(
            f"{model.settings.model} in {folder} draws in the style of a picture: say which by --style PICTURE; "
            "allowed is any picture that can be read, best one like those that it learned from"
        )
    if back and (reason := lacking(("way back",), translator.abilities, model.settings.model)):
        raise UserError(f"--back: {reason} ({folder}); what goes both ways is a CycleGAN or a DiscoGAN")
    if style is not None:
        return translator.in_style(style)
    return translator.turned if back else translator


def run(job: Job, translator: Translates) -> list[str]:
    """Do it, with progress; return sentences on what a user should know of the outcome.

    Raises:
        UserError: no picture of a folder could be read, or a format does not take so large a picture.
    """
    job.target.parent.mkdir(parents=True, exist_ok=True)
    if job.files:
        return _run_folder(job, translator)
    if job.is_video:
        return video.translate(job.source, job.target, translator)
    with Bar(shown(job.source.name), 1, unit="tiles") as bar:
        write(job.target, _made(translator, job.source, lambda done, total: _advance(bar, done, total)))
    return [f"{shown(job.target)} is written"]


def read(path: Path) -> np.ndarray:
    """Return a picture, uint8 grey (H, W), RGB (H, W, 3) or RGBA (H, W, 4).

    Raises:
        UserError: it cannot be read, or is no picture.
    """
    with reading(path):
        data = path.read_bytes()
    try:
        return decode.decode(data)
    except UnusableError as reason:
        raise UnreadableError(f"{shown(path)} is no picture that can be read: {reason}") from None


def write(path: Path, image: np.ndarray) -> None:
    """Write one image, uint8 (H, W, 1) or RGB (H, W, 3), in the format of the path's ending, whole or not at all.

    Raises:
        UserError: the format does not take it.
    """
    ordered = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.shape[2] == 3 else image
    suffix = path.suffix.lower()
    try:
        done, data = cv2.imencode(suffix, ordered, QUALITY.get(suffix, []))
    except cv2.error:
        done = False
    if not done:
        size = f"{image.shape[1]} x {image.shape[0]} pixels"
        raise UserError(f"{shown(path)}: a picture of {size} cannot be written as {suffix}; .png takes it")
    with whole_file(path) as temporary:
        temporary.write_bytes(data.tobytes())


def _plan_folder(source: Path, destination: Path, force: bool) -> Job:
    if destination.exists() and not destination.is_dir():
        raise UserError(f"{shown(destination)} is a file: {shown(source)} is a folder, and so must be what it becomes")
    inside, outside = destination.resolve(), source.resolve()
    if inside.is_relative_to(outside) or outside.is_relative_to(inside):
        raise UserError(f"{shown(destination)} and {shown(source)}: neither may lie in the other, or be the other")
    found = listing.pictures(source)
    files = {name: name if PurePosixPath(name).suffix.lower() in WRITTEN else f"{name}.png" for name in found.files}
    if clashing := sorted(set(files) & {made for name, made in files.items() if made != name}):
        raise UserError(f"{shown(source)}: two pictures would become {', '.join(listing.first(clashing))}: rename one")
    in_the_way = [destination / made for made in files.values() if (destination / made).is_dir()]
    in_the_way += sorted({each for made in files.values() for each in (destination / made).parents if each.is_file()})
    if in_the_way:
        raise UserError(f"{shown(in_the_way[0])} is in the way of what is to be written: remove or rename it")
    _refuse_existing([path for made in files.values() if (path := destination / made).exists()], force)
    return Job(source, destination, files, found.ignored)


def _refuse_existing(there: list[Path], force: bool) -> None:
    if there and not force:
        names = "\n".join(listing.first(f"  {shown(path)}" for path in there))
        raise UserError(f"{len(there)} file(s) exist already; --force replaces them\n{names}")


def _require_ending(target: Path, allowed: tuple[str, ...], what: str) -> None:
    if target.suffix.lower() not in allowed:
        raise UserError(f"{shown(target)}: {what} can be written as {', '.join(allowed)}, by the name's ending")


def _run_folder(job: Job, translator: Translates) -> list[str]:
    unreadable: dict[str, str] = {}
    with _beside(job.target) as folder, Bar("translate", len(job.files), unit="pictures") as bar:
        for name, made in job.files.items():
            try:
                pixels = _made(translator, job.source / name)
            except UnreadableError as reason:
                unreadable[name] = str(reason)
            else:
                (folder / made).parent.mkdir(parents=True, exist_ok=True)
                write(folder / made, pixels)
            bar.advance()
        if len(unreadable) == len(job.files):
            raise UserError("no picture could be read\n" + "\n".join(listing.first(unreadable.values())))
        written = [made for name, made in job.files.items() if name not in unreadable]
        for made in written:
            (job.target / made).parent.mkdir(parents=True, exist_ok=True)
            (folder / made).replace(job.target / made)
    said = [f"{len(written)} of {len(job.files)} pictures are written to {shown(job.target)}"]
    return said + listing.told(job.left_out) + [f"left out: {reason}" for reason in listing.first(unreadable.values())]


def _made(translator: Translates, path: Path, progress: Callable[[int, int], Any] | None = None) -> np.ndarray:
    """Return what the picture at `path` becomes, uint8 (h, w, C).

    Raises:
        UserError: it cannot be read, or is not what the translator takes.
    """
    try:
        return translated(translator, read(path), progress)
    except UnusableError as reason:
        raise UnreadableError(f"{shown(path)}: {reason}") from None


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Yield an empty folder on the disk of `target`, which is gone afterwards."""
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _advance(bar: Bar, done: int, total: int) -> None:
    bar.total = total
    bar.advance(done - bar.done)
