"""Put what the other stages left on one page."""

from ganline.core.files import write_text
from ganline.report.collect import collect
from ganline.report.page import render
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.tracking.tracker import Tracker
from stages import runner


def run(params: Params, tracker: Tracker) -> None:
    """Write reports/index.html."""
    write_text(paths.REPORT, render(collect(params)))
    tracker.complete()


if __name__ == "__main__":
    runner.main("report", run)
