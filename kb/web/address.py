"""The address of the site itself, which feeds and calendars name in full."""

from collections.abc import Mapping

from kb.tell.words import keep_web

# Where the operator says under which address the site is known ("https://law.example").
ADDRESS_VARIABLE = "KB_ADDRESS"


def read_address(environment: Mapping[str, str]) -> str:
    """Return the site's address without a slash at its end; "" where none is set, or none that is a web address.

    What a request says of its host is not believed: a kept answer would carry it to everyone.
    """
    return keep_web(environment.get(ADDRESS_VARIABLE, "").strip().rstrip("/"))
