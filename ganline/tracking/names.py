"""Names and texts in the form that MLflow takes, from which ours can be read again.

MLflow 3.17 refuses names of parameters, metrics and tags that hold other characters than letters, digits and `/_.- :`,
that are no tidy path (`a//b`, `../a`), or longer than 250 characters; keys of pictures must be ASCII; a server refuses
artifacts whose path holds `#` or, once `%` is decoded, leads elsewhere. One bad name refuses all that is sent with it,
and too long a value is cut without a word.
"""

import hashlib
import posixpath
import re

LONGEST = 250
"""Characters of a name."""
LONGEST_KEY = 120
"""Characters of a picture's key, which becomes part of a file's name."""
LONGEST_PARAMETER, LONGEST_TAG = 6000, 8000
"""Characters of a value."""
_PLAIN = r"\w/.\- "
_ESCAPED = re.compile(r"_x([0-9A-F]{4,6})_")
_LOOKS_ESCAPED = r"_(?=x[0-9A-F_])"


def encode(name: str) -> str:
    """Return a name that MLflow takes: what it refuses stands as _xHEX_, as in `boots _x0028_red_x0029_`."""
    return _tidy(re.sub(rf"[^{_PLAIN}]|{_LOOKS_ESCAPED}", _escape, name))


def decode(name: str) -> str:
    """Return the name that `encode`, `key` or `path` was given."""
    return "" if name == "_x_" else _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name)


def key(name: str) -> str:
    """Return the part of a file's name that is a picture's key (MLflow shows `~` as `/`)."""
    plain = _tidy(re.sub(rf"[^{_PLAIN}]|{_LOOKS_ESCAPED}", _escape, name, flags=re.ASCII))
    return shortened(plain, LONGEST_KEY).replace("/", "~")


def path(name: str) -> str:
    """Return the path of an artifact, below its run."""
    return re.sub(rf'[#%\\:*?"<>|\x00-\x1f\x7f\ud800-\udfff]|{_LOOKS_ESCAPED}', _escape, name)


def shortened(name: str, longest: int = LONGEST) -> str:
    """Return a name of at most so many characters: of a longer one the beginning, and digits that tell it apart."""
    if len(name) <= longest:
        return name
    return f"{name[: longest - 17]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def text(value: str) -> str:
    """Return a text that every database can hold: half letters (of names that are no UTF-8) and zeros are spelt out."""
    return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _escape(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"


def _tidy(name: str) -> str:
    """Escape what makes a name no tidy path, which MLflow refuses."""
    if posixpath.normpath(name) != name or name.startswith("/"):
        name = name.replace("/", "_x002F_")
    return f"_x002E_{name[1:]}" if name == "." or name.startswith("..") else name or "_x_"
