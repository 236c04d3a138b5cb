"""Make the feature extractor of a dataset, and the features of all its real images, in models/extractor/<dataset>."""

from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.tracking.tracker import Tracker
from stages import runner


def run(params: Params, tracker: Tracker) -> None:
    """Train the classifier, or fetch a network that was trained elsewhere, and run the prepared images through it."""
    from ganline.extractors.making import make  # TensorFlow loads here, not when the stage is imported

    made = make(paths.prepared(params), params.extractor, params.data_seed, paths.extractor(params))
    for name, value in made.numbers.items():
        print(f"extractor: {name} {value:.4f}")
    for doubt in made.doubts:
        print(f"extractor: {doubt}")
    tracker.metrics({f"extractor_{name}": value for name, value in made.numbers.items()})


if __name__ == "__main__":
    runner.main("extractor", run)
