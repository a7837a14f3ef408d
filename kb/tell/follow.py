"""What a subscriber follows: the changes that concern them, by jurisdiction, topic, profession, nature and binding."""

import msgspec

from kb.models import Nature, Part


class Follow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One choice of changes; a dimension left empty lets everything pass. The default is rule changes alone.

    ``natures`` and ``parts`` are never empty: wording only, moves and editors' notes come only to those who ask.
    """

    jurisdictions: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    professions: tuple[str, ...] = ()
    bindings: tuple[str, ...] = ()
    natures: tuple[Nature, ...] = ("substantive",)
    parts: tuple[Part, ...] = ("text", "heading", "pending")
