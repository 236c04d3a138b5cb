"""Judge the generator: its fakes, and real images in their place as the floor, against held-out real images.

Writes reports/evaluate/: features.npz (fakes, what they were made from and what the extractor says of them),
metrics.json (one number a name; the floor's names start with floor_), protocol.json (how each number was made and how
to read it, and why a measure was left out). A model's own figures, of the held-out images, join them without a floor.
"""

from ganline.core.files import write_arrays, write_json
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.tracking.tracker import Tracker
from stages import runner


def run(params: Params, tracker: Tracker) -> None:
    """Judge the trained model, write what it drew and how it was judged, and tell it."""
    from ganline import models  # TensorFlow loads here, not when the stage is imported
    from ganline.evaluation import judging
    from ganline.extractors.judges import judges
    from ganline.extractors.loading import load
    from ganline.models import makers

    model = models.load(paths.GAN)
    extractors = [load(judge.folder) for judge in judges(params)]
    judged = judging.judge(params, model, makers.of_run(params, model), *extractors)
    write_arrays(paths.EVALUATE / "features.npz", judged.arrays())
    judging.report(judged.values, judged.protocol)
    write_json(paths.EVALUATE / "metrics.json", judged.values)
    write_json(paths.EVALUATE / "protocol.json", judged.protocol)
    tracker.data()
    tracker.metrics(judged.values)
    for file in ("metrics.json", "protocol.json"):
        tracker.artifact(paths.EVALUATE / file, "evaluate")


if __name__ == "__main__":
    runner.main("evaluate", run)
