"""Pictures of two kinds that do not belong together one by one: the sides of an unpaired translation."""

from pathlib import Path

from ganline.core.errors import UserError
from ganline.datasets import layout, listing
from ganline.datasets.pairs import View, sides
from ganline.settings.schema import Pairs


class Domains:
    """The pictures of two folders.

    Attributes: `names` are those of the folders, of what a translator is to make and of what it is given. For each,
    `views` are the pictures in the order of their paths, and `splits` the collection's own split of each ("train" or
    "test"), or None. `said` and `ignored` as in ganline.datasets.pictures.PictureFolder.

    Raises:
        UserError: there are no pictures, one folder has none, or a picture lies in neither; or one side alone brings a
            split.
    """

    def __init__(self, folder: Path, settings: Pairs) -> None:
        files, self.ignored = listing.pictures(folder)
        self.names = (settings.images, settings.partners)
        found = sides(folder, files, self.names)
        self.views = [View(folder, list(side), None) for side in found.values()]
        told = [layout.read(str(folder), list(side.values()), labelled=False) for side in found.values()]
        self.splits = [each.splits for each in told]
        self.said = [f"{name}: {said}" for name, each in zip(self.names, told, strict=True) for said in each.said]
        self._refuse_one_split(folder)

    def _refuse_one_split(self, folder: Path) -> None:
        """Refuse a split of one side: held-out pictures of the other would be trained on, or the other way round."""
        having = [name for name, own in zip(self.names, self.splits, strict=True) if own]
        if len(having) == 1:
            (other,) = set(self.names) - set(having)
            raise UserError(
                f"{folder}: the pictures of {having[0]} come with a split into train and test, those of {other} with "
                f"none; allowed is train{other} and test{other} (or {other}/train and {other}/test) as well, or no "
                "split at all: prepare.test_fraction then holds out a part of each"
            )
