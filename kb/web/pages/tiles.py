"""Draw the states as tiles of one size, where each stands in schemas/jurisdictions.yml, with legend and words.

Equal tiles keep large states from shouting and small ones from vanishing. What a tile says hangs on fill and pattern
together, never on a colour alone; the same is said in the legend and in a list of names.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from kb.jurisdictions import Jurisdiction, read_jurisdictions

# How a tile looks: strong and partial for much and some, few for little, none for an outline, forbid, other, silent
# for its answers, unknown for what nobody looked at (a dashed outline).
Look = Literal["strong", "partial", "few", "none", "forbid", "other", "silent", "unknown"]
# Units of the drawing: a tile with its gap, a tile, and the part of it that bears a pattern. Text stands above that.
PITCH, SIDE, PLAIN = 44, 40, 25
FEDERAL_SPAN = 7
# The territories' row stands half a tile lower, under its name.
TERRITORY_DROP = 20
INVENTED = "invented"


class Tile(msgspec.Struct, frozen=True):
    """What a jurisdiction's tile says: its look, its words ("required"), where it leads, a figure to print.

    ``doubt`` puts a mark in its corner: look before you rely on it.
    """

    look: Look
    label: str
    path: str = ""
    figure: str = ""
    doubt: bool = False


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A tile with its place in the drawing, the jurisdiction's name and the code printed on it."""

    tile: Tile
    name: str
    code: str
    x: int
    y: int
    width: int


class Group(msgspec.Struct, frozen=True):
    """What the legend says of one look: its words, and those that have it by name, with the figure on their tile."""

    look: Look
    words: str
    names: tuple[tuple[str, str], ...]


class TileMap(msgspec.Struct, frozen=True, kw_only=True):
    """A map ready to be printed: title, the title as a sentence with counts, tiles by name, legend, and its size."""

    title: str
    sentence: str
    tiles: tuple[Placed, ...]
    groups: tuple[Group, ...]
    has_doubt: bool
    width: int
    height: int
    territories_at: int


def draw_tiles(title: str, tiles: Mapping[str, Tile], words: Mapping[Look, str]) -> TileMap:
    """Place the tiles of jurisdictions; those not given are drawn as unknown, the invented one only if given.

    ``words`` tells what each look means ("watched"), in the order of the legend. Raises KeyError for a look that a
    tile has and ``words`` lacks.
    """
    shown = [one for one in read_jurisdictions() if one.id in tiles or one.kind != INVENTED]
    placed = [_place(one, tiles.get(one.id, Tile("unknown", words["unknown"]))) for one in shown if one.row >= 0]
    placed.sort(key=lambda one: one.name)
    groups = _group(placed, words)
    counts = ", ".join(f"{len(group.names)} {group.words}" for group in groups)
    return TileMap(
        title=title,
        sentence=f"{title}: {counts}.",
        tiles=tuple(placed),
        groups=tuple(groups),
        has_doubt=any(one.tile.doubt for one in placed),
        width=max((one.x + one.width for one in placed), default=0) + 2,
        height=max((one.y for one in placed), default=0) + SIDE + 2,
        territories_at=min((one.y for one in placed if _is_low(one)), default=0),
    )


def color_steps(
    counts: Mapping[str, int], bounds: tuple[int, int], tell: Callable[[int], str], link: Callable[[str], str]
) -> dict[str, Tile]:
    """Make tiles of counts in four steps: none, few, some from the first bound on, many from the second on."""
    looks: Sequence[Look] = ("few", "partial", "strong")
    return {
        name: Tile(
            looks[sum(count >= bound for bound in bounds)] if count else "none",
            tell(count),
            link(name),
            f"{count:,}" if count else "",
        )
        for name, count in counts.items()
    }


def _place(one: Jurisdiction, tile: Tile) -> Placed:
    is_low = one.kind in ("territory", INVENTED)
    return Placed(
        tile=tile,
        name=one.name,
        code=one.id.partition("-")[2].upper() or "Federal",
        x=one.col * PITCH + 1,
        y=one.row * PITCH + 1 + (TERRITORY_DROP if is_low else 0),
        width=FEDERAL_SPAN * PITCH - PITCH + SIDE if one.kind == "federal" else SIDE,
    )


def _is_low(placed: Placed) -> bool:
    return (placed.y - 1) % PITCH == TERRITORY_DROP


def _group(placed: Sequence[Placed], words: Mapping[Look, str]) -> list[Group]:
    names: dict[Look, list[tuple[str, str]]] = {}
    for one in placed:
        names.setdefault(one.tile.look, []).append((one.name, one.tile.figure))
    missing = sorted(set(names) - set(words))
    if missing:
        raise KeyError(f"tiles: expected words for each of {', '.join(get_args(Look))}, found none for {missing}")
    return [Group(look, words[look], tuple(names[look])) for look in words if look in names]
