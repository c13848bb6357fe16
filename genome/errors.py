"""The one exception that means: the input is wrong, and here is the rule it breaks."""

from __future__ import annotations


class InputError(ValueError):
    """A value from outside (an argument, a file, a record) breaks a stated rule.

    The message is one sentence with the rule, the value and its place, fit to be shown to a user as it
    stands. The applications print it and exit with status 2; library code lets it pass.
    """
