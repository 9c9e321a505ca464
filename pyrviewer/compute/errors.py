"""Errors that a person reads."""


class UserError(ValueError):
    """A problem with what the user gave, as one sentence that names the thing and the reason."""
