"""Stage prepare: source images become arrays of one size in data/prepared/<dataset>."""

from ganline.datasets import prepared
from ganline.datasets.prepare import prepare
from ganline.params import Params
from stages import paths, runner
from stages.tracking import Tracker


def run(params: Params, tracker: Tracker) -> None:
    """Prepare the raw data and tell the tracker which data this is."""
    dataset, folder = params.download.dataset, paths.prepared(params)
    facts = prepare(paths.raw(params), folder, dataset, params.prepare, params.data_seed)
    tracker.dataset(dataset, prepared.digest(folder), facts["counts"])
    tracker.artifact(folder / prepared.FACTS)
    print(
        f"{dataset}: {facts['counts']['train']} training and {facts['counts']['test']} test images of shape "
        f"{facts['image_shape']} in {len(facts['classes'])} classes; "
        f"{sum(facts['dropped'].values())} dropped, {facts['duplicates']} exact duplicates"
    )
    if facts["held_out_repeats"]:
        print(
            f"{dataset}: {facts['held_out_repeats']} of the test images are training images again, by the dataset's "
            "own split; what is said of images never shown leaves them out"
        )


if __name__ == "__main__":
    runner.main("prepare", run)
