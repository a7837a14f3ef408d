"""E-mail addresses: which ones are sent to, and how they are shown without being told."""

import re
from email.headerregistry import Address

from kb.errors import UsageError

LONGEST_ADDRESS, LONGEST_LOCAL = 254, 64
# An address as people have them: no quotes, no comments, no signs that another program could read as more than one.
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class BadAddressError(UsageError):
    """Raised for a text that is no e-mail address we send to; never holds the text itself."""


def check_address(text: str) -> str:
    """Return an e-mail address as it is kept: its domain in lower case and in ASCII (IDNA).

    Raises BadAddressError, in words that do not repeat the text.
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or len(text) > LONGEST_ADDRESS or len(local) > LONGEST_LOCAL or LOCAL.fullmatch(local) is None:
        raise BadAddressError("expected an e-mail address as name@example.org")
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        ascii_domain = ""
    labels = ascii_domain.split(".")
    is_name = len(labels) > 1 and all(LABEL.fullmatch(one) for one in labels) and not labels[-1].isdigit()
    if not is_name or len(local) + 1 + len(ascii_domain) > LONGEST_ADDRESS:
        raise BadAddressError("expected an e-mail address whose domain is a name as example.org")
    return f"{local}@{ascii_domain}"


def mask_address(address: str) -> str:
    """Return an address so that its owner knows it again and nobody else learns it: "j…@example.org"."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def parse_sender(text: str) -> Address:
    """Return a sender, "Status Quo <reports@law.example>" or an address alone; raises BadAddressError."""
    name, bracket, rest = text.strip().rpartition("<")
    address = check_address(rest.removesuffix(">") if bracket else text.strip())
    if any(ord(sign) < ord(" ") for sign in name):
        raise BadAddressError("expected a sender's name without control signs")
    return Address(display_name=name.strip().strip('"'), addr_spec=address)
