"""Topics and professions of a text, from the shipped vocabulary."""

import re

from kb.topics import find_professions, find_topics, read_vocabulary


def test_terms_are_found_as_whole_words_in_any_case():
    found = find_topics(["KETAMINE is a dissociative anesthetic.", "The unketamined remainder."])

    assert ["legal_status", "administration"] == [one.id for one in found]
    assert "ketamine" == found[0].words


def test_a_word_that_only_contains_a_term_is_not_found():
    assert () == find_topics(["The rateketamines of the board."])


def test_a_term_with_a_star_takes_any_ending():
    assert ["prescription"] == [one.id for one in find_topics(["No prescription may be refilled twice."])]


def test_citations_are_found_however_they_are_printed():
    for printed in ("21 U.S.C. § 829(e)", "21 USC 829", "21 U. S. C. 829"):
        assert ["telehealth"] == [one.id for one in find_topics([printed])]


def test_the_longest_name_of_a_profession_counts():
    found = find_professions(["A physician assistant or a certified registered nurse anesthetist may do so."])

    assert ["nurse_anesthetist", "physician_assistant"] == [one.id for one in found]


def test_professions_come_in_the_order_of_the_vocabulary():
    found = [one.id for one in find_professions(["pharmacists, physicians and dentists"])]

    assert ["physician", "pharmacist", "dentist"] == found


def test_vocabulary_has_plain_unique_ids_and_no_empty_entry():
    vocabulary = read_vocabulary()
    entries = (*vocabulary.topics, *vocabulary.professions)

    assert len(entries) == len({entry.id for entry in entries})
    assert all(re.fullmatch(r"[a-z_]+", entry.id) and (entry.terms or entry.citations) for entry in entries)
