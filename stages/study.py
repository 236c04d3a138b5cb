"""Ask the trained model what it has learned: the studies, one after the other."""

from ganline.studies.latent import run
from stages import runner

if __name__ == "__main__":
    runner.main("study", run)
