"""Stage prepare: source images become arrays of one size in data/prepared/<dataset>."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganline.core.words import listed
from ganline.datasets import prepared
from ganline.datasets.prepare import prepare
from ganline.datasets.prepare_pairs import prepare_pairs
from ganline.datasets.prepare_stacked import prepare_stacked
from ganline.datasets.prepare_unpaired import prepare_unpaired
from ganline.settings import paths
from ganline.settings.schema import Params, Prepare
from ganline.tracking.tracker import Tracker
from stages import runner

SHOWN = 20


def run(params: Params, tracker: Tracker) -> None:
    """Prepare the raw data and tell the tracker which data this is."""
    dataset, folder = params.download.dataset, paths.prepared(params)
    facts = maker(params.prepare)(paths.raw(params), folder, dataset, params.prepare, params.data_seed)
    tracker.dataset(dataset, prepared.digest(folder), facts["counts"])
    tracker.artifact(folder / prepared.FACTS)
    for sentence in facts["said"]:
        print(f"{dataset}: {sentence}")
    print(
        f"{dataset}: {facts['counts']['train']} training and {facts['counts']['test']} test images of shape "
        f"{facts['image_shape']}, {with_partners(facts)}{named(facts['classes'])}; "
        f"{sum(facts['dropped'].values())} dropped, {sum(facts['ignored'].values())} other files ignored, "
        f"{facts['duplicates']} exact duplicates"
    )
    if facts["held_out_repeats"]:
        print(
            f"{dataset}: {facts['held_out_repeats']} of the test images are training images again, by the dataset's "
            "own split; what is said of images never shown leaves them out"
        )


def maker(settings: Prepare) -> Callable[[Path, Path, str, Prepare, int], dict[str, Any]]:
    """Return who prepares images with these settings."""
    if settings.stacked:
        return prepare_stacked
    if settings.pairs:
        return prepare_unpaired if settings.pairs.layout == "unpaired" else prepare_pairs
    return prepare


def with_partners(facts: Mapping[str, Any]) -> str:
    """Return of what shape the images' partners are, and how many where none belongs to an image; "" without any."""
    if facts.get("paired", True):
        return f"each with a partner of shape {facts['partner_shape']}, " if "partner_shape" in facts else ""
    counts = facts["partner_counts"]
    return f"{counts['train']} and {counts['test']} of shape {facts['partner_shape']} to be made into such ones, "


def named(classes: Sequence[str]) -> str:
    """Return how many classes there are, and the names of the first twenty."""
    if not classes:
        return "without classes"
    return f"{len(classes)} classes ({listed(classes, SHOWN)})"


if __name__ == "__main__":
    runner.main("prepare", run)
