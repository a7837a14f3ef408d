"""Following a source through its waves: what is believed, what is told, and when."""

import copy
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.compare.ids import event_id
from kb.compare.proof import proves_itself
from kb.models import Act, Flaw
from kb.store.connection import transaction
from kb.store.knowledge import open_knowledge, read_state, record_wave
from tests.build import Watch, day, make_list, make_reading, make_seen

FEE = "An applicant pays a fee of fifty dollars to the board."
TERM = "A permit lasts two years and ends on the last day of June."
RECORD = "The clinic keeps a record of each dose it has given."
LAW = (("a", FEE), ("b", TERM))


def make_law(number="1", *parts, **fields):
    return make_reading(*(parts or LAW), document=f"us-xx/code/{number}", **fields)


def make_page(*numbers, **page):
    """Make a page of documents, each with law of its own."""
    return make_seen(*(make_law(number, ("a", f"{FEE} Rule {number}.")) for number in numbers), **page)


def tell(result):
    return [(change.kind, change.document.rpartition("/")[2]) for change in result.changes]


def list_events(result):
    return [(event.kind, event.pages, event.changes) for event in result.events]


def verdicts(result):
    return [judged.verdict for judged in result.judged]


def codes(result):
    return [problem.code for problem in result.problems]


# -- baseline and addition --------------------------------------------------------------------------------------------


def test_the_first_wave_reports_nothing():
    result = Watch().wave(day(1), one=make_page("1"), two=make_page("2"))

    assert ([], []) == (result.changes, result.events)
    assert [("1", True), ("2", True)] == [(row.place.document[-1], row.baseline) for row in result.documents]
    assert ["version", "version"] == verdicts(result)


def test_a_page_first_seen_late_is_baseline():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"))

    result = watch.wave(day(2), one=make_page("1"), two=make_page("2"))

    assert [] == tell(result)
    assert [True] == [row.baseline for row in result.documents]


def test_a_page_that_was_not_found_before_is_added():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"), two=404)

    result = watch.wave(day(2), one=make_page("1"), two=make_page("2"))

    assert [("added", "2")] == tell(result)
    assert [False] == [row.baseline for row in result.documents]
    assert day(2) == result.changes[0].observed_at == result.changes[0].confirmed_at


def test_a_page_that_could_not_be_reached_before_is_baseline():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"), two=403)

    assert [] == tell(watch.wave(day(2), two=make_page("2")))


def test_a_document_new_on_a_page_read_before_is_added():
    watch = Watch()
    watch.wave(day(1), one=make_page("1", "2"))

    assert [("added", "3")] == tell(watch.wave(day(2), one=make_page("1", "2", "3")))


def test_a_document_newly_named_by_a_list_is_added_when_its_page_comes():
    watch = Watch()
    watch.wave(day(1), list=make_list("us-xx/code/1"), one=make_page("1"))

    named = watch.wave(day(2), list=make_list("us-xx/code/1", "us-xx/code/2"))
    seen = watch.wave(day(3), two=make_page("2"))

    assert [] == tell(named)
    assert [("added", "2")] == tell(seen)


def test_a_document_named_by_the_first_list_is_baseline_whenever_its_page_comes():
    watch = Watch()
    watch.wave(day(1), list=make_list("us-xx/code/1", "us-xx/code/2"), one=make_page("1"))

    assert [] == tell(watch.wave(day(2), two=make_page("2")))


def test_an_added_document_that_is_still_to_come_tells_its_day():
    watch = Watch()
    watch.wave(day(1), one=404)

    result = watch.wave(day(2), one=make_seen(make_law(begins="2024-07-01")))

    assert ["2024-07-01"] == [str(change.effective_on) for change in result.changes]


# -- removal ----------------------------------------------------------------------------------------------------------


def test_one_404_is_unavailable_and_no_change():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"))

    result = watch.wave(day(2), one=404)

    assert ([], ["suspect"], ["unavailable"]) == (tell(result), verdicts(result), codes(result))
    assert [("incident", 1, 0)] == list_events(result)
    assert f"not found; unavailable since {day(2)}" == result.problems[0].message


def test_404_in_two_waves_twenty_hours_apart_proves_a_removal_since_the_first():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"))
    watch.wave(day(2), one=404)

    result = watch.wave(day(3, 4), one=404)

    assert [("removed", "1")] == tell(result)
    change = result.changes[0]
    assert (day(2), day(3, 4)) == (change.observed_at, change.confirmed_at)
    assert "https://rules.example.gov/one" == change.url
    assert ["removed"] == verdicts(result)


@pytest.mark.parametrize("second", [day(2, 23), day(3, 3)])
def test_404_twice_within_nineteen_hours_proves_nothing(second):
    watch = Watch()
    watch.wave(day(1), one=make_page("1"))
    watch.wave(day(2), one=404)

    assert [] == tell(watch.wave(second, one=404))


def test_404_twice_within_one_wave_proves_nothing():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"))

    result = watch.wave(day(3), (day(2, 1), "one", 404), (day(3), "one", 404))

    assert [] == tell(result)


def test_410_proves_a_removal_at_once():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"))

    result = watch.wave(day(2), one=410)

    assert [("removed", "1")] == tell(result)
    assert day(2) == result.changes[0].observed_at == result.changes[0].confirmed_at


@pytest.mark.parametrize("answer", [make_page("1"), make_page("1", frame="g"), 304])
def test_404_and_then_the_same_page_is_nothing(answer):
    watch = Watch()
    watch.wave(day(1), one=make_page("1"))
    watch.wave(day(2), one=404)

    recovered = watch.wave(day(3), one=answer)
    again = watch.wave(day(4), one=404)

    assert ([], ["same"]) == (tell(recovered), verdicts(recovered))
    assert [] == tell(again)


def test_404_and_the_page_within_one_wave_is_neither_removal_nor_relocation():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"))

    lost_and_found = watch.wave(day(2, 9), (day(2), "one", 404), (day(2, 9), "one", make_page("1", frame="g")))
    found_and_lost = watch.wave(day(3, 9), (day(3), "one", make_page("1", frame="h")), (day(3, 9), "one", 404))

    assert [] == tell(lost_and_found) + tell(found_and_lost)
    assert "relocation" not in {kind for kind, *_ in list_events(lost_and_found) + list_events(found_and_lost)}
    assert [] == lost_and_found.locations + found_and_lost.locations


def test_a_removed_document_that_returns_is_added_and_names_its_removal():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"))
    removed = watch.wave(day(2), one=410)

    returned = watch.wave(day(5), other=make_page("1"))

    assert [("added", "1")] == tell(returned)
    assert (removed.changes[0].id,) == returned.changes[0].see_also


def test_a_short_document_may_follow_a_removed_one_at_its_address():
    watch = Watch()
    watch.wave(day(1), one=make_seen(make_law("1", *((str(at), f"{FEE} {at}") for at in range(30)))))
    watch.wave(day(2), one=410)

    result = watch.wave(day(3), one=make_page("2"))

    assert [("added", "2")] == tell(result)


def test_a_document_that_a_complete_list_no_longer_names_is_removed():
    watch = Watch()
    watch.wave(day(1), list=make_list("us-xx/code/1", "us-xx/code/2"), one=make_page("1"), two=make_page("2"))

    result = watch.wave(day(2), list=make_list("us-xx/code/1"), one=make_page("1"))

    assert [("removed", "2")] == tell(result)
    assert "https://rules.example.gov/two" == result.changes[0].url


def test_a_list_read_in_part_proves_nothing():
    watch = Watch()
    watch.wave(day(1), list=make_list("us-xx/code/1", "us-xx/code/2"), one=make_page("1"), two=make_page("2"))

    partly = watch.wave(day(2), list=make_list("us-xx/code/1", complete=False))
    wholly = watch.wave(day(3), list=make_list("us-xx/code/1"))

    assert [] == tell(partly)
    assert [("removed", "2")] == tell(wholly)


def test_a_document_named_by_another_list_now_is_not_removed():
    watch = Watch()
    watch.wave(
        day(1), list=make_list("us-xx/code/1", "us-xx/code/2"), more=make_list("us-xx/code/3"), two=make_page("2")
    )

    result = watch.wave(day(2), list=make_list("us-xx/code/1"), more=make_list("us-xx/code/3", "us-xx/code/2"))

    assert [] == tell(result)


@pytest.mark.parametrize("answer", [make_page("2"), make_page("2", frame="g"), 304])
def test_an_unlisted_document_whose_page_stands_is_a_problem_until_it_does_not(answer):
    watch = Watch()
    short = make_list("us-xx/code/1")
    watch.wave(day(1), list=make_list("us-xx/code/1", "us-xx/code/2"), two=make_page("2"))

    standing = watch.wave(day(2), list=short, two=answer)
    alone = watch.wave(day(3), list=short)

    assert ([], ["unlisted"]) == (tell(standing), codes(standing))
    assert [("removed", "2")] == tell(alone)


def test_a_document_that_vanishes_from_a_page_of_many_is_removed_at_once():
    watch = Watch()
    watch.wave(day(1), title=make_page("1", "2", "3"))

    result = watch.wave(day(2), title=make_page("1", "3", frame="g"))

    assert [("removed", "2")] == tell(result)
    assert ["version"] == verdicts(result)
    assert [("revision", 1, 1)] == list_events(result)


def test_a_document_that_vanishes_from_all_its_pages_at_once_is_removed():
    watch = Watch()
    watch.wave(day(1), one=make_page("1", "2"), two=make_page("2", "3"))

    result = watch.wave(day(2), one=make_page("1"), two=make_page("3"))

    assert [("removed", "2")] == tell(result)


def test_a_document_lost_from_a_page_and_back_within_one_wave_is_nothing():
    watch = Watch()
    watch.wave(day(1), title=make_page("1", "2"))

    result = watch.wave(day(2, 9), (day(2), "title", make_page("1")), (day(2, 9), "title", make_page("1", "2")))
    later = watch.wave(day(3), title=make_page("1"))

    assert [] == tell(result)
    assert [("removed", "2")] == tell(later)


def test_a_text_amended_twice_within_one_wave_is_told_twice():
    watch = Watch()
    watch.wave(day(1), one=make_seen(make_law("1", ("a", "A report is due in 30 days."))))
    texts = [make_seen(make_law("1", ("a", f"A report is due in {days} days."))) for days in (45, 60)]

    result = watch.wave(day(2, 9), (day(2), "one", texts[0]), (day(2, 9), "one", texts[1]))

    assert [(day(2), "45"), (day(2, 9), "60")] == [(c.observed_at, c.new_text.split()[-2]) for c in result.changes]
    assert 2 == len(result.versions)


# -- addresses --------------------------------------------------------------------------------------------------------


def test_a_document_at_a_new_address_while_the_old_one_is_gone_is_a_relocation():
    watch = Watch()
    watch.wave(day(1), old=make_page("1"))

    result = watch.wave(day(2), old=404, new=make_page("1", frame="g"))

    assert [] == tell(result)
    assert [("relocation", 1, 0)] == list_events(result)
    assert [("new", False), ("old", True)] == [(row.url.rpartition("/")[2], row.gone) for row in result.locations]


def test_a_document_at_a_new_address_a_wave_after_the_old_one_went_is_a_relocation():
    watch = Watch()
    watch.wave(day(1), old=make_page("1"))
    watch.wave(day(2), old=404)

    result = watch.wave(day(3), old=404, new=make_page("1"))

    assert [] == tell(result)
    assert [("relocation", 1, 0)] == list_events(result)


def test_an_old_address_that_goes_a_wave_after_the_new_one_came_is_a_relocation():
    watch = Watch()
    watch.wave(day(1), old=make_page("1"))
    watch.wave(day(2), old=make_page("1"), new=make_page("1"))

    result = watch.wave(day(3), old=404, new=make_page("1"))

    assert ([], [], ["removed", "same"]) == (tell(result), codes(result), sorted(verdicts(result)))
    assert [("relocation", 1, 0)] == list_events(result)


def test_a_document_that_moves_from_one_page_of_many_to_another_is_a_relocation():
    watch = Watch()
    watch.wave(day(1), one=make_page("1", "2"), two=make_page("3"))

    result = watch.wave(day(2), one=make_page("1"), two=make_page("2", "3"))

    assert [] == tell(result)
    assert [("relocation", 1, 0)] == list_events(result)


def test_a_document_that_is_amended_as_it_moves_is_one_change_with_both_addresses():
    watch = Watch()
    watch.wave(day(1), old=make_seen(make_law()))

    result = watch.wave(
        day(2), old=404, new=make_seen(make_law("1", ("a", FEE.replace("fifty", "sixty")), ("b", TERM)))
    )

    assert [("amended", "1")] == tell(result)
    assert ("https://rules.example.gov/new", "https://rules.example.gov/old") == (
        result.changes[0].url,
        result.changes[0].old_url,
    )


def test_one_of_two_addresses_may_go_in_silence():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"), two=make_page("1"))
    watch.wave(day(2), two=404)

    result = watch.wave(day(3), two=404)

    assert [] == tell(result)
    assert [("two", True)] == [(row.url.rpartition("/")[2], row.gone) for row in result.locations]


def test_two_addresses_that_disagree_are_a_problem_and_never_a_change():
    watch = Watch()
    told, stale = make_law(), make_law("1", ("a", FEE))

    first = watch.wave(day(1), one=make_seen(told), two=make_seen(stale))
    again = watch.wave(day(2), one=make_seen(told, frame="g"), two=make_seen(stale, frame="g"))
    alone = watch.wave(day(3), one=make_seen(told, frame="g"), two=make_seen(stale, frame="h"))

    assert ["disagreement"] * 3 == [code for result in (first, again, alone) for code in codes(result)]
    assert [] == tell(again) + tell(alone)


def test_the_trusted_address_is_followed_while_another_disagrees():
    watch = Watch()
    stale = make_law("1", ("a", FEE))
    watch.wave(day(1), one=make_seen(make_law()), two=make_seen(stale))

    result = watch.wave(day(2), one=make_seen(make_law("1", *LAW, ("c", RECORD))), two=make_seen(stale, frame="g"))

    assert [("added", "c")] == [(change.kind, change.eid) for change in result.changes]


def test_the_last_address_is_believed_when_the_trusted_one_is_gone():
    watch = Watch()
    watch.wave(day(1), one=make_seen(make_law()), two=make_seen(make_law("1", ("a", FEE))))
    watch.wave(day(2), one=410, two=304)

    result = watch.wave(day(3), two=make_seen(make_law("1", ("a", FEE)), frame="g"))

    assert [("removed", "b")] == [(change.kind, change.old_eid) for change in result.changes]


# -- suspicion --------------------------------------------------------------------------------------------------------


def make_long(count):
    return make_seen(make_law("1", *((str(at), f"{FEE} Item {at}.") for at in range(1, count + 1))))


def test_a_page_that_shrinks_below_a_quarter_is_believed_when_a_later_wave_shows_it_again():
    watch = Watch()
    watch.wave(day(1), one=make_long(20))

    first = watch.wave(day(2), one=make_long(2))
    second = watch.wave(day(3), one=make_long(2))

    assert ([], ["suspect"], ["shrunk"]) == (tell(first), verdicts(first), codes(first))
    assert 18 == len(second.changes)
    assert {(day(2), day(3))} == {(change.observed_at, change.confirmed_at) for change in second.changes}


def test_a_page_that_shrinks_twice_within_one_wave_is_not_believed():
    watch = Watch()
    watch.wave(day(1), one=make_long(20))

    result = watch.wave(day(2, 9), (day(2), "one", make_long(2)), (day(2, 9), "one", make_long(2)))

    assert ([], ["suspect"] * 2) == (tell(result), verdicts(result))


def test_a_page_that_shrinks_otherwise_each_time_is_not_believed():
    watch = Watch()
    watch.wave(day(1), one=make_long(20))
    watch.wave(day(2), one=make_long(2))

    assert [] == tell(watch.wave(day(3), one=make_long(3)))


@pytest.mark.parametrize("bad", [make_long(2), make_seen(flaws=(Flaw("empty", "no words"),)), 500, 403])
@pytest.mark.parametrize("recovered", [make_long(20), msgspec.structs.replace(make_long(20), frame="g")])
def test_recovery_from_a_page_that_was_not_believed_is_nothing(bad, recovered):
    watch = Watch()
    watch.wave(day(1), one=make_long(20))
    suspect = watch.wave(day(2), one=bad)

    result = watch.wave(day(3), one=recovered)

    assert ([], [], ["suspect"]) == (tell(suspect), suspect.versions, verdicts(suspect))
    assert ([], [], ["same"]) == (tell(result), result.versions, verdicts(result))


@pytest.mark.parametrize(("bad", "verdict"), [(make_long(2), "suspect"), (500, "same")])
def test_not_modified_after_a_page_that_is_not_trusted_is_no_recovery(bad, verdict):
    watch = Watch()
    watch.wave(day(1), one=make_long(20))
    watch.wave(day(2), one=bad)

    result = watch.wave(day(3), one=304)

    assert ([], [], [verdict]) == (tell(result), result.versions, verdicts(result))


def test_a_flawed_page_is_a_suspect_however_often_it_is_seen():
    watch = Watch()
    watch.wave(day(1), one=make_long(20))
    flawed = make_seen(make_law(), flaws=(Flaw("cut", "the page ends inside a tag"),))

    results = [watch.wave(day(at), one=flawed) for at in (2, 3, 4)]

    assert [["suspect"]] * 3 == [verdicts(result) for result in results]
    assert [] == [change for result in results for change in result.changes]


@pytest.mark.parametrize("stub", ["Repealed.", "[Repealed by Law 9-9]"])
def test_a_stub_that_says_the_law_is_gone_is_believed_at_once(stub):
    watch = Watch()
    watch.wave(day(1), one=make_long(20))

    result = watch.wave(day(2), one=make_seen(make_law("1", ("p1", stub))))

    assert {"removed"} == {change.kind for change in result.changes}
    assert ["version"] == verdicts(result)


def test_a_repealed_document_does_not_vouch_for_a_page_that_lost_the_others():
    watch = Watch()
    stub = make_law("1", ("p1", "Repealed."))
    others = [make_law(str(at), ("a", f"{FEE} {RECORD} {at}")) for at in range(2, 9)]
    watch.wave(day(1), title=make_seen(stub, *others))

    result = watch.wave(day(2), title=make_seen(stub))

    assert ([], ["suspect"]) == (tell(result), verdicts(result))


def test_a_repealed_paragraph_does_not_vouch_for_the_rest_of_its_document():
    assert not proves_itself(make_law("1", ("a", FEE), ("b", "Repealed.")))
    assert proves_itself(make_law("1", ("p1", "Repealed.")))
    assert proves_itself(make_law("1", ("p1", "Not funded."), heading="Definitions. [Not funded]"))
    assert not proves_itself(make_law("1", ("p1", "Not funded."), heading="Definitions."))


# -- rendering --------------------------------------------------------------------------------------------------------


def test_a_site_rendered_anew_is_one_event_without_a_change():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"), two=make_page("2"))

    result = watch.wave(day(2), one=make_page("1", frame="g", shape="t"), two=make_page("2", frame="g", shape="t"))

    assert [] == result.changes
    assert [("rerender", 2, 0)] == list_events(result)
    assert event_id("us-xx-rules", day(2), "rerender") == result.events[0].id


def test_a_page_whose_frame_never_rests_is_two_events_at_most():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"))

    results = [watch.wave(day(at), one=make_page("1", frame=f"frame {at}")) for at in range(2, 6)]

    assert 2 * [("rerender", 1, 0)] == [event for result in results for event in list_events(result)]


def test_an_amended_page_is_not_called_restless():
    watch = Watch()
    watch.wave(day(1), one=make_page("1"))
    watch.wave(day(2), one=make_seen(make_law("1", ("a", TERM)), frame="g"))

    result = watch.wave(day(3), one=make_seen(make_law("1", ("a", TERM)), frame="h"))

    assert [("rerender", 1, 0)] == list_events(result)


# -- documents under other numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["title", "new"])
def test_a_document_renumbered_as_a_whole_is_one_structural_change(step):
    watch = Watch()
    watch.wave(day(1), title=make_seen(make_law("1"), make_law("9", ("a", RECORD))))
    left = make_law("9", ("a", RECORD))
    pages = {"title": make_seen(left, make_law("5"))} if step == "title" else {
        "title": make_seen(left), "new": make_seen(make_law("5")),
    }  # fmt: skip

    result = watch.wave(day(2), **pages)

    assert [("renumbered", "structural", "us-xx/code/5", "us-xx/code/1")] == [
        (change.kind, change.nature, change.document, change.old_document) for change in result.changes
    ]


def test_both_strands_of_a_renumbered_document_are_told():
    watch = Watch()

    def texts(number):
        return (make_law(number), make_law(number, strand="permanent"), make_law("9", ("a", RECORD)))

    watch.wave(day(1), title=make_seen(*texts("1")))

    result = watch.wave(day(2), title=make_seen(*texts("5")))

    assert [("renumbered", "current"), ("renumbered", "permanent")] == [(c.kind, c.strand) for c in result.changes]


def test_two_stubs_with_the_same_words_are_not_one_document():
    watch = Watch()
    stubs = {number: make_law(number, ("p1", "Repealed.")) for number in ("1", "2")}
    watch.wave(day(1), title=make_seen(stubs["1"], make_law("9")))

    result = watch.wave(day(2), title=make_seen(stubs["2"], make_law("9")))

    assert [("added", "2"), ("removed", "1")] == tell(result)


def test_a_law_that_vanishes_and_is_back_later_under_another_number_names_its_removal():
    watch = Watch()
    rest = make_law("9", ("a", RECORD))
    watch.wave(day(1), title=make_seen(make_law("1"), rest))
    removed = watch.wave(day(2), title=make_seen(rest))
    watch.wave(day(3), title=make_seen(rest, frame="g"))

    result = watch.wave(day(4), title=make_seen(make_law("5"), rest))

    assert [("removed", "1")] == tell(removed)
    assert [("added", "5")] == tell(result)
    assert (removed.changes[0].id,) == result.changes[0].see_also


def test_a_change_names_the_acts_that_its_own_text_adds():
    watch = Watch()
    coming = make_law("1", ("a", TERM), begins="2030-01-01", acts=(Act("Law 9-9"),))
    watch.wave(day(1), one=make_seen(make_law("1", ("a", FEE), acts=(Act("Law 1-1"),)), coming))

    amended = make_law("1", ("a", FEE.replace("fifty", "sixty")), acts=(Act("Law 1-1"), Act("Law 2-2")))
    result = watch.wave(day(2), one=make_seen(amended, coming))

    assert ["Law 2-2"] == [change.cause for change in result.changes]


# -- causality --------------------------------------------------------------------------------------------------------

SITE = {
    "list": [make_list(*(f"us-xx/code/{number}" for number in names)) for names in ("12", "1", "23")],
    "one": [make_page("1"), make_page("1", frame="g"), make_seen(make_law("1"))],
    "two": [make_page("2"), make_page("1", "2"), make_page("2", "3"), make_seen(make_law("2", ("p1", "Repealed.")))],
    "three": [make_page("3"), make_page("1"), make_long(20), make_seen(flaws=(Flaw("empty", "no words"),))],
}  # fmt: skip
ANSWERS = st.fixed_dictionaries({}, optional={
    step: st.sampled_from([*pages, 404, 410, 403]) for step, pages in SITE.items()
})  # fmt: skip
WAVES = st.lists(ANSWERS.filter(bool), min_size=1, max_size=6)


def run(waves):
    watch = Watch()
    for at, answers in enumerate(waves, 1):
        watch.wave(day(at), **answers)
    return watch


@given(WAVES)
@settings(max_examples=150, deadline=None)
def test_a_later_wave_alters_no_row_of_an_earlier_one(waves):
    rows = run(waves).rows

    for cut in range(1, len(waves)):
        assert run(waves[:cut]).rows == rows[:cut]


@given(WAVES)
@settings(max_examples=150, deadline=None)
def test_rows_keep_to_their_wave_and_documents_stand_where_pages_show_them(waves):
    watch = Watch()

    results = [watch.wave(day(at), **answers) for at, answers in enumerate(waves, 1)]

    for result in results:
        assert len(result.changes) == len({change.id for change in result.changes})
        assert all(change.observed_at <= change.confirmed_at <= result.wave_at for change in result.changes)
    for place, strand in watch.state.strands.items():
        assert bool(strand.shown) == bool(strand.urls)
        assert all(place in watch.state.pages[url].places for url in strand.urls)
    for url, page in watch.state.pages.items():
        assert all(url in watch.state.strands[place].urls for place in page.places)


@given(WAVES)
@settings(max_examples=40, deadline=None)
def test_what_a_database_keeps_between_waves_is_all_that_is_known(waves):
    watch = Watch()
    with TemporaryDirectory() as folder, closing(open_knowledge(Path(folder) / "kb.db")) as database:
        for at, answers in enumerate(waves, 1):
            with transaction(database):
                record_wave(database, watch.wave(day(at), **answers), "fingerprint")

            assert watch.state == read_state(database, "us-xx-rules")


@given(WAVES)
@settings(max_examples=100, deadline=None)
def test_every_page_whose_state_moved_is_kept_with_its_wave(waves):
    watch = Watch()
    for at, answers in enumerate(waves, 1):
        before = copy.deepcopy(watch.state.pages)

        kept = {page.url for page in watch.wave(day(at), **answers).pages}

        assert kept >= {url for url, page in watch.state.pages.items() if before.get(url) != page}
