"""Stage download: the dataset's source files, from the first source that works, in data/downloaded/<dataset>."""

from ganline.datasets.download import download
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.tracking.tracker import Tracker
from stages import runner


def run(params: Params, tracker: Tracker) -> None:
    """Fetch a known dataset, or copy a folder or unpack a zip of pictures."""
    dataset = params.download.dataset
    used, said = download(params.download, paths.raw(params), paths.MANUAL / dataset)
    if used:
        tracker.tags({"data.source": used})
        said = [*said, f"{paths.raw(params)} is complete ({used})"]
    for sentence in said:
        print(f"{dataset}: {sentence}")


if __name__ == "__main__":
    runner.main("download", run)
