"""Damaged pages are read and compared without a crash; the bench counts crashes and hangs as it says."""

import msgspec
import pytest

from bench.fuzz import SAVED, Told, fuzz, main, read_files, read_originals, run_case, strip_selectors
from bench.mutations import MUTATIONS, make_chance, mutate, mutate_file
from bench.papers import PAPERS
from kb.evaluate.sets import CORPUS
from kb.read.page import read_page

PAGE = b"<html><body><main><h1>Fees</h1><p>(a) The fee is $5.</p><p>(b) It is due.</p></main></body></html>"
# CPU seconds of a case that only a machine at a standstill would need: the suite counts crashes, the bench hangs.
GENEROUS = 120.0


@pytest.fixture(scope="module")
def saved():
    """The saved pages of the tests alone."""
    return read_originals(SAVED / "no-corpus-here")


def test_five_hundred_damaged_pages_are_read_and_compared():
    told = fuzz(read_originals(CORPUS), 500, 11, seconds=GENEROUS)

    assert Told(500) == told


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_way_of_damage_changes_a_page_and_repeats_itself(mutation):
    damaged = [[mutation(PAGE, make_chance(seed)) for seed in range(20)] for _ in range(2)]

    assert damaged[0] == damaged[1]
    assert any(body != PAGE for body in damaged[0])


def test_an_empty_page_is_damaged_without_error():
    assert all(isinstance(mutation(b"", make_chance(1)), bytes) for mutation in MUTATIONS)


def test_damage_names_its_ways():
    body, ways = mutate(PAGE, make_chance(3))

    assert body != PAGE
    assert {mutation.__name__ for mutation in MUTATIONS} >= set(ways)


def test_a_case_repeats_itself_and_another_seed_is_another_case(saved):
    assert run_case(saved, 1, 5) == run_case(saved, 1, 5) != run_case(saved, 2, 5)


def test_an_error_is_counted_as_crash_and_the_next_case_runs(saved, capfd):
    broken = msgspec.structs.replace(saved[0][0], body=None)

    told = fuzz([[broken]], 3, 1, seconds=GENEROUS)

    assert (3, 3, ()) == (told.cases, len(told.crashes), told.hangs)
    assert "TypeError" in capfd.readouterr().err


def test_a_case_over_its_bound_is_counted_as_hang(saved):
    slow = msgspec.structs.replace(saved[0][0], body=PAGE * 500)

    told = fuzz([[slow]], 2, 1, seconds=0.001)

    assert ((), 2) == (told.crashes, len(told.hangs))


def test_sources_are_also_read_without_their_selectors(saved):
    plain = strip_selectors(saved[0][0].source)

    assert (None, ()) == (plain.select.main, plain.remove)


def test_command_ends_with_zero_when_nothing_crashed(capsys):
    code = main(["--cases", "5", "--seed", "3", "--corpus", "no-corpus-here"])

    assert (0, True) == (code, "5 cases of" in capsys.readouterr().out)


def test_command_runs_a_single_case(capsys):
    assert 0 == main(["--case", "4", "--corpus", "no-corpus-here"])
    assert capsys.readouterr().out.startswith("case 4: ")


@pytest.mark.parametrize("kind", PAPERS)
def test_damaged_files_are_read_in_a_process_apart_and_compared(kind):
    told = fuzz([read_files(kind)], 60, 17, seconds=GENEROUS)

    assert Told(60) == told


@pytest.mark.parametrize("kind", PAPERS)
def test_every_file_that_is_damaged_is_read_when_it_is_whole_but_a_locked_one(kind):
    pages = [read_page(one.body, one.source, one.url, media_type=one.media_type) for one in read_files(kind)]

    assert {(), ("locked",)} >= {tuple(flaw.code for flaw in page.flaws) for page in pages}
    assert any(page.readings for page in pages)


def test_a_package_is_damaged_in_its_parts_too():
    (word,) = read_files("docx")

    damaged = [mutate_file(word.body, make_chance(seed)) for seed in range(20)]

    assert any(ways[0].startswith("word/") for _, ways in damaged)
    assert damaged == [mutate_file(word.body, make_chance(seed)) for seed in range(20)]


def test_command_damages_files_of_a_format(capsys):
    code = main(["--format", "docx", "--cases", "5"])

    assert (0, True) == (code, "0 times the process that reads ended" in capsys.readouterr().out)
