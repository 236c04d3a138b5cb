"""The one exception that stands for a user's mistake, and what others say in short."""

import errno

from ganline.core.addresses import masked

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What systems say where a disk, or a user's share of it, is full."""
MENDABLE = (*FULL, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG)
"""What users can see to, and no second try mends: a full or read-only disk, a folder of somebody else, a long name."""


class UserError(Exception):
    """Something the user can mend: the message says what was wrong, where, and what is allowed.

    Command lines and stages print the message without a traceback and exit with 1.
    """


def mistake(error: UserError | OSError) -> UserError:
    """Return what the user can mend: the mistake itself, or one of MENDABLE. Any other OSError is raised again."""
    if isinstance(error, UserError):
        return error
    if error.errno not in MENDABLE:
        raise error
    if error.errno not in FULL:
        return UserError(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror))
    where = f" ({error.filename})" if error.filename else ""
    return UserError(f"{error.strerror}{where}: free some space and run again; nothing was left half written")


def in_short(error: BaseException) -> str:
    """Return what an error says, without secrets: a user's mistake whole, of others the first line."""
    if isinstance(error, UserError):
        return masked(str(error))
    return masked(next(iter(str(error).splitlines()), ""))[:300] or type(error).__name__
