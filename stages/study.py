"""Ask the trained model what it has learned: the studies, one after the other."""

import importlib

from ganline.core.files import whole_folder
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.studies import studies_of
from ganline.studies.answers import ask, clock, write
from ganline.tracking.tracker import Tracker
from stages import runner


def run(params: Params, tracker: Tracker) -> None:
    """Ask every question of every study, and write reports/study/."""
    found = {}
    for study in studies_of(params):
        subject = importlib.import_module(f"ganline.studies.{study}").load(params)
        found[study] = ask(study, subject), subject.protocol
    with whole_folder(paths.STUDY) as folder:
        numbers = write(folder, found)
    tracker.metrics(numbers | clock(found))
    tracker.artifact(paths.STUDY, "study")


if __name__ == "__main__":
    runner.main("study", run)
