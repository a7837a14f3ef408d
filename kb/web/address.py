"""The address of the site itself, which feeds and calendars must name in full."""

import re
from collections.abc import Mapping
from typing import Any

# Where the operator says under which address the site is known ("https://law.example").
ADDRESS_VARIABLE = "KB_ADDRESS"
# "law.example:8001"; anything else in a Host header is no host.
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::\d{1,5})?|\[[0-9a-fA-F:]{2,45}\](?::\d{1,5})?")


def find_address(request: Any, environment: Mapping[str, str]) -> str:
    """Return the site's address without a slash at its end: as set by the operator, else as this request names it.

    Returns "" where the request names no sound host: links are then relative to the page they stand on.
    """
    told = environment.get(ADDRESS_VARIABLE, "").rstrip("/")
    if told:
        return told
    host = str(request.headers.get("host", ""))
    scheme = "https" if request.scheme == "https" else "http"
    return f"{scheme}://{host}" if HOST.fullmatch(host) else ""
