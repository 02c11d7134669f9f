"""Errors meant for the person at the keyboard."""


class UserError(Exception):
    """Wrong input or a missing file; the message is one line that says what to do about it."""
