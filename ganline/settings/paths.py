"""Where each stage's files lie, relative to the project's root (the working directory of every stage)."""

from pathlib import Path

from ganline.settings.schema import Params

GAN = Path("models/gan")
KEPT = Path("models/kept")
"""Weights of steps along the training (train.keep)."""
TRAIN = Path("reports/train")
EVALUATE = Path("reports/evaluate")
STUDY = Path("reports/study")
REPORT = Path("reports/index.html")
CHECKPOINTS = Path(".ganline/checkpoints")
LPIPS = Path("models/lpips")
"""What a package ships to judge translators by, fetched when it is first needed; pinned by its content, not by DVC."""
VGG = Path("models/vgg")
"""What stands in for VGG19 in perceptual losses, fetched and pinned as LPIPS is."""
BESIDE = "beside"
"""Folder, within that of an extractor, of the one beside it."""
JUDGEMENTS = Path("judgements.db")
"""What people said of images (`ganline people`)."""
MANUAL = Path("data/manual")
"""Source files that the user supplies by hand, one folder a dataset."""
PICTURES = MANUAL / "pictures"
"""Links to the user's own pictures, one a dataset (ganline/datasets/own_pictures.py)."""


def raw(params: Params) -> Path:
    """Return the folder of the dataset's source files. It is the pipeline's: dvc empties it without asking."""
    return Path("data/downloaded") / params.download.dataset


def prepared(params: Params) -> Path:
    """Return the folder of the prepared arrays."""
    return Path("data/prepared") / params.download.dataset


def extractor(params: Params) -> Path:
    """Return the folder of the feature extractor, shared by all experiments on the dataset."""
    return Path("models/extractor") / params.download.dataset


def beside(params: Params) -> Path:
    """Return the folder of the feature extractor beside that one (extractor.beside)."""
    return extractor(params) / BESIDE
