"""Addresses without their secrets: whatever is shown or written down goes through `masked` first.

A program that needs the secret keeps the address it was given (an environment variable, git's or DVC's configuration)
and writes down the masked one.
"""

import re

MASK = "***"
# Of scheme://user:password@host/path?token=...: all that stands before the last @ of the host's part. A slash that a
# password holds unescaped ends that part too early: then what follows "user:" is no port number.
_USER = re.compile(r"(?<=://)(?:[^\s/?#@:\"'<>]*:(?!\d*(?:[/?#\s\"'<>]|$))[^\s\"'<>]*@|[^\s/?#\"'<>]*@)")
_QUERY = re.compile(
    r"(?i)([?&;][\w.-]*(?:token|key|secret|password|passwd|signature|credential)[\w.-]*=)[^&;#\s\"'<>]+"
)


def masked(text: str) -> str:
    """Return a text in which no address holds a user, a password or a token.

    `https://me:secret@host/x?token=abc` becomes `https://***@host/x?token=***`; what is no address stays as it is.
    """
    if "://" not in text:
        return text
    return _QUERY.sub(rf"\1{MASK}", _USER.sub(f"{MASK}@", text))


def without_user(address: str) -> str:
    """Return a masked address that can be opened: without the mask too."""
    return masked(address).replace(f"://{MASK}@", "://")
