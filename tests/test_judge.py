"""A wave is looked at as a whole before any page is judged: what moves everywhere, what many addresses say alike."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.compare.ahead import frame_readings
from kb.compare.doubts import Doubt, Sight, doubt_page, is_outgrown, is_proven
from kb.compare.state import PageState
from kb.models import Flaw, Place
from tests.build import Watch, day, make_list, make_provision, make_reading, make_seen

FEE = "An applicant pays a fee of fifty dollars to the board."
TERM = "A permit lasts two years and ends on the last day of June."
RECORD = "The clinic keeps a record of each dose it has given."
SEALS = "Every vial bears a seal that is broken before two witnesses."
SORRY = "We looked everywhere and the shelves are being dusted this weekend."
ERROR = "Please sign in and try again."


# Figures are left out where pages are held alike: pages of law differ in words.
WORDS = {"1": "boats", "2": "carts", "3": "jars", "4": "lamps", "5": "ropes"}


def make_law(number, *texts, stamp="", **fields):
    """Make a page of one document: a stamp without a number, then lettered paragraphs."""
    own = WORDS.get(number, number)
    told = texts or (f"{FEE} Of {own}.", f"{TERM} Of {own}.", f"{RECORD} Of {own}.")
    lead = [make_provision("p1", stamp)] if stamp else []
    document = f"us-xx/code/{number}"
    return make_reading(*lead, *zip("abcdefgh", told, strict=False), document=document, **fields)


def make_page(number, *texts, frame="f", **fields):
    return make_seen(make_law(number, *texts, **fields), frame=frame)


def make_plain(number, *lines, heading="", frame="f"):
    """Make a page of lines without numbers or heading."""
    parts = [make_provision(f"p{at}", line) for at, line in enumerate(lines, 1)]
    return make_seen(make_reading(*parts, document=f"us-xx/code/{number}", heading=heading), frame=frame)


def tell(result):
    return [
        (change.kind, change.document.rpartition("/")[2], change.eid or change.old_eid) for change in result.changes
    ]


def verdicts(result):
    return {judged.url.rpartition("/")[2]: judged.verdict for judged in result.judged}


def codes(result):
    return sorted(problem.code for problem in result.problems)


NUMBERS = ("1", "2", "3", "4")
STEPS = ("one", "two", "three", "four")


def make_pages(stamp, edits=None, frame="f"):
    """Make four pages with a stamp each; ``edits`` maps a page's number to its paragraphs."""
    edits = edits or {}
    return {
        step: make_page(number, *edits.get(number, ()), stamp=stamp.format(number), frame=frame)
        for step, number in zip(STEPS, NUMBERS, strict=True)
    }


# -- restless lines ---------------------------------------------------------------------------------------------------


def test_a_counter_on_every_page_is_learned_and_shown_and_no_change_is_told():
    watch = Watch()
    watch.wave(day(1), **make_pages("Seen 1{} times"))

    result = watch.wave(day(2), **make_pages("Seen 2{} times"))

    assert ([], {"same"}) == (tell(result), set(verdicts(result).values()))
    assert [("frame seen 0 times", day(2))] == [(one.key, one.since) for one in result.learned]


def test_what_was_learned_is_not_learned_again_and_holds_for_pages_met_later():
    watch = Watch()
    watch.wave(day(1), **make_pages("Seen 1{} times"))
    watch.wave(day(2), **make_pages("Seen 2{} times"))
    watch.wave(day(3), five=make_page("5", stamp="Seen 1 times"))

    result = watch.wave(day(4), **make_pages("Seen 3{} times"), five=make_page("5", stamp="Seen 4 times"))

    assert ([], []) == (tell(result), result.learned)


def test_an_amendment_beside_a_moving_counter_is_told_alone():
    watch = Watch()
    watch.wave(day(1), **make_pages("Seen 1{} times"))

    result = watch.wave(day(2), **make_pages("Seen 2{} times", {"3": (SEALS, TERM, RECORD)}))

    assert {"3"} == {document for _, document, _ in tell(result)}
    assert "p1" not in {eid for _, _, eid in tell(result)}


def test_a_version_keeps_the_learned_line_as_it_was_printed():
    watch = Watch()
    watch.wave(day(1), **make_pages("Seen 1{} times"))

    result = watch.wave(day(2), **make_pages("Seen 2{} times", {"3": (SEALS, TERM, RECORD)}))

    (version,) = result.versions
    assert "Seen 23 times" == version.reading.provisions[1].text


def test_the_first_wave_teaches_by_a_second_fetch_within_minutes_alone():
    watch = Watch()
    one, other = (make_page("1", stamp=f"Seen {count} times") for count in (1, 2))

    result = watch.wave(day(1), ("2024-01-01T08:00:00Z", "one", one), ("2024-01-01T08:05:00Z", "one", other))

    assert ["differed between two fetches within minutes"] == [item.reason for item in result.learned]


def test_two_fetches_an_hour_apart_are_two_sights():
    watch = Watch()
    one, other = (make_page("1", stamp=f"Seen {count} times") for count in (1, 2))

    result = watch.wave(day(1), (day(1, 8), "one", one), (day(1, 9), "one", other))

    assert [] == result.learned


def test_a_page_that_is_another_page_now_teaches_nothing():
    watch = Watch()
    pages = {step: make_plain(number, f"Line {number} of law stands here", SEALS + number) for step, number in
             zip(STEPS, NUMBERS, strict=True)}  # fmt: skip
    watch.wave(day(1), **pages)

    result = watch.wave(day(2), **{step: make_plain(step, f"Words wholly other {step}") for step in STEPS})

    assert [] == result.learned


# -- many addresses alike ---------------------------------------------------------------------------------------------


def test_addresses_that_said_different_things_and_say_the_same_are_suspects_however_long():
    watch = Watch()
    watch.wave(day(1), **make_pages(""))

    results = [
        watch.wave(day(at), **make_pages("", dict.fromkeys(NUMBERS, (SEALS, RECORD, TERM)), frame=f"g{at}"))
        for at in (2, 3)
    ]

    assert [{"suspect"}] * 2 == [set(verdicts(result).values()) for result in results]
    assert [[("incident", 4)]] * 2 == [[(event.kind, event.pages) for event in result.events] for result in results]


def test_the_address_that_always_said_so_is_believed():
    watch = Watch()
    shown = {"1": (SEALS, RECORD, TERM)}
    watch.wave(day(1), **make_pages("", shown))

    result = watch.wave(day(2), **make_pages("", dict.fromkeys(NUMBERS, shown["1"]), frame="g"))

    assert {"one": "same", "two": "suspect", "three": "suspect", "four": "suspect"} == verdicts(result)


def test_pages_that_always_said_the_same_may_be_amended_alike():
    watch = Watch()
    watch.wave(day(1), **make_pages("", dict.fromkeys(NUMBERS, (FEE, TERM, RECORD))))

    result = watch.wave(day(2), **make_pages("", dict.fromkeys(NUMBERS, (FEE, TERM, SEALS))))

    assert [("amended", number, "c") for number in NUMBERS] == sorted(tell(result))


def test_two_addresses_alike_are_too_few_to_doubt():
    watch = Watch()
    watch.wave(day(1), **make_pages(""))

    result = watch.wave(day(2), **make_pages("", dict.fromkeys(NUMBERS[:2], (SEALS, RECORD, TERM))))

    assert "suspect" not in verdicts(result).values()


@pytest.mark.parametrize(
    "texts",
    [
        ("No page 1 here", "No page 2 here"),
        ("Ticket 3f9a07c2d41b", "Ticket 77aa07c2d41c"),
        ("We have no /a/one.html", "We have no /a/two.html"),
        ("Where is one.html?", "Where is TWO.html?"),
    ],
)
def test_answers_that_differ_in_figures_names_and_their_own_address_are_alike(texts):
    frames = [
        frame_readings([make_reading(("p1", text))], f"https://x.example.gov/a/{step}.html")
        for step, text in zip(("one", "two"), texts, strict=True)
    ]

    assert frames[0] == frames[1]


def test_answers_with_other_words_are_not():
    one, other = (frame_readings([make_reading(("p1", text))], "https://x.example.gov/") for text in (FEE, TERM))

    assert one != other


# -- doubts -----------------------------------------------------------------------------------------------------------

LONG = tuple(f"{FEE} Item {at} of the whole." for at in range(8))
LOADED = make_law("1", *LONG)


def look(seen, *, known=False, alike=1, old=LOADED, **facts):
    return Sight(
        seen=seen, known=(known,) * len(seen.page.readings), alike=alike, load=lambda _: [old] if old else [], **facts
    )


def make_state(old=LOADED, **fields):
    length = sum(len(part.text) + len(part.heading) for part in old.provisions)
    state = {"places": (Place(old.document, "current"),), "length": length, "complete": True, "confirmed": True}
    return PageState("https://rules.example.gov/one", **{**state, **fields})


def doubt(seen, state=None, **facts):
    found = doubt_page(make_state() if state is None else state, look(seen, **facts))
    return None if found is None else (found.flaw.code, found.proof)


def test_a_known_an_edited_and_a_rewritten_page_are_believed():
    edited = make_seen(make_law("1", TERM, *LONG[1:]), complete=True)
    rewritten = make_seen(make_law("1", *(f"{SEALS} Now {word}." for word in "abcdefgh")), complete=True)

    told = [doubt(make_seen(LOADED), known=True), doubt(edited), doubt(rewritten)]

    assert [None] * 3 == told


def test_a_stub_is_believed():
    assert doubt(make_plain("1", "Repealed.")) is None


@pytest.mark.parametrize(
    ("lines", "alike", "expected"),
    [
        ((SORRY,), 1, ("shrunk", "never")),
        ((ERROR,), 1, ("shrunk", "never")),
        (("The panel shall decide.",), 1, ("shrunk", "long")),
        (("The panel shall decide.",), 3, ("shrunk", "never")),
    ],
)
def test_what_would_prove_a_page_depends_on_why_it_is_doubted(lines, alike, expected):
    assert expected == doubt(make_plain("1", *lines), alike=alike)


def test_a_page_that_keeps_its_numbers_is_proven_by_any_later_wave():
    assert ("shrunk", "again") == doubt(make_page("1", LONG[0]), state=make_state(length=9000, complete=False))


def test_a_page_that_lost_its_end_tag_and_text_is_never_believed_and_one_that_lost_nothing_is():
    whole, cut, amended = make_seen(LOADED), make_page("1", *LONG[:6]), make_page("1", *LONG[:7], f"{FEE} Item 7.")

    assert [None, ("truncated", "never"), ("truncated", "long")] == [doubt(seen) for seen in (whole, cut, amended)]


@pytest.mark.parametrize(
    ("texts", "proof"), [((*LONG[:5], LONG[5][:30]), "never"), ((*LONG[:7], LONG[7][:30]), "long")]
)
def test_a_text_that_breaks_off_is_never_believed_where_more_is_gone_than_its_end(texts, proof):
    seen = make_page("1", *texts)
    whole = msgspec.structs.replace(seen, page=msgspec.structs.replace(seen.page, complete=True))

    assert ("truncated", proof) == doubt(whole)


def test_a_doubled_page_is_never_believed():
    twice = make_reading(*((letter + again, text) for again in ("", "~2") for letter, text in
                           zip("abcdefgh", LONG, strict=True)), document="us-xx/code/1")  # fmt: skip

    assert ("doubled", "never") == doubt(make_seen(twice))


def test_one_answer_for_many_is_believed_again_only_if_it_speaks_of_law_and_is_no_other_page_s():
    before = ("x", "y", "z")
    moved, sorry = make_plain("1", "Superseded by Title 40."), make_plain("1", SORRY)

    told = [doubt(seen, alike=3, before=before, frame=frame) for seen, frame in
            ((moved, "m"), (sorry, "m"), (moved, "x"))]  # fmt: skip

    assert [("alike", "again"), ("alike", "never"), ("alike", "never")] == told


@pytest.mark.parametrize(
    ("left", "expected"),
    [(8, None), (5, None), (4, None), (3, ("list_shrunk", "again")), (0, ("list_lost", "long"))],
)
def test_a_list_that_lost_most_of_its_names_is_doubted(left, expected):
    names = [f"us-xx/code/{at}" for at in range(8)]

    assert expected == doubt(make_list(*names[:left]), PageState("list", names=tuple(names)))


def test_a_list_of_few_names_may_lose_most_of_them():
    assert doubt(make_list("a"), PageState("list", names=("a", "b", "c", "d"))) is None


def test_a_first_sight_that_reads_like_an_error_is_doubted_unless_a_selector_found_it():
    seen, unknown = make_plain("1", ERROR), PageState("one")

    assert ("refused", "never") == doubt(seen, unknown)
    assert doubt(seen, unknown, declared=True) is None
    assert doubt(make_seen(LOADED), unknown) is None


PROOF = {"suspect_text": "t", "suspect_frame": "f", "suspect_at": day(2), "suspect_wave": day(2)}


@pytest.mark.parametrize(
    ("proof", "facts", "frame", "at", "expected"),
    [
        ("again", {}, "f", day(2, 9), True),
        ("long", {}, "f", day(3), True),
        ("long", {}, "f", day(2, 20), False),
        ("never", {}, "f", day(9), False),
        ("again", {}, "g", day(3), False),
        ("again", {"suspect_text": ""}, "f", day(3), False),
        ("again", {"suspect_wave": day(3)}, "f", day(3), False),
    ],
)
def test_a_doubt_is_settled_by_the_same_words_in_another_wave_after_time_enough(proof, facts, frame, at, expected):
    state = PageState("one", **{**PROOF, **facts})
    wave = max(at, day(2, 23))

    assert expected == is_proven(Doubt(Flaw("shrunk", ""), proof), state, frame, at, wave)


def outgrown(old, new, state=None, **facts):
    known = make_state(old, confirmed=False) if state is None else state
    return is_outgrown(known, look(new, old=old, **facts))


SORRY_PAGE = make_plain("1", SORRY).page.readings[0]


def test_a_first_sight_that_was_no_rule_gives_way_to_one():
    assert outgrown(SORRY_PAGE, make_seen(LOADED))


@pytest.mark.parametrize(
    ("old", "facts"),
    [
        (SORRY_PAGE, {"confirmed": True}),
        (SORRY_PAGE, {"was_missing": True}),
        (SORRY_PAGE, {"places": ()}),
        (make_plain("1", "Repealed.").page.readings[0], {}),
        (make_law("1", "A lone rule."), {}),
    ],
)
def test_what_two_waves_or_another_proof_confirmed_does_not(old, facts):
    assert not outgrown(old, make_seen(LOADED), make_state(old, **{"confirmed": False, **facts}))


def test_what_three_addresses_said_at_first_gives_way_even_when_it_was_seen_twice():
    confirmed = make_state(SORRY_PAGE)

    assert outgrown(SORRY_PAGE, make_seen(LOADED), confirmed, former=3)
    assert not outgrown(SORRY_PAGE, make_seen(LOADED), confirmed, former=2)


def test_it_gives_way_to_no_other_error():
    assert not outgrown(SORRY_PAGE, make_plain("1", ERROR, SORRY.upper() * 3))
    assert not outgrown(SORRY_PAGE, make_seen(LOADED), alike=3)


def test_a_first_sight_that_broke_off_or_stood_twice_gives_way_to_the_whole():
    cut = make_law("1", *LONG[:5], LONG[5][:30])
    twice = make_reading(*((letter + again, text) for again in ("", "~2") for letter, text in
                           zip("abcdefgh", LONG, strict=True)), document="us-xx/code/1")  # fmt: skip

    assert outgrown(cut, make_seen(LOADED))
    assert outgrown(twice, make_seen(LOADED))
    assert not outgrown(make_law("1", *LONG[:5]), make_seen(LOADED))


def test_a_first_sight_without_its_end_tag_gives_way_to_one_with_it_that_keeps_all_of_it():
    half = make_law("1", *LONG[:5])
    seen = make_seen(LOADED, complete=True)

    assert outgrown(half, seen, make_state(half, confirmed=False, complete=False))
    assert not outgrown(half, seen, make_state(half, confirmed=False, complete=True))


# -- waves ------------------------------------------------------------------------------------------------------------


def test_a_short_text_whose_figures_move_is_believed_in_the_second_wave_as_of_that_wave():
    watch = Watch()
    watch.wave(day(1), one=make_page("1", *LONG))

    first, second = (watch.wave(day(at), one=make_plain("1", f"The panel shall decide {at}.")) for at in (2, 3))

    assert ([], {"one": "suspect"}) == (tell(first), verdicts(first))
    assert {day(3)} == {change.observed_at for change in second.changes}


def test_text_that_went_to_another_document_is_one_move_and_its_arrival_is_not_missed():
    watch = Watch()
    watch.wave(day(1), one=make_page("1", *LONG[:4]), two=make_page("2", SEALS, RECORD))

    result = watch.wave(day(2), one=make_page("1", *LONG[:3]), two=make_page("2", SEALS, RECORD, LONG[3]))

    (change,) = result.changes
    assert ("us-xx/code/1", "us-xx/code/2", "structural") == (change.old_document, change.document, change.nature)


def test_text_that_comes_back_elsewhere_in_a_later_wave_names_its_removal():
    watch = Watch()
    watch.wave(day(1), one=make_page("1", *LONG[:4]), two=make_page("2", SEALS, RECORD))
    left = watch.wave(day(2), one=make_page("1", *LONG[:3]))

    came = watch.wave(day(3), two=make_page("2", SEALS, RECORD, LONG[3]))

    assert [("removed", "1", "d")] == tell(left)
    assert [(left.changes[0].id,)] == [change.see_also for change in came.changes]


def test_the_pages_of_an_incident_are_kept_with_it():
    watch = Watch()
    watch.wave(day(1), **make_pages(""))

    result = watch.wave(day(2), one=make_plain("1", SORRY), two=make_plain("2", ERROR))

    (event,) = result.events
    assert [(event.id, "one"), (event.id, "two")] == [
        (page.event_id, page.url.rpartition("/")[2]) for page in result.event_pages
    ]
    assert ["shrunk", "shrunk"] == codes(result)


# -- causality with learned lines, suspects and moves in play ---------------------------------------------------------

ANSWERS = st.fixed_dictionaries(
    {step: st.tuples(st.sampled_from(["law", "amended", "short", "error", "all", "moved"]), st.integers(1, 9))
     for step in STEPS}
)  # fmt: skip


def make_answer(number, kind, count):
    stamp = f"Seen {count}{number} times"
    texts = {
        "law": (),
        "amended": (f"{SEALS} Of {WORDS[number]}.", f"{TERM} Of {WORDS[number]}.", f"{RECORD} Of {WORDS[number]}."),
        "all": (SEALS, RECORD, TERM),
        "moved": (f"{FEE} Of {WORDS[number]}.", f"{TERM} Of {count}.", f"{RECORD} Of {WORDS[number]}."),
    }
    plain = {"short": "The panel shall decide.", "error": SORRY}
    if kind in plain:
        return make_plain(number, plain[kind], frame=stamp)
    return make_page(number, *texts[kind], stamp=stamp, frame=stamp)


def run(waves):
    watch = Watch()
    for at, answers in enumerate(waves, 1):
        pages = {step: make_answer(str(STEPS.index(step) + 1), *answer) for step, answer in answers.items()}
        watch.wave(day(at), **pages)
    return watch


@given(st.lists(ANSWERS, min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_later_wave_alters_nothing_told_before_whatever_was_learned_or_doubted(waves):
    rows = run(waves).rows

    assert [run(waves[:cut]).rows for cut in range(1, len(waves))] == [rows[:cut] for cut in range(1, len(waves))]


def test_the_waves_of_that_test_do_learn_doubt_and_move():
    laws = [dict.fromkeys(STEPS, ("law", count)) for count in (1, 2)]
    doubted = {"one": ("all", 3), "two": ("all", 3), "three": ("all", 3), "four": ("moved", 2)}

    watch = run([*laws, doubted])

    assert list(watch.state.learned)
    assert 3 == sum(1 for page in watch.state.pages.values() if page.suspect_at)
