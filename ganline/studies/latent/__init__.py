"""What is in the latent space of a generator?"""

from ganline.datasets.prepared import read_facts
from ganline.evaluation.images import real_images
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.studies.latent.base import Space

PARTS = (
    "samples", "interpolation", "conditions", "attributes", "arithmetic", "perturbation", "directions", "sensitivity",
    "disentanglement", "dissection", "steerability", "mixing", "chance", "w_directions", "truncation", "smoothness",
    "w_paths", "manifold", "memorisation", "missing", "inversion",
)  # fmt: skip


def load(params: Params) -> Space:
    """Return the space of the trained generator in models/gan.

    Raises:
        UserError: a stage before this one has left nothing here.
    """
    from ganline import models  # TensorFlow loads here, not when the stage is imported
    from ganline.extractors.judges import of_study
    from ganline.extractors.loading import load
    from ganline.models import makers

    model = models.load(paths.GAN)
    judge = of_study(params)
    train, test = (real_images(params, split, judge.folder) for split in ("train", "test"))
    classes = read_facts(paths.prepared(params))["classes"]
    return Space(makers.Sampler(model), model, load(judge.folder), train, test, classes, params)
