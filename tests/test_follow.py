"""A reference that follows its target's new number is editorial; one that reaches other law is a rule change."""

import msgspec
import pytest

from kb.compare.follow import follow_references
from tests.test_evaluate import make_change

OLD = "A kitchen may sell what § 12-1(6) names, and nothing else."
NEW = "A kitchen may sell what § 12-1(8) names, and nothing else."


def change(document="us-xx/code/12-9", **fields):
    told = {"document": document, "old_document": document, "kind": "amended", "part": "text", "nature": "substantive"}
    return msgspec.structs.replace(make_change(), **{**told, "eid": "a", "old_eid": "a", **fields})


def renumber(old, new, document="us-xx/code/12-1", **fields):
    told = {"kind": "renumbered", "nature": "structural", "old_eid": old, "eid": new, **fields}
    return change(document, **told)


def tell(*rows):
    return [(row.nature, row.reason) for row in follow_references(rows)][-1]


def test_a_reference_follows_a_definition_that_was_renumbered_in_another_section():
    nature, reason = tell(renumber("6", "8"), change(old_text=OLD, new_text=NEW))

    assert ("editorial", "reference follows its target: § 12-1(6) → § 12-1(8)") == (nature, reason)


def test_a_reference_to_what_stands_below_a_renumbered_provision_follows_it():
    rows = renumber("6", "8"), change(old_text=OLD.replace("(6)", "(6)(b)"), new_text=NEW.replace("(8)", "(8)(b)"))

    assert "editorial" == tell(*rows)[0]


def test_a_reference_follows_a_whole_section_to_its_new_number():
    moved = renumber("", "", "us-xx/code/12-2", old_document="us-xx/code/12-1")
    edited = change(old_text=OLD, new_text=OLD.replace("12-1", "12-2"))

    assert "editorial" == tell(moved, edited)[0]


def test_a_reference_within_its_own_section_follows_too():
    old, new = "As subsection (f) of this section says.", "As subsection (d) of this section says."

    nature, _ = tell(renumber("f", "d", "us-xx/code/12-9"), change(old_text=old, new_text=new))

    assert "editorial" == nature


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (OLD, NEW.replace("(8)", "(9)")),
        (OLD, NEW.replace("nothing else", "no more")),
        (OLD, NEW.replace("12-1", "12-2")),
        (OLD, NEW.replace("names", "names under § 12-1(8)")),
        (OLD, "A kitchen may sell nothing."),
    ],
)
def test_a_reference_to_other_law_or_beside_another_edit_stays_a_rule_change(old, new):
    nature, _ = tell(renumber("6", "8"), change(old_text=old, new_text=new))

    assert "substantive" == nature


def test_a_reference_that_moved_where_nothing_was_renumbered_stays_a_rule_change():
    assert "substantive" == tell(change(old_text=OLD, new_text=NEW))[0]


def test_a_reference_that_stayed_while_its_target_moved_is_no_case_of_following():
    rows = renumber("6", "8"), change(old_text=OLD, new_text=OLD.replace("sell", "keep"))

    assert "substantive" == tell(*rows)[0]
