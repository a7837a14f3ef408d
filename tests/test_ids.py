"""Content ids: the same content has the same id on every machine and in every year."""

from datetime import date

import msgspec

from kb.compare.ids import change_id, event_id, text_hash, version_id
from kb.models import Change, Place
from tests.build import make_reading

PLACE = Place("us-xx/code/12-305", "current")
CHANGE = Change(
    kind="amended",
    part="text",
    nature="substantive",
    eid="b__1",
    old_eid="b__1",
    old_text="A nurse renews the license within 30 days.",
    new_text="A nurse renews the license within 45 days.",
)
SEEN = "2024-02-08T12:00:00Z"


def test_the_id_of_a_change_never_moves():
    assert "f6a4ba001b81b418" == change_id(PLACE, CHANGE, SEEN)


def test_the_id_of_an_event_never_moves():
    assert "75ff13d6e8c95ac0" == event_id("us-xx-code", SEEN, "revision")


def test_the_id_of_a_version_never_moves():
    found = version_id("us-xx-code", PLACE, "0123456789abcdef", (None, date(2024, 7, 1)), SEEN)

    assert "2a4d142701db2c3f" == found


def test_typography_alters_neither_the_id_of_a_change_nor_the_hash_of_a_text():
    plain = make_reading(("a", "The board's fee - 30 dollars."))
    typed = make_reading(("a", "The  board\u2019s fee \u2013 30\u00a0dollars."))
    retyped = msgspec.structs.replace(CHANGE, old_text="A nurse\u00a0renews  the license within 30\u200b days.")

    assert text_hash(plain) == text_hash(typed)
    assert change_id(PLACE, CHANGE, SEEN) == change_id(PLACE, retyped, SEEN)


def test_the_hash_of_a_text_tells_words_parts_and_places_apart():
    readings = [
        make_reading(("a", "A fee is due.")),
        make_reading(("b", "A fee is due.")),
        make_reading(("a", "A fee is owed.")),
        make_reading(("a", "")),
        make_reading(("a", ""), note="A fee is due."),
        make_reading(("a", ""), pending="A fee is due."),
    ]

    assert len(readings) == len({text_hash(reading) for reading in readings})


def test_what_distinguishes_a_change_distinguishes_its_id():
    ids = {
        change_id(PLACE, CHANGE, SEEN),
        change_id(Place(PLACE.document, "permanent"), CHANGE, SEEN),
        change_id(PLACE, CHANGE, "2024-02-09T12:00:00Z"),
    }

    assert 3 == len(ids)
