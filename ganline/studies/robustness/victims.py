"""The two classifiers that are attacked, before anybody attacks them."""

from ganline.studies.finding import Finding, Number, Table
from ganline.studies.robustness.base import FIRST, SECOND, Ground, share

TITLE = "The classifiers"


def find(ground: Ground) -> Finding:
    """Return how well both tell unharmed images."""
    found = {
        FIRST: share(ground.victim.predict(ground.images) == ground.labels),
        SECOND: share(ground.second.predict(ground.images) == ground.labels),
    }
    numbers = {
        f"accuracy_{kind}": Number(
            told.value,
            f"Accuracy of the {kind} classifier",
            "higher",
            "0 to 1: share of the held-out images to be attacked that it tells right. An attack counts only on these.",
        )
        for kind, told in found.items()
    }
    rows = [[kind, str(told)] for kind, told in found.items()]
    return Finding(
        numbers=numbers,
        words=[
            f"The {FIRST} classifier is attacked and defended; the {SECOND} one, of another shape, shows what "
            "transfers. Neither is the network that judges the generator."
        ],
        tables=[
            Table(f"Accuracy on {len(ground.images)} held-out images, %, with 95 % intervals", ("", "told right"), rows)
        ],
    )
