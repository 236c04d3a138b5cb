"""Choosing a step of the training by eye: the same latents, or inputs, drawn by the weights of each step kept."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.core.figures import image_grid
from ganline.core.progress import Bar
from ganline.core.random import generator
from ganline.evaluation.judgements import Judge, Store, digest
from ganline.metrics.judgements import GENERATED, Answer
from ganline.report.wording import command
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.training import kept

TASK = "epoch"
IMAGES, COLUMNS = 16, 4


class Epochs(NamedTuple):
    """What a training drew along its way."""

    subject: str
    """Hash of all of it."""
    sheets: Mapping[int, np.ndarray]
    """By step one picture of all images, uint8 (h, w, C)."""

    @property
    def session(self) -> str:
        """The name under which choices among these belong together."""
        return f"{TASK}/{self.subject}"

    def order(self, judge: Judge) -> list[int]:
        """Return the steps in an order that says nothing, a judge's own."""
        steps = sorted(self.sheets)
        return [steps[i] for i in generator(judge.seed, f"people/{TASK}").permutation(len(steps))]

    def choose(self, store: Store, judge: Judge, step: int) -> None:
        """Keep a judge's choice; a later one stands in its place.

        Raises:
            UserError: the judge chose on another page at the same moment; or the file cannot be used.
        """
        number = len(store.given(judge, self.session))
        if not store.record(Answer(judge.name, TASK, self.session, number, self.subject, "", GENERATED, "", str(step))):
            raise UserError("your choice is not kept: another came at the same moment under your word; choose again")

    def said(self, store: Store) -> list[str]:
        """Return what was chosen, as sentences: by how many, and the command that takes the weights chosen most."""
        answers = found.answers if (found := store.of(self.subject)) else ()
        latest = {answer.judge: int(answer.answer) for answer in answers}
        if not latest:
            return []
        votes = Counter(latest.values()).most_common()
        told = ", ".join(f"step {step:,} by {count}" for step, count in votes)
        best = min(step for step, count in votes if count == votes[0][1])
        return [f"Chosen: {told}.", f"The later stages use it after: {command([f'train.select={best}'])}"]


def load(params: Params) -> Epochs | None:
    """Return what the training in models/ drew at each step that was kept; None where none was.

    Raises:
        UserError: something is damaged or missing, or the model draws too slowly.
    """
    files = kept.in_folder(paths.KEPT)
    if len(files) < 2:
        return None
    from ganline import models
    from ganline.models import makers
    from ganline.models.base import assign

    model = models.load(paths.GAN)
    if lacking(("fast to draw",), model.abilities):
        return None
    maker = makers.of_run(params, model)
    given, sheets = maker.given(IMAGES, params.seed, f"people/{TASK}"), {}
    with Bar("kept steps", len(files), unit="steps") as bar:
        for step, path in files.items():
            assign(model.weights(), kept.read(path))
            sheets[step] = image_grid(maker.make(given), COLUMNS)
            bar.advance()
    return Epochs(digest(np.stack(list(sheets.values()))), sheets)
