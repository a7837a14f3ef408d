"""The signed links of subscribers: who holds one may do one thing, for as long as it lasts. Nobody has an account."""

import re
from typing import Literal

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from kb.errors import StatusQuoError
from kb.tell.story import Links

# What a link lets its holder do: confirm a wish, see and alter what is followed, end it.
Purpose = Literal["confirm", "manage", "stop"]
# How long each lasts, in seconds. Mails stay in mailboxes for years: a link to stop never ends.
LASTING: dict[Purpose, int | None] = {"confirm": 48 * 3600, "manage": 90 * 86400, "stop": None}
PATHS: dict[Purpose, str] = {"confirm": "/subscribe/confirm", "manage": "/subscription", "stop": "/stop"}
# "/stop/InM5Ig.aP…"
TOKEN_PATH = re.compile(r"^(/subscribe/confirm|/subscription|/stop)/.*", re.DOTALL)
# No token of ours is longer.
LONGEST_TOKEN = 200


class BadTokenError(StatusQuoError):
    """Raised for a token that we did not sign, or signed for something else; never holds it."""


class ExpiredTokenError(BadTokenError):
    """Raised for a token of ours that has expired."""


def sign_token(secret: bytes, purpose: Purpose, subscriber: str) -> str:
    """Return a token that lets its holder do one thing for a subscriber; it names nobody."""
    return str(_make_signer(secret, purpose).dumps(subscriber))


def read_token(secret: bytes, purpose: Purpose, token: str) -> str:
    """Return the subscriber a token is for; raises ExpiredTokenError and BadTokenError."""
    if len(token) > LONGEST_TOKEN:
        raise BadTokenError("this link is not one of ours")
    try:
        found = _make_signer(secret, purpose).loads(token, max_age=LASTING[purpose])
    except SignatureExpired:
        raise ExpiredTokenError("this link has expired") from None
    except BadSignature:
        raise BadTokenError("this link is not one of ours") from None
    return str(found)


def link_token(address: str, secret: bytes, purpose: Purpose, subscriber: str) -> str:
    """Return the full address of a subscriber's page for one purpose."""
    return f"{address}{PATHS[purpose]}/{sign_token(secret, purpose, subscriber)}"


def hide_token(path: str) -> str:
    """Return a path as it may be logged: without the token that lets its holder act."""
    return TOKEN_PATH.sub(r"\1/…", path)


def link_subscriber(address: str, secret: bytes, subscriber: str, report: str = "") -> Links:
    """Return the links of a subscriber's report: their own page, the end, and where the report stands on the site."""
    if not address:
        return Links(report=report)
    return Links(
        address=address,
        report=report,
        manage=link_token(address, secret, "manage", subscriber),
        stop=link_token(address, secret, "stop", subscriber),
    )


def _make_signer(secret: bytes, purpose: Purpose) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=f"statusquo.{purpose}")
