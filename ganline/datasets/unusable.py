"""Why a source image is left out."""

MOST_PIXELS = 2**27

DAMAGED = "truncated or damaged"
SEVERAL = "several pictures in one file (frames or pages)"
TOO_LARGE = f"too large: more than {MOST_PIXELS:,} pixels"
NO_WHITE = "floating-point or signed values: which one is white is not said"


class UnusableError(Exception):
    """A source image that is left out; the message is the reason in the manifest."""


def check_pixels(width: int, height: int) -> None:
    """Refuse by its header a picture that would take gigabytes and a minute to decode.

    Raises:
        UnusableError: it has more than MOST_PIXELS pixels.
    """
    if width * height > MOST_PIXELS:
        raise UnusableError(TOO_LARGE)
