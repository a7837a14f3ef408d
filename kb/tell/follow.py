"""What a subscriber follows: the changes that concern them, by jurisdiction, topic, profession, nature and binding."""

from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

import msgspec

from kb.declarations import suggest
from kb.errors import UsageError
from kb.jurisdictions import read_jurisdictions
from kb.models import PARTS, Nature, Part
from kb.tell.story import Moved, Story
from kb.tell.words import BINDINGS, NATURE_LABELS, PART_LABELS, say_id
from kb.topics import read_vocabulary

ANY = "any"
NATURES: tuple[Nature, ...] = get_args(Nature)
# What is told unless asked for otherwise: rule changes, and notices that one is coming.
RULE_NATURES: tuple[Nature, ...] = ("substantive",)
RULE_PARTS: tuple[Part, ...] = ("text", "heading", "pending")
# How a choice is named in forms, options and addresses, and which field of a follow it fills.
FIELDS: Mapping[str, str] = {
    "jurisdiction": "jurisdictions",
    "topic": "topics",
    "profession": "professions",
    "binding": "bindings",
    "nature": "natures",
    "part": "parts",
}
# More than this many names are counted in a sentence, not listed.
MOST_NAMED = 4
# More ids than this are not listed in a message.
MOST_LISTED = 20
# More choices than this of one kind are no choice: a form or a program went wrong.
MOST_CHOSEN = 100


class UnknownTermError(UsageError):
    """Raised where a follow names something that does not exist; says what does."""


class Follow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One choice of changes; a dimension left empty lets everything pass. The default is rule changes alone.

    ``natures`` and ``parts`` are never empty: wording only, moves and editors' notes come only to those who ask.
    """

    jurisdictions: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    professions: tuple[str, ...] = ()
    bindings: tuple[str, ...] = ()
    natures: tuple[Nature, ...] = RULE_NATURES
    parts: tuple[Part, ...] = RULE_PARTS


def list_terms(name: str) -> dict[str, str]:
    """Return what may be chosen of one kind ("topic"), in its order: each id with the words a reader sees."""
    if name == "jurisdiction":
        return {one.id: one.name for one in read_jurisdictions()}
    if name in ("topic", "profession"):
        entries = read_vocabulary().topics if name == "topic" else read_vocabulary().professions
        return {entry.id: entry.title or say_id(entry.id) for entry in entries}
    if name == "binding":
        return {binding: say_id(binding) for binding in BINDINGS}
    if name == "nature":
        return {str(nature): NATURE_LABELS[nature] for nature in NATURES}
    return {str(part): PART_LABELS[part] for part in PARTS}


def parse_follow(values: Mapping[str, Sequence[str]]) -> Follow:
    """Return the choice that lists of ids by name make ({"jurisdiction": ["us-tx"]}).

    "any" stands for all natures or parts; empty texts count for nothing. Raises UnknownTermError for an id that does
    not exist, with what does.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, field in FIELDS.items():
        chosen = [value.strip() for value in values.get(name, ()) if value.strip()]
        known = list_terms(name)
        if name in ("nature", "part") and ANY in chosen:
            chosen = list(known)
        _check_terms(name, chosen, known)
        if chosen:
            found[field] = tuple(one for one in known if one in chosen)
    return msgspec.convert(found, Follow)


def _check_terms(name: str, chosen: Sequence[str], known: Mapping[str, str]) -> None:
    if len(chosen) > MOST_CHOSEN:
        raise UnknownTermError(f"{name}: expected at most {MOST_CHOSEN} choices, found {len(chosen)}")
    for value in chosen:
        if value not in known:
            shown = value[:60]
            raise UnknownTermError(
                f"{name}: expected one of {_list_briefly(known)}, found {shown!r}{suggest(shown, known)}"
            )


def _list_briefly(known: Iterable[str]) -> str:
    names = list(known)
    return ", ".join(names) if len(names) <= MOST_LISTED else f"{len(names)} ({', '.join(names[:3])}, …)"


def select_moved(story: Story, follows: Iterable[Follow]) -> tuple[int, ...]:
    """Return the places of the changes of a story that match any of the follows, in order, each once."""
    own = [follow for follow in follows if not follow.jurisdictions or story.jurisdiction in follow.jurisdictions]
    return tuple(place for place, moved in enumerate(story.moved) if any(matches(follow, moved) for follow in own))


def matches(follow: Follow, moved: Moved) -> bool:
    """Tell whether a change is of the topics, professions, bindings, natures and parts followed.

    A rule that names no profession binds everyone: it passes any choice of professions.
    """
    professions = not moved.professions or _share(follow.professions, moved.professions)
    is_about = professions and _share(follow.topics, moved.topics) and _share(follow.bindings, (moved.binding,))
    return is_about and moved.nature in follow.natures and moved.part in follow.parts


def _share(chosen: Sequence[str], found: Iterable[str]) -> bool:
    return not chosen or not set(chosen).isdisjoint(found)


def narrow_story(story: Story, places: Iterable[int]) -> Story:
    """Return a story with only the changes at some places."""
    return msgspec.structs.replace(story, moved=tuple(story.moved[place] for place in places))


def describe_follow(follow: Follow) -> str:
    """Say in one line what is followed: "Texas and Oklahoma · telehealth · physicians · rule changes"."""
    told = [
        _name_terms("jurisdiction", follow.jurisdictions, "all jurisdictions"),
        _name_terms("topic", follow.topics, "all topics"),
        _name_terms("profession", follow.professions, ""),
        _name_terms("binding", follow.bindings, ""),
        _tell_natures(follow),
    ]
    return " · ".join(one for one in told if one)


def _name_terms(name: str, chosen: Sequence[str], every: str) -> str:
    known = list_terms(name)
    labels = [known.get(one, one) for one in chosen]
    if not labels:
        return every
    if len(labels) > MOST_NAMED:
        return f"{', '.join(labels[: MOST_NAMED - 1])} and {len(labels) - MOST_NAMED + 1} more"
    return " and ".join(filter(None, [", ".join(labels[:-1]), labels[-1]]))


def _tell_natures(follow: Follow) -> str:
    if (follow.natures, follow.parts) == (RULE_NATURES, RULE_PARTS):
        return "rule changes"
    if set(follow.natures) == set(NATURES) and set(follow.parts) == set(PARTS):
        return "everything that moves, wording and notes too"
    named = [NATURE_LABELS[nature] for nature in follow.natures]
    return f"{', '.join(named)} in {', '.join(PART_LABELS[part] for part in follow.parts)}"
