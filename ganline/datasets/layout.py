"""What the folders of a collection of pictures mean: a wrapping, splits, sides of a translation, shards or classes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ganline.core.errors import UserError
from ganline.datasets.kinds import named_picture

TRAIN, HELD_OUT = ("train", "training"), ("val", "valid", "validation", "test", "testing")
SPLITS = dict.fromkeys(TRAIN, "train") | dict.fromkeys(HELD_OUT, "test")
"""Folders that mean a split, and what becomes of it: what is not trained on is held out."""
SPLIT = re.compile(rf"(|.*[_ -])({'|'.join(SPLITS)})(|[_ -].*)", re.IGNORECASE)
"""Alone, or in names that are otherwise equal: training_set and test_set, seg_train and seg_test."""
SIDE = re.compile(rf"({'|'.join(SPLITS)})[_-]?(a|b)", re.IGNORECASE)
"""trainA, trainB, testA, testB: the folders of CycleGAN."""
SIDES = ("A", "B")
BOTH = "both"
"""The category that takes both sides, for pairs."""
SHARD = re.compile(r"[0-9]{5,}")
SHARD_SIZE = 1000

Parts = list[tuple[str, ...]]


@dataclass
class Layout:
    """What the paths say of each picture, and in sentences what was made of the folders' names."""

    labels: list[str]
    """Class names; "" for all where unlabelled."""
    splits: list[str] | None = None
    """"train" or "test"; None where the collection has no split of its own."""
    sides: list[str] | None = None
    """"A" or "B"; None where the pictures are no two sides of a translation."""
    said: list[str] = field(default_factory=list)


def read(where: str, files: Sequence[str], labelled: bool = True) -> Layout:
    """Return what the paths of pictures (relative, with forward slashes) mean.

    Args:
        where: names the collection in messages.
        files: the pictures.
        labelled: whether a class may be read from a folder's name.

    Raises:
        UserError: pictures lie beside the class folders, or the splits do not have the same classes.
    """
    found = Layout([""] * len(files))
    parts = _unwrapped([tuple(file.split("/")) for file in files])
    parts = _unwrapped(_take_sides(found, parts))
    parts = _unwrapped(_take_splits(found, parts))
    if found.splits and found.sides is None:  # train/A, train/B
        parts = _unwrapped(_take_sides(found, parts))
    if labelled:
        _take_classes(found, where, files, parts)
    return found


def _unwrapped(parts: Parts) -> Parts:
    """Take away folders that hold everything: they say nothing."""
    while all(len(rest) > 1 for rest in parts) and len({rest[0] for rest in parts}) == 1:
        parts = [rest[1:] for rest in parts]
    return parts


def _names(parts: Parts, depth: int = 0) -> list[str] | None:
    """Return the folder of each picture at `depth`; None where one lies higher."""
    return [rest[depth] for rest in parts] if all(len(rest) > depth + 1 for rest in parts) else None


def _take_sides(found: Layout, parts: Parts) -> Parts:
    names = _names(parts)
    if not names:
        return parts
    matches = [SIDE.fullmatch(name) for name in names]
    if all(matches):  # as if they were A/train and so on
        sides = [match[2].upper() for match in matches if match]
        parts = [(match[1], *rest[1:]) for match, rest in zip(matches, parts, strict=True) if match]
    elif set(names) == set(SIDES):
        sides = names
        if not _are_sides(found, sides, parts):
            return parts
        parts = [rest[1:] for rest in parts]
    else:
        return parts
    if set(sides) == set(SIDES):
        found.sides = sides
    else:
        found.said.append(f"all pictures are side {sides[0]} of a translation")
    return parts


def _are_sides(found: Layout, sides: list[str], parts: Parts) -> bool:
    """Return whether A/ and B/ hold splits, or pictures of equal names, rather than being two classes."""
    inner = _names(parts, 1)
    if not found.splits and inner and _is_split(inner):
        return True
    splits = found.splits or [""] * len(parts)
    stems = {side: set[tuple[str, ...]]() for side in SIDES}
    for side, split, rest in zip(sides, splits, parts, strict=True):
        stems[side].add((split, *rest[1:-1], rest[-1].rpartition(".")[0]))
    return stems["A"] == stems["B"]


def _is_split(names: Sequence[str]) -> bool:
    """Return whether these folders are splits: one to train on, one at least to hold out, and nothing else."""
    matches = [SPLIT.fullmatch(name) for name in set(names)]
    around = {(match[1].lower(), match[3].lower()) for match in matches if match}
    return all(matches) and len(around) == 1 and {_split(name) for name in names} == {"train", "test"}


def _split(name: str) -> str:
    """Return what becomes of a folder that is a split."""
    match = SPLIT.fullmatch(name)
    assert match
    return SPLITS[match[2].lower()]


def _take_splits(found: Layout, parts: Parts) -> Parts:
    for depth in (0, 1):  # train/cat as well as cat/train
        names = _names(parts, depth)
        if names and _is_split(names):
            found.splits = [_split(name) for name in names]
            found.said.append(_about_splits(sorted(set(names))))
            return _unwrapped_each(names, [rest[:depth] + rest[depth + 1 :] for rest in parts])
    return parts


def _unwrapped_each(groups: Sequence[str], parts: Parts) -> Parts:
    """Take away folders that hold all of their group, where each group has one: train/train/1.png, test/test/1.png."""
    while names := _names(parts):
        if len(set(zip(groups, names, strict=True))) > len(set(groups)):
            break
        parts = [rest[1:] for rest in parts]
    return parts


def _about_splits(names: list[str]) -> str:
    trained, held = (" and ".join(f"{name}/" for name in names if _split(name) == split) for split in ("train", "test"))
    return f"the collection's own split is kept: {trained} to train on, {held} held out"


def _take_classes(found: Layout, where: str, files: Sequence[str], parts: Parts) -> None:
    beside = [file for file, rest in zip(files, parts, strict=True) if len(rest) == 1]
    if len(beside) == len(files):
        return
    if beside:
        raise UserError(
            f"{where}: {len(beside)} picture(s) beside the class subfolders, such as {beside[0]}; "
            f"allowed are one subfolder a class, or all pictures in one folder (unlabelled){_in_splits(found.splits)}"
        )
    if _are_shards(parts):
        found.said.append(f"{parts[0][0]}/ and so on are shards of {SHARD_SIZE} numbered pictures, no classes")
        return
    found.labels = [rest[0] for rest in parts]
    if set(found.labels) == set(SIDES):
        found.said.append("A/ and B/ are two classes; for the sides of a translation name them trainA/ and trainB/")
    if found.splits:
        _refuse_unseen(where, found.labels, found.splits)


def _are_shards(parts: Parts) -> bool:
    """Return whether the folders are those of FFHQ (69000/69123.png) or StyleGAN's zips (00069/img00069123.png)."""
    for shard, *_, name in parts:
        number = re.search(r"([0-9]+)\.\w+$", name)
        if not SHARD.fullmatch(shard) or not number:
            return False
        thousands = int(number[1]) // SHARD_SIZE
        if int(shard) not in (thousands, thousands * SHARD_SIZE):
            return False
    return True


def _refuse_unseen(where: str, labels: Sequence[str], splits: Sequence[str]) -> None:
    classes = {
        split: {label for label, of in zip(labels, splits, strict=True) if of == split} for split in ("train", "test")
    }
    if unseen := sorted(classes["test"] - classes["train"]):
        raise UserError(
            f"{where}: {len(unseen)} class(es) of the pictures held out are not among those to train on: "
            f"{', '.join(unseen[:10])}{_in_splits(splits)}"
        )


def _in_splits(splits: Sequence[str] | None) -> str:
    return "; in each split the same, or take the folder to train on alone as download.source" if splits else ""


def one_side(where: str, files: Sequence[str], category: str | None) -> list[str]:
    """Return the files to take: all, or where the pictures are two sides of a translation, one side's and other files.

    The category "both" takes all, whatever the folders are called: those of pairs have names of their own.

    Raises:
        UserError: there are two sides and none is chosen, or one is chosen where there is none.
    """
    if category == BOTH:
        return list(files)
    pictures = [file for file in files if named_picture(file)]
    sides = read(where, pictures, labelled=False).sides if pictures else None
    if sides is None:
        if category is not None:
            raise UserError(f"download.category = {category!r}: {where} has no categories: set download.category=null")
        return list(files)
    if category not in SIDES:
        counts = " and ".join(f"{sides.count(side)} pictures of {side}" for side in SIDES)
        raise UserError(
            f"{where}: these are the two sides of a translation, {counts}. A generator that draws from noise "
            f"learns one: set download.category=A or B (it is {'null' if category is None else repr(category)}). A "
            "translator learns from both: dataset=paired_folders, or dataset=unpaired_folders where none belongs to "
            "another. "
            "If A and B are two classes, give their folders other names"
        )
    other = {file for file, side in zip(pictures, sides, strict=True) if side != category}
    return [file for file in files if file not in other]
