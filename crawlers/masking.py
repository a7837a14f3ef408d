"""Keep secrets out of what is archived: ``${NAME}`` in a URL is filled in for the request and taken out of the answer.

A declaration may hold ``https://api.example.gov/rules?key=${RULES_KEY}``. Only the request carries the value of that
environment variable; every URL, header and message that is kept carries its name.
"""

import json
import logging
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from urllib.parse import quote, quote_plus

from kb.errors import StatusQuoError

# ${RULES_KEY}
NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class MissingSecretError(StatusQuoError):
    """Raised when a URL names an environment variable that is not set."""


def expand_url(url: str, environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Fill in the environment variables a URL names.

    Returns the URL to request and what must never be kept of it: each spelling of a value, with the name to write
    instead. Raises MissingSecretError naming the variable.
    """
    secrets: dict[str, str] = {}
    for name in NAME.findall(url):
        value = environment.get(name, "")
        if not value:
            raise MissingSecretError(f"{url}: expected a value in the environment variable {name}, found none")
        secrets |= dict.fromkeys((value, quote(value), quote(value, safe=""), quote_plus(value)), f"${{{name}}}")
    return NAME.sub(lambda found: quote(environment[found[1]], safe=""), url), secrets


def mask(text: str, secrets: Mapping[str, str]) -> str:
    """Write the names of secrets instead of their values, longest value first."""
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, secrets[value])
    return text


def holds_secret(body: bytes, secrets: Mapping[str, str]) -> bool:
    """Tell whether the bytes of an answer repeat a secret: as it is, escaped for HTML or JSON, in Base64 or UTF-16."""
    return any(spelled in body for value in secrets for spelled in _spell(value))


def _spell(value: str) -> Iterator[bytes]:
    written = json.dumps(value)[1:-1]
    for text in dict.fromkeys((value, escape(value), written, written.replace("/", "\\/"))):
        yield text.encode()
    yield b64encode(value.encode())
    yield value.encode("utf-16-le")
    yield value.encode("utf-16-be")


class MaskingFilter(logging.Filter):
    """Takes the values of secrets out of log lines; ``secrets`` may grow while the crawl runs."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, str] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask one line, and let it pass."""
        if self.secrets:
            record.msg, record.args = mask(record.getMessage(), self.secrets), None
            if record.exc_info:
                told = logging.Formatter().formatException(record.exc_info)
                record.exc_text, record.exc_info = mask(told, self.secrets), None
        return True
