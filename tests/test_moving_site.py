"""What moves on an invented web is told exactly: its true changes, and none of its noise, faults and recoveries.

What cannot be decided from the pages alone is under test as well, with the reason beside it.
"""

import random

import pytest

from tests.moving_site import FAULTS, LAYOUTS, NOTICES, Follower, Site, is_rule, put_in_box, write_section

# One answer for every address of the host.
HOST_WIDE = ("home", "first page")
LAYOUT = pytest.mark.parametrize("layout", LAYOUTS)
FAULT = pytest.mark.parametrize("fault", [name for name in FAULTS if name not in HOST_WIDE])


def watch(layout, chapters=6, seed=1):
    """Return a site and a follower that saw it twice."""
    site = Site(layout, seed, chapters)
    follower = Follower(site)
    follower.take(site.show_all(0))
    follower.take(site.show_all(1))
    return site, follower


def break_pages(site, fault, slugs, wave):
    """Return the answers of a site whose pages answer falsely at some addresses."""
    return {**site.show_all(wave), **{site.url(slug): FAULTS[fault](site, slug, wave) for slug in slugs}}


# -- noise and amendments ---------------------------------------------------------------------------------------------


@LAYOUT
@pytest.mark.parametrize("seed", [1, 2])
def test_noise_banners_and_skins_are_silent_and_each_amendment_is_one_rule_change(layout, seed):
    site, follower = watch(layout, seed=seed)

    noise = follower.take(site.show_all(2))
    first = site.amend("title-3")
    site.banner = True
    bannered = follower.take(site.show_all(3))
    second = site.amend("title-4", 1)
    site.banner = False
    cleared = follower.take(site.show_all(4))
    site.skin = ' class="wide new"'
    dressed = follower.take(site.show_all(5))

    assert ([], [first], [second], []) == (noise.rules, bannered.rules, cleared.rules, dressed.rules)
    assert [] == noise.incidents + bannered.incidents + cleared.incidents + dressed.incidents


@LAYOUT
def test_what_is_left_out_of_comparing_is_shown_as_learned(layout):
    site, follower = watch(layout)
    follower.take(site.show_all(2))

    shown = " ".join(one.text for one in follower.state.learned.values())

    marks = {"definitions": "readers", "table": "visitor", "lists": "Page last reviewed"}
    assert marks.get(layout, "") in shown


@LAYOUT
def test_a_rewritten_section_and_a_rewritten_page_are_believed_at_once(layout):
    site, follower = watch(layout)
    dice = random.Random(5)  # noqa: S311 - invented law, no secret
    site.law["title-2"][-1] = write_section(dice, site.law["title-2"][-1].number)
    site.law["title-5"] = [write_section(dice, one.number) for one in site.law["title-5"]]

    told = follower.take(site.show_all(2))

    assert {site.url("title-2"), site.url("title-5")} == set(told.rules)
    assert [] == told.incidents


@LAYOUT
@pytest.mark.parametrize("at", [0, 1, -1])
def test_a_section_that_is_gone_from_its_page_is_told_at_once(layout, at):
    site, follower = watch(layout)
    site.law["title-2"].pop(at)

    told = follower.take(site.show_all(2))

    assert ({site.url("title-2")}, []) == (set(told.rules), told.incidents)


@LAYOUT
def test_a_section_that_becomes_a_stub_is_told_at_once(layout):
    site, follower = watch(layout)
    site.law["title-2"][1] = site.law["title-2"][1]._replace(heading="[Repealed]", paragraphs=())

    told = follower.take(site.show_all(2))

    assert ({site.url("title-2")}, []) == (set(told.rules), told.incidents)


@LAYOUT
def test_the_only_section_of_a_page_that_becomes_a_stub_is_told(layout):
    site = Site(layout, 1, 6)
    site.law["title-2"] = site.law["title-2"][:1]
    follower = Follower(site)
    follower.take(site.show_all(0))
    follower.take(site.show_all(1))
    site.law["title-2"] = [site.law["title-2"][0]._replace(heading="[Repealed]", paragraphs=(), history="")]

    told = [follower.take(site.show_all(wave)) for wave in (2, 3)]

    assert {site.url("title-2")} == {url for one in told for url in one.rules}


SHORT_LAWS = {
    "repealed": "<p>Repealed.</p>",
    "superseded": "<p>Superseded by Title 40 on July 1, 2026.</p>",
    "short": "<p>The harbor panel sets every fee of this title by order, and shall publish it each spring.</p>",
}


@LAYOUT
@pytest.mark.parametrize("text", SHORT_LAWS)
def test_a_short_text_that_truly_takes_a_page_s_place_is_believed_in_the_second_wave_at_the_latest(layout, text):
    site, follower = watch(layout)

    told = []
    for wave in (2, 3, 4):
        short = put_in_box(site, "title-5", wave, f"<div><h1>Title 5</h1>{SHORT_LAWS[text]}</div>")
        told.append(follower.take({**site.show_all(wave), site.url("title-5"): short}))

    assert {site.url("title-5")} == {url for one in told[:2] for url in one.rules}
    assert ([], []) == (told[2].rules, told[2].incidents)


@LAYOUT
def test_a_short_text_that_says_nothing_of_law_stays_an_open_incident(layout):
    # Nothing tells "permits are issued elsewhere now" from "we are dusting the shelves": neither is believed, and both
    # stay visible as incidents until the rule is back or a person looks.
    site, follower = watch(layout)

    told = []
    for wave in (2, 3, 4):
        page = put_in_box(site, "title-5", wave, "<div><p>Permits are given out by the clerk of Mill County.</p></div>")
        told.append(follower.take({**site.show_all(wave), site.url("title-5"): page}))

    assert [[]] * 3 == [one.rules for one in told]
    assert [[1]] * 3 == [one.incidents for one in told]


# -- faults -----------------------------------------------------------------------------------------------------------


@LAYOUT
@FAULT
def test_a_fault_is_one_incident_and_its_recovery_tells_the_amendment_made_meanwhile_alone(layout, fault):
    site, follower = watch(layout)

    other = site.amend("title-2")
    broken = follower.take(break_pages(site, fault, ["title-5", "title-6"], 2))
    meanwhile = site.amend("title-6")
    recovered = follower.take(site.show_all(3))

    assert ([other], [2]) == (broken.rules, broken.incidents)
    assert ([meanwhile], []) == (recovered.rules, recovered.incidents)


# A page cut at the end of a paragraph is a law that lost the rest: seen again, it is believed (DESIGN.md §5).
LASTING = [name for name in FAULTS if name not in (*HOST_WIDE, "cut sections")]


@LAYOUT
@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_that_lasts_is_not_believed_for_being_seen_again(layout, fault):
    site, follower = watch(layout)

    lasting = [follower.take(break_pages(site, fault, ["title-5"], wave)) for wave in (2, 3, 4)]
    recovered = follower.take(site.show_all(5))

    assert [([], [1])] * 3 == [(one.rules, one.incidents) for one in lasting]
    assert ([], []) == (recovered.rules, recovered.incidents)


@LAYOUT
def test_a_page_cut_at_the_end_of_a_paragraph_is_believed_when_it_is_seen_again(layout):
    site, follower = watch(layout)

    first, second = (follower.take(break_pages(site, "cut sections", ["title-5"], wave)) for wave in (2, 3))

    assert ([], [1]) == (first.rules, first.incidents)
    assert ({site.url("title-5")}, []) == (set(second.rules), second.incidents)


@LAYOUT
@pytest.mark.parametrize("fault", HOST_WIDE)
def test_one_answer_for_every_address_is_one_incident_however_long_it_lasts(layout, fault):
    site, follower = watch(layout)
    slugs = [slug for slug in site.law if fault == "home" or slug != "title-1"]

    lasting = [follower.take(break_pages(site, fault, slugs, wave)) for wave in (2, 3)]
    amended = site.amend("title-1")
    recovered = follower.take(site.show_all(4))

    assert [([], [len(slugs)])] * 2 == [(one.rules, one.incidents) for one in lasting]
    assert ([amended], []) == (recovered.rules, recovered.incidents)


@LAYOUT
def test_a_site_that_answers_one_page_for_all_teaches_nothing(layout):
    site, follower = watch(layout)
    before = set(follower.state.learned)

    follower.take(break_pages(site, "first page", [slug for slug in site.law if slug != "title-1"], 2))

    assert not [key for key in set(follower.state.learned) - before if key.startswith("frame") and "-" in key]


# -- faults at the first sight ----------------------------------------------------------------------------------------

ERRORS = ("short 404", "framed 404", "echoing 404", "captcha", "firewall", "maintenance", "login")
# All but "cut sections": a page that breaks off after a paragraph, its tags closed, is whole as far as anyone can tell.
FIRST = (*ERRORS, "empty", "cut bytes", "cut sentence", "conflict", "twice")


@LAYOUT
@pytest.mark.parametrize("fault", FIRST)
def test_a_fault_at_the_first_sight_gives_way_in_silence_and_the_next_amendment_is_told(layout, fault):
    site = Site(layout, 1, 6)
    follower = Follower(site)
    follower.take(break_pages(site, fault, ["title-5"], 0))

    recovered = follower.take(site.show_all(1))
    amended = site.amend("title-5")
    told = follower.take(site.show_all(2))

    assert [] == recovered.rules
    assert [amended] == told.rules


@LAYOUT
@pytest.mark.parametrize("fault", ERRORS)
def test_one_error_at_three_addresses_in_the_first_waves_gives_way_even_after_two(layout, fault):
    site = Site(layout, 1, 6)
    follower = Follower(site)
    slugs = ["title-2", "title-5", "title-6"]
    follower.take(break_pages(site, fault, slugs, 0))

    again = follower.take(break_pages(site, fault, slugs, 1))
    recovered = follower.take(site.show_all(2))

    assert ([], []) == (again.rules, recovered.rules)


def test_an_error_that_stood_alone_in_the_first_two_waves_was_the_page():
    # Two waves agreed on it and no other address says so: that a rule came there is news.
    site = Site("lists", 1, 6)
    follower = Follower(site)
    for wave in (0, 1):
        follower.take(break_pages(site, "maintenance", ["title-5"], wave))

    assert {site.url("title-5")} == set(follower.take(site.show_all(2)).rules)


# -- lists ------------------------------------------------------------------------------------------------------------


@LAYOUT
@pytest.mark.parametrize("fault", ERRORS)
def test_a_list_that_answers_with_an_error_removes_nothing(layout, fault):
    site, follower = watch(layout)

    broken = follower.take({site.root: FAULTS[fault](site, "title-1", 2)})
    recovered = follower.take(site.show_all(3))

    assert ([], [1]) == (broken.rules, broken.incidents)
    assert ([], []) == (recovered.rules, recovered.incidents)


@pytest.mark.parametrize("left", [1, 3, 5])
def test_a_list_with_half_of_its_links_removes_nothing_while_the_pages_stand(left):
    site, follower = watch("word", chapters=10)

    short = follower.take({**site.show_all(2), site.root: site.list_page(list(site.law)[:left])})
    recovered = follower.take(site.show_all(3))

    assert [] == short.rules + recovered.rules


def test_a_list_that_lost_most_of_its_links_proves_nothing_even_where_the_pages_were_not_asked_for():
    site, follower = watch("word", chapters=10)

    short = follower.take({site.root: site.list_page(list(site.law)[:4])})

    assert ([], [1]) == (short.rules, short.incidents)


# -- what is learned and what never is --------------------------------------------------------------------------------

PERMIT = ("Permit of class {at}", "Application fee: $50", "{line}", "A holder of permit {at} shall keep {at}{at} lots.")
AMENDED = {
    "Application fee: $80": "Application fee: $95",
    "Continuing training: 30 hours each year": "Continuing training: 40 hours each year",
    "In force since January 1, 2025": "In force since January 1, 2026",
    "Rates apply from 1 July 2025": "Rates apply from 1 January 2026",
    "Valid through June 30, 2026": "Valid through June 30, 2027",
    "Schedule of March 1, 2025": "Schedule of November 1, 2025",
    "Refills: 3": "Refills: 5",
    "Form A-12": "Form A-14",
    "Rule 12-4. Permits": "Rule 12-5. Permits",
}
STAMPS = {
    "Last updated: January 1, 2026": "Last updated: January 9, 2026",
    "Reviewed 2026-01-05": "Reviewed 2026-01-19",
    "Today is Monday, January 12": "Today is Monday, January 19",
    "Current through 2 January 2026": "Current through 9 January 2026",
    NOTICES[0]: NOTICES[1],
}


class Permits(Site):
    """Pages of short lines without numbers, one of them ``line``."""

    def __init__(self, line, pages=20):
        super().__init__("lists", 1, 1)
        self.law = {f"permit-{'abcdefghijklmnopqrstuvwxyz'[at]}": [text.format(at=at, line=line) for text in PERMIT]
                    for at in range(pages)}  # fmt: skip

    def page(self, slug, wave):  # noqa: ARG002 - these pages have no noise
        lines = "".join(f"<p>{line}</p>" for line in self.law[slug])
        return self.frame(f"<main>{lines}</main>", slug)

    def put(self, line, pages):
        for slug in list(self.law)[:pages]:
            self.law[slug][2] = line
        return [self.url(slug) for slug in list(self.law)[:pages]]


def follow_line(line, new, pages=20, amended=20):
    site = Permits(line, pages)
    follower = Follower(site)
    follower.take(site.show_all(0))
    follower.take(site.show_all(1))
    urls = site.put(new, amended)
    return follower.take(site.show_all(2)), sorted(urls)


@pytest.mark.parametrize("line", AMENDED)
@pytest.mark.parametrize(("pages", "amended"), [(20, 1), (20, 3), (20, 20), (4, 3), (4, 4)])
def test_a_line_of_law_amended_alike_on_one_page_some_or_all_is_told_on_each(line, pages, amended):
    told, urls = follow_line(line, AMENDED[line], pages, amended)

    assert urls == told.rules
    assert [] == told.learned


@pytest.mark.parametrize("line", STAMPS)
def test_a_stamp_or_notice_that_moves_on_all_pages_is_learned_and_shown(line):
    told, _ = follow_line(line, STAMPS[line])

    assert [] == told.rules
    assert {STAMPS[line]} <= set(told.learned)


def test_a_notice_that_moves_on_few_pages_is_told():
    told, urls = follow_line(NOTICES[0], NOTICES[1], 20, 3)

    assert (set(urls), []) == (set(told.rules), told.learned)


@pytest.mark.parametrize("amended", [3, 20])
def test_a_line_that_says_since_when_a_page_applies_is_never_learned(amended):
    # It is read as a note with its date, and told as what it is on every page where it moved.
    told, urls = follow_line("Effective January 1, 2025", "Effective January 1, 2026", 20, amended)

    notes = [change for change in told.result.changes if "2026" in change.new_text]
    assert urls == sorted(change.url for change in notes)
    assert [] == told.learned


def test_fees_of_their_own_on_every_page_are_no_counters():
    site = Permits("Portion due now: none")
    for at, slug in enumerate(site.law):
        site.law[slug][2] = f"Renewal: ${20 + at}"
    follower = Follower(site)
    follower.take(site.show_all(0))
    for at, slug in enumerate(site.law):
        site.law[slug][2] = f"Renewal: ${25 + 2 * at}"

    told = follower.take(site.show_all(1))

    assert (20, []) == (len(told.rules), told.learned)


def test_an_amended_line_without_figures_that_reads_alike_on_all_pages_is_taken_for_a_banner():
    # A banner whose words changed and a line of law whose words changed look alike where both stand on every page:
    # it is left out of comparing, and the table of learned lines says so.
    told, _ = follow_line("No deposit is taken", "A deposit is taken")

    assert [] == told.rules
    assert "A deposit is taken" in told.learned


def test_every_rule_change_of_a_wave_is_of_text_or_heading_and_substantive():
    site, follower = watch("word")
    site.amend("title-2")

    changes = follower.take(site.show_all(2)).result.changes

    assert 1 == sum(map(is_rule, changes))
