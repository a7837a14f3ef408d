"""Lines that move for no reason are learned, and nothing that states law is."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.compare.ids import text_hash
from kb.compare.state import Learned
from kb.compare.volatile import LEAST_PAGES, LONGEST, Restless, learn_lines, mask_reading, may_be_restless, take_frame
from tests.build import day, make_provision, make_reading

LAW = ("a", "An applicant pays a fee of fifty dollars to the board.")
NOW = day(9)


def make_page(line, eid="p1", **fields):
    return make_reading((eid, line), LAW, **fields)


def teach(*moves, pages=None, at_once=False):
    """Learn from (line before, line after) on one page each; None stands for a page without the line."""
    pairs = [
        Restless(*(make_reading(LAW) if line is None else make_page(line) for line in move), day(8), at_once=at_once)
        for move in moves
    ]
    return {one.key: one for one in learn_lines(pairs, pages or len(moves), NOW)}


def count_visits(at):
    return (f"Visited {100 + at} times", f"Visited {200 + 3 * at} times")


# -- what is learned --------------------------------------------------------------------------------------------------


def test_a_counter_that_differs_on_most_pages_is_learned_with_its_line_its_wave_and_how_many_taught_it():
    learned = teach(*map(count_visits, range(3)), pages=5)

    assert {"frame visited 0 times"} == set(learned)
    one = learned["frame visited 0 times"]
    assert ("Visited 200 times", NOW, "differed on 3 of 5 pages at once") == (one.text, one.since, one.reason)


@pytest.mark.parametrize(("taught", "pages"), [(2, 2), (3, 7), (9, 19)])
def test_a_line_that_differs_on_fewer_than_three_pages_or_half_of_them_is_not_learned(taught, pages):
    assert {} == teach(*map(count_visits, range(taught)), pages=pages)


def test_the_least_number_of_pages_is_enough():
    assert teach(*map(count_visits, range(LEAST_PAGES)), pages=2 * LEAST_PAGES)


def test_two_fetches_within_minutes_are_enough():
    learned = teach(("Visited 7 times", "Visited 8 times"), pages=100, at_once=True)

    assert {"differed between two fetches within minutes"} == {one.reason for one in learned.values()}


@pytest.mark.parametrize(
    ("old", "new", "taught"),
    [
        ("Monday, January 8, 2024", "Tuesday, January 9, 2024", True),
        # The clock of a crawl may be a day ahead of the publisher's.
        ("Today is 1/7/2024", "Today is 1/8/2024", True),
        ("Next meeting: January 20, 2024", "Next meeting: January 27, 2024", False),
        ("Posted January 2, 2024", "Posted January 9, 2024", False),
        (None, "Tuesday, January 9, 2024", False),
        ("Effective January 8, 2024", "Effective January 9, 2024", False),
    ],
)
def test_a_line_that_names_both_days_on_which_it_was_seen_is_learned_from_one_page(old, new, taught):
    learned = teach((old, new), pages=1)

    assert taught == ("named both days on which it was seen" in {one.reason for one in learned.values()})


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("Visited 7 times", "Visited 8 times", True),
        # Only a second look tells this from a counter.
        ("The fee is $5.", "The fee is $6.", True),
        ("Visited 7 times", "Visited 7 times", False),
        ("Effective January 8, 2024", "Effective January 9, 2024", False),
        ("A physician must sign.", "A physician may sign.", False),
    ],
)
def test_a_page_that_moved_in_short_lines_alone_is_worth_a_second_look(old, new, wanted):
    assert wanted == may_be_restless([make_page(old)], [make_page(new)])


def test_a_page_whose_law_moved_too_needs_no_second_look():
    old, new = make_page("Visited 7 times"), make_reading(("p1", "Visited 8 times"), ("a", "Applicants pay nothing."))

    assert not may_be_restless([old], [new])
    assert not may_be_restless([], [old])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Served at 13:42:30", "Served at 13:42:31", "states a clock time to the second"),
        ("Ticket 3f9a07c2", "Ticket 77b10e4d", "names a session"),
        ("Support number 770041290035517", "Support number 881152301146628", "names a session"),
    ],
)
def test_what_only_a_machine_writes_is_learned_from_one_page(old, new, reason):
    learned = teach((old, new), pages=100)

    assert {reason} == {one.reason for one in learned.values()}
    assert all(key.startswith("frame") for key in learned)


def test_a_banner_that_comes_to_most_pages_is_learned_and_so_is_one_that_goes():
    line = "Offices are closed on Friday."

    came, went = teach(*[(None, line)] * 4), teach(*[(line, None)] * 4)

    assert {f"frame {take_frame(line)}"} == set(came) == set(went)


def test_notices_with_other_words_on_every_page_teach_their_place():
    notices = ["Fair on Friday", "New telephone numbers", "Read our newsletter", "Trails reopened"]

    learned = teach(*zip(notices, notices[1:] + notices[:1], strict=True))

    assert "place p1" in learned


def test_a_line_in_a_note_is_learned_as_one_in_the_text_is():
    pairs = [
        Restless(*(make_reading(LAW, note=f"[1980 c. 1]\n{line}") for line in count_visits(at)), day(8))
        for at in range(4)
    ]

    assert ["frame visited 0 times"] == [one.key for one in learn_lines(pairs, 4, NOW)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("January 2, 2024", "January 8, 2024"),
        ("2 January 2024", "8 January 2024"),
        ("2024-01-02", "2024-01-09"),
        ("1/2/2024", "1/9/2024"),
        ("Tuesday, January 2", "Tuesday, January 9"),
    ],
)
def test_a_day_between_the_two_sights_makes_a_stamp_even_where_it_reads_alike_on_every_page(old, new):
    assert teach(*[(f"List of {old}", f"List of {new}")] * 4)


@pytest.mark.parametrize("word", ["Last updated", "Page reviewed", "Current through"])
def test_a_line_of_upkeep_may_name_an_earlier_day(word):
    assert teach(*[(f"{word} December 1, 2023", f"{word} December 20, 2023")] * 4)
    assert not teach(*[("Schedule of December 1, 2023", "Schedule of December 20, 2023")] * 4)


def test_a_line_of_upkeep_may_count_alike_on_every_page():
    assert teach(*[("Printed as copy 7", "Printed as copy 8")] * 4)
    assert not teach(*[("Carried as copy 7", "Carried as copy 8")] * 4)


def test_a_day_to_come_is_no_stamp():
    assert not teach(*[("Last updated December 1, 2023", "Last updated March 1, 2024")] * 4)


# -- what never is ----------------------------------------------------------------------------------------------------

NEVER = [
    ("An applicant must call.", "An applicant may call."),
    ("Repealed by c. 1.", "Repealed by c. 2."),
    ("[Effective until January 1, 2025]", "[Effective until January 1, 2026]"),
    ("Effective January 1, 2024", "Effective January 8, 2024"),
    ("In force since January 1, 2024", "In force since January 8, 2024"),
    ("[1990 c. 4]", "[1990 c. 4; 2023 c. 9]"),
    ("This section will be amended by c. 4.", "This section will be amended by c. 5."),
    ("Rule 12-4. Permits", "Rule 12-5. Permits"),
    ("§ 3.01 Fees", "§ 3.02 Fees"),
    ("x" * (LONGEST + 1) + " 1", "x" * (LONGEST + 1) + " 2"),
]


@pytest.mark.parametrize(("old", "new"), NEVER)
@pytest.mark.parametrize("at_once", [False, True])
def test_a_line_that_states_law_is_never_learned(old, new, at_once):
    assert {} == teach(*[(old, new)] * 5, at_once=at_once)


@pytest.mark.parametrize(
    ("old", "new"),
    [("Application: $50", "Application: $60"), ("Refills: 3", "Refills: 5"), ("Form A-12", "Form A-14")],
)
def test_a_figure_put_for_another_alike_on_every_page_is_an_amendment(old, new):
    assert {} == teach(*[(old, new)] * 9)


def test_an_amount_of_its_own_on_every_page_is_no_counter():
    assert {} == teach(*[(f"Course: {10 + at} hours", f"Course: {20 + 2 * at} hours") for at in range(9)])


@pytest.mark.parametrize("part", [make_provision("b", "Nine"), make_provision("p1", "Nine", heading="Hours")])
def test_provisions_with_a_number_or_a_heading_are_never_learned(part):
    other = msgspec.structs.replace(part, text="Ten")
    pairs = [Restless(make_reading(part), make_reading(other), day(8), at_once=True)]

    assert [] == learn_lines(pairs, 1, NOW)


def test_a_line_that_holds_others_is_never_learned():
    old, new = (make_reading(("p1", words), ("p1__a", "A boat carries a lantern.")) for words in ("Nine", "Ten"))

    assert [] == learn_lines([Restless(old, new, day(8), at_once=True)], 1, NOW)


# -- masking ----------------------------------------------------------------------------------------------------------


def learn(*keys):
    return {key: Learned(key, "", NOW, "") for key in keys}


def test_a_reading_without_learned_lines_is_the_very_same():
    reading = make_page("Visited 3 times")

    assert mask_reading(reading, {}) is reading
    assert mask_reading(reading, learn("frame other")) is reading


def test_a_learned_line_is_left_out_wherever_it_stands():
    learned = learn("frame visited 0 times")
    page = make_reading(LAW, ("p7", "Visited 12 times"), note="[1980 c. 1]\nVisited 12 times")

    masked = mask_reading(page, learned)

    assert [("", ""), LAW] == [(part.eid, part.text) for part in masked.provisions]
    assert "[1980 c. 1]" == masked.provisions[0].note


def test_a_learned_place_hides_no_line_of_law():
    learned = learn("place p1")

    texts = ["Effective May 1, 2024", "A guide shall wait.", "Repealed."]

    assert [2, 2, 2] == [len(mask_reading(make_reading(("p1", text)), learned).provisions) for text in texts]


LINES = st.sampled_from(
    ["Visited 1 times", "Visited 22 times", "Fair on Friday", "May 5, 2024", "Effective May 5, 2024", "Ticket 3f9a07c2"]
)
KEYS = st.sets(st.sampled_from(["frame visited 0 times", "frame 0 0, 0", "frame ticket 0", "place p1", "place p2"]))


@given(st.lists(LINES, max_size=5), KEYS)
def test_masking_twice_is_masking_once(lines, keys):
    learned = learn(*keys)
    reading = make_reading(*((f"p{at}", line) for at, line in enumerate(lines, 1)), LAW, note="\n".join(lines))

    masked = mask_reading(reading, learned)

    assert masked == mask_reading(masked, learned)
    assert masked is mask_reading(masked, learned)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_pages_that_differ_by_a_learned_stamp_hash_alike_and_others_do_not(one, other):
    learned = learn("frame visited 0 times")
    first, second = (make_page(f"Visited {count} times") for count in (one, other))
    amended = make_reading(("p1", f"Visited {other} times"), ("a", "Fees are free."))

    hashes = [text_hash(mask_reading(page, learned)) for page in (first, second, amended)]

    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Printed Monday, May 3, 2024", "Printed Tue, June 14, 2025"),
        ("Ticket 3f9a07c2d41b", "Ticket 00ff00aa1"),
        ("Seen 1 times", "seen 999 times"),
    ],
)
def test_a_stamp_and_its_successor_have_one_frame(one, other):
    assert take_frame(one) == take_frame(other)


def test_other_words_have_another_frame():
    assert take_frame("Seen 1 times") != take_frame("Read 1 times")
