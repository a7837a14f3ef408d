"""Every condition the house can name, one class each. Messages say what, where, expected and found."""

# Exit code of a command of which some part failed, a source or a message; the others were done.
SOME_FAILED = 3


class StatusQuoError(Exception):
    """Base of all errors of this project; the command line prints its message and ends with ``exit_code``."""

    exit_code = 2


class CapturesError(StatusQuoError):
    """Raised when a captures file cannot be imported whole; the message names the file and the line."""


class DeclarationError(StatusQuoError):
    """Raised when a source declaration is not valid; the message names key and file."""


class UnknownSourceError(StatusQuoError):
    """Raised when a source id or a capture's URL belongs to no declared source; the message names it."""


class NotFoundError(StatusQuoError):
    """Raised when a citation, URL, change or version asked for is not in the knowledge base."""


class NewerDatabaseError(StatusQuoError):
    """Raised when a database was written by a newer version of this project than the one running."""


class BusyError(StatusQuoError):
    """Raised when another process holds the lock of the same data folder."""


class DamagedSnapshotError(StatusQuoError):
    """Raised when a stored snapshot does not decompress to the bytes its hash names."""

    exit_code = 4


class UnreadablePageError(StatusQuoError):
    """Raised when bytes cannot be read as a page at all (empty, not text, no main part, unknown media type)."""


class UsageError(StatusQuoError):
    """Raised when a command is asked for something it cannot do, for example an unknown evaluation set."""
