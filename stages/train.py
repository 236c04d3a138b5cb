"""Train the GAN: prepared images in; the generator, its curves, its sample grids and a verdict out."""

import shutil

from filelock import FileLock

from ganline.datasets.prepared import read_facts, read_split
from ganline.diagnosis.verdict import judge
from ganline.files import whole_folder, write_json
from ganline.params import Params
from stages import paths, runner
from stages.tracking import Tracker


def run(params: Params, tracker: Tracker) -> None:
    """Train from where an interrupted run of the same fingerprint stopped, or from the start."""
    from ganline import models
    from ganline.compute import configure
    from ganline.training.checkpoint import fingerprint
    from ganline.training.loop import train

    data = paths.prepared(params)
    decisive = params.model_dump(include={"seed", "train", "compute"})
    workdir = paths.CHECKPOINTS / fingerprint(decisive, [data / "train_images.npy"])
    # An orphan of a killed pipeline may still be training this very run: two writers would spoil its checkpoints.
    paths.CHECKPOINTS.mkdir(parents=True, exist_ok=True)
    with FileLock(workdir.with_suffix(".lock")):
        configure(params.compute)
        model = models.build(params.train, tuple(read_facts(data)["image_shape"]), params.seed)
        history = train(
            model,
            {"image": read_split(data, "train")[0]},
            params.train,
            workdir,
            params.compute.xla,
            on_row=lambda step, row: tracker.metrics(row, step),
            on_sample=lambda step, path: tracker.image(path, "samples", step),
        )
        history.write(paths.TRAIN / "history.csv")
        write_json(paths.TRAIN / "diagnosis.json", judge(history.table()).as_dict())
        with whole_folder(paths.TRAIN / "samples") as folder:
            shutil.copytree(workdir / "samples", folder, dirs_exist_ok=True)
        with whole_folder(paths.GAN) as folder:
            models.save(model, folder)
        shutil.rmtree(workdir)  # a forced run trains anew: what it shows is not a copy of this one
    tracker.model(paths.GAN)


if __name__ == "__main__":
    runner.main("train", run)
