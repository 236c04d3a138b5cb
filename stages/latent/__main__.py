"""python -m stages.latent: run the stage."""

from stages import runner
from stages.latent import run

runner.main("latent", run)
