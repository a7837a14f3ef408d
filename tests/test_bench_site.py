"""What the site is measured with: a base like those that are published, and paths that are all answered."""

import sqlite3
import tempfile
from contextlib import closing

import pytest
from msgspec import structs

from bench.site import SAMPLE, list_kinds, mix
from bench.site_base import find_base
from kb.store import searching
from kb.store.searching import Sought, count_found, search_provisions
from tests.test_web_pages import ask, open_generation

PROVISIONS = 3_000


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A small base in a folder of its own: those kept for measuring stay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("bench")))
        yield find_base(PROVISIONS) / "public" / "000001.db"


def test_every_page_that_is_measured_is_answered(base):
    with closing(sqlite3.connect(base)) as plain, closing(open_generation(base)) as db:
        kinds = list_kinds(plain)
        asked = [one for kind in kinds for one in kind.paths[:2] if not one.startswith("/kb")]

        assert len(kinds) < len(asked)
        assert [] == [one for one in asked if ask(db, one, "2026-11-28").status != 200]


def test_no_page_is_asked_for_twice_and_small_bases_give_fewer(base):
    with closing(sqlite3.connect(base)) as plain:
        kinds = list_kinds(plain)

    assert [] == [kind.label for kind in kinds if len(set(kind.paths)) != len(kind.paths)]
    assert all(1 < len(kind.paths) <= SAMPLE for kind in kinds)
    mixed = mix([kind.paths for kind in kinds], "m", 500)
    assert 500 == len(set(mixed))


def test_sources_of_the_base_tell_the_rhythm_of_their_own_changes(base):
    with closing(open_generation(base)) as db:
        told = dict(db.execute("SELECT source, moving_days FROM sources").fetchall())
        counted = db.execute("SELECT source, COUNT(DISTINCT day) FROM daily_counts GROUP BY source").fetchall()

    assert {**dict.fromkeys(told, 0), **dict(counted)} == told
    assert {0, 1} == set(told.values())


def test_search_in_one_jurisdiction_looks_at_the_rows_of_no_other(base, monkeypatch):
    sought = Sought(words=("license",))
    with closing(open_generation(base)) as db:
        places, found = count_found(db, sought), {}
        for place in places:
            # As many rows as the place itself has: one of another place looked at would leave one of them out.
            held = len(search_provisions(db, structs.replace(sought, jurisdiction=place, past=True), PROVISIONS))
            monkeypatch.setattr(searching, "MOST_SCANNED", held)
            found[place] = len(search_provisions(db, structs.replace(sought, jurisdiction=place), PROVISIONS))
            monkeypatch.undo()

    assert len(places) > 50
    assert places == found
