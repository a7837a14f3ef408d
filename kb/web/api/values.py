"""What parameters and records are made of: names and dates with their bounds, explained."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

PROBLEM_TYPE = "application/problem+json"
# "us-tx"
JurisdictionId = Annotated[
    str, Meta(pattern="^[a-z]{2}(-[a-z]{2})?$", description="A jurisdiction: us, us-tx.", examples=["us-xx"])
]
SourceId = Annotated[str, Meta(min_length=1, max_length=200, description="A source: us-xx-code.")]
DocumentId = Annotated[
    str, Meta(min_length=1, max_length=500, description="A document's id or citation: us-dc/code/48-902.08.")
]
VersionId = Annotated[str, Meta(pattern="^[0-9a-f]{16}$", description="A version's id.")]
ChangeId = Annotated[str, Meta(pattern="^[0-9a-f]{16}$", description="A change's id.")]
EventId = Annotated[str, Meta(min_length=1, max_length=200, description="An event's id.")]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="The SHA-256 of a snapshot.")]
Word = Annotated[str, Meta(min_length=1, max_length=200)]
Since = Annotated[date, Meta(description="First seen on this day or later.")]
Until = Annotated[date, Meta(description="First seen on this day or earlier.")]
AsOf = Annotated[date, Meta(description="The law's date: the text in force on this day; today unless given.")]
KnownAt = Annotated[date, Meta(description="Our knowledge's date: as known at the end of this day; now unless given.")]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record of the API: fields may be added within a version, none is renamed, removed or changes its meaning."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not answered (RFC 9457): ``title`` names the kind, ``detail`` this case and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
