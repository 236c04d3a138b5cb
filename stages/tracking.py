"""What a stage tells about its run. (Skeleton: the real one delivers to MLflow.)"""

from collections.abc import Mapping
from pathlib import Path

from ganline.params import Params


class Tracker:
    """Collects what happens in one stage. Every call returns at once; none raises because a server is down."""

    def __init__(self, stage: str, params: Params) -> None:
        self.stage, self.params = stage, params

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(self, *_: object) -> None: ...

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Record numbers at a training step."""

    def image(self, path: Path, key: str, step: int) -> None:
        """Record a PNG under `key`, shown with MLflow's step slider."""

    def artifact(self, path: Path, folder: str = "") -> None:
        """Record a file, or a folder with all in it."""

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags of the run."""

    def dataset(self, name: str, digest: str, counts: Mapping[str, int]) -> None:
        """Record which data the run used."""

    def model(self, path: Path) -> None:
        """Record the trained generator (a models/gan folder) as a model that can be loaded and sampled from."""
