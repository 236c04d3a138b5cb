"""The one exception that stands for a user's mistake."""


class UserError(Exception):
    """Something the user can mend: the message says what was wrong, where, and what is allowed.

    Command lines and stages print the message without a traceback and exit with 1.
    """
