"""Tell where the links of an unchanged text lead since: never a change of the rule, but readers are sent elsewhere."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from kb.models import WEB, Change, Provision, Reading

# When the links of more provisions move at once, it was done by a program, and tells of no rule.
MOST_MOVED = 3

# A link: its words and where it leads.
Link = tuple[str, str]


def compare_links(old: Reading, new: Reading, both: Iterable[tuple[Provision, Provision]]) -> list[Change]:
    """Return an editorial change for each provision in which only the target of a link moved, came or went.

    ``both`` are the provisions that stand in both readings with the same text. Links that moved in more than
    MOST_MOVED provisions at once are not told.
    """
    before, after = _list_links(old), _list_links(new)
    if before == after:
        return []
    changes = [
        _make_change(was, now, before[was.eid], after[now.eid])
        for was, now in both
        if before[was.eid] != after[now.eid]
    ]
    return changes if len(changes) <= MOST_MOVED else []


def _list_links(reading: Reading) -> Mapping[str, Counter[Link]]:
    links: defaultdict[str, Counter[Link]] = defaultdict(Counter)
    for one in reading.references:
        if one.work == WEB:
            links[one.eid][one.text, one.number] += 1
    return links


def _make_change(old: Provision, new: Provision, before: Counter[Link], after: Counter[Link]) -> Change:
    return Change(
        kind="amended",
        part="text",
        nature="editorial",
        eid=new.eid,
        old_eid=old.eid,
        new_number=new.number,
        old_number=old.number,
        heading=new.heading or old.heading,
        old_text=old.text,
        new_text=new.text,
        reason=_explain(sorted((before - after).elements()), sorted((after - before).elements())),
    )


def _explain(gone: Sequence[Link], come: Sequence[Link]) -> str:
    """Say in one line where links led and lead now."""
    was, now = (", ".join(dict.fromkeys(target for _, target in links)) for links in (gone, come))
    if not gone:
        return f"only a link was added: to {now}"
    if not come:
        return f"only a link was dropped: to {was}"
    return f"only where a link leads moved: {was} → {now}"
