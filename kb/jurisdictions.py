"""Read the list of jurisdictions: whose rules are asked about (jurisdictions.yml)."""

from functools import lru_cache

import msgspec

from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.share import domain_path


class Jurisdiction(msgspec.Struct, frozen=True):
    """One jurisdiction: its id, its name, its kind (federal, state, district, territory, invented), its tile."""

    id: str
    name: str
    kind: str
    row: int
    col: int


class _List(msgspec.Struct, frozen=True):
    jurisdictions: tuple[Jurisdiction, ...]
    bodies: tuple[tuple[str, ...], ...] = ()


def read_jurisdictions() -> tuple[Jurisdiction, ...]:
    """Return the jurisdictions in their order; raises DeclarationError if jurisdictions.yml is not valid."""
    return read_place_list().jurisdictions


def read_bodies() -> tuple[tuple[str, ...], ...]:
    """Return the roles of bodies that every jurisdiction has, of each group at least one; raises as the list does."""
    return read_place_list().bodies


@lru_cache(maxsize=1)
def read_place_list() -> _List:
    """Return the whole list as it stands in its file; raises DeclarationError if it is not valid."""
    path = domain_path("jurisdictions.yml")
    try:
        return msgspec.convert(load_yaml(path), _List)
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{path.name}: {error}") from error
