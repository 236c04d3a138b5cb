"""What a text must look like before it becomes an argument of git or dvc, or a part of an address.

Whoever submits a flow run, or writes dvc.yaml, gives these texts; none of them may be taken for an option.
"""

import re

from ganline.core.errors import UserError

ALLOWED = {
    "branch": (r"\w[\w.-]*(/\w[\w.-]*)*", "letters, digits and _ . - in parts between /, such as runs/nightly"),
    "revision": (r"[\w@][\w.@{}/+-]*([~^]\d*)*", "a branch, tag or commit, such as main, v1.2, HEAD~1"),
    "session": (r"\w[\w.-]*", "letters, digits and _ . -"),
    "stage": (r"\w[\w@-]*", "letters, digits and _ @ -"),
    "pool": (r"\w[\w .-]*", "letters, digits, spaces and _ . -"),
}
"""Kind -> pattern of the whole text, and the same in words."""
NO_REF = re.compile(r"\.\.|@\{|\.lock(/|$)|\.(/|$)")
"""What git allows in no branch's name."""


def require(kind: str, text: str) -> str:
    """Return a text that may stand for a thing of its kind (a key of ALLOWED).

    Raises:
        UserError: it may not; says what is allowed.
    """
    pattern, words = ALLOWED[kind]
    if not re.fullmatch(pattern, text, re.ASCII) or (kind == "branch" and NO_REF.search(text)):
        raise UserError(f"{kind} {text!r}: allowed are {words}")
    return text
