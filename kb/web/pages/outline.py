"""A document's provisions as a tree, for printing and for its table of contents."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kb.compare.eids import parent_of
from kb.models import Provision

OPENING_WORDS = 9


class Node(msgspec.Struct, frozen=True, eq=False):
    """A provision and those below it, in reading order; ``depth`` counts from 1."""

    provision: Provision
    depth: int
    children: list["Node"] = []

    @property
    def opening(self) -> str:
        """Return its heading, else its first words, to know it by in a list."""
        if self.provision.heading:
            return self.provision.heading
        words = self.provision.text.split()
        return " ".join(words[:OPENING_WORDS]) + ("…" if len(words) > OPENING_WORDS else "")


def grow_tree(provisions: Iterable[Provision]) -> list[Node]:
    """Nest provisions (the root left out) by their eids; one whose parent is missing goes to the next one up."""
    top: list[Node] = []
    nodes: dict[str, Node] = {}
    for provision in provisions:
        if not provision.eid:
            continue
        parent = parent_of(provision.eid)
        while parent and parent not in nodes:
            parent = parent_of(parent)
        above = nodes.get(parent)
        node = Node(provision, above.depth + 1 if above is not None else 1, [])
        (above.children if above is not None else top).append(node)
        nodes[provision.eid] = node
    return top


def list_parts(provisions: Sequence[Provision], part: str) -> Iterator[tuple[str, str]]:
    """Yield the notes, or the notices of coming change, of all provisions: eid and text."""
    for provision in provisions:
        text = getattr(provision, part)
        if text:
            yield provision.eid, text
