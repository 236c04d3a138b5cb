"""How easily are classifiers of the data deceived, and what do defences, the generator among them, leave of that?"""

from ganline.settings.schema import Params
from ganline.studies.robustness.base import Ground

PARTS = ("victims", "attacks", "defences", "adaptive", "curves", "transfer")


def load(params: Params) -> Ground:
    """Return the data, the trained model in models/gan, and what is to be done with them.

    Raises:
        UserError: a stage before this one has left nothing here.
    """
    from ganline import models  # TensorFlow loads here, not when the stage is imported
    from ganline.core.determinism import be_deterministic
    from ganline.datasets.prepared import read_facts, read_split
    from ganline.models import makers
    from ganline.settings import paths

    be_deterministic()
    folder = paths.prepared(params)
    maker = makers.of_run(params, models.load(paths.GAN))
    return Ground(
        params, maker, *read_split(folder, "train"), *read_split(folder, "test"), read_facts(folder)["classes"]
    )
