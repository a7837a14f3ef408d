"""The pages about the data: files with checksums that hold, a dictionary, measured figures, method and limits."""

import asyncio
import csv
import io
import sqlite3
from contextlib import closing
from hashlib import sha256

import pytest

from kb.store import downloads, public
from kb.store.downloads import list_downloads, write_table
from kb.store.overview import Measured
from kb.web.guard import FormulaGuard
from kb.web.pages.quality import cut, group_sets, keeps_limit, print_figure, tell_headlines
from kb.web.tables import read_tables
from tests.sites import HOSTILE, make_data, open_site, publish_at
from tests.test_web_pages import ask, main_text, open_generation, read, text_of

TODAY = "2024-03-02"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    made = make_data(folder / "data", folder / "web")
    publish_at(made)
    return made


@pytest.fixture(scope="module")
def db(data):
    with closing(open_generation(data / "public" / "000001.db")) as opened:
        yield opened


def measure(**fields):
    values = {"corpus": "dc", "measure": "page: recall", "value": 0.5, "cases": 10, "low": 0.2, "high": 0.8}
    return Measured(**{**values, "asked": "", "code": "c0de", **fields})


# --- files


def test_every_table_that_is_described_is_offered_with_its_rows_and_checksum(db):
    rows = read(db, "/data", TODAY).css("#files ~ .scroll tbody tr")
    offered = {row.css_first("code").text(): row.css("td")[-1].text() for row in rows}

    # Made after the files are counted: the list of files, and the row numbers that searches look up.
    assert set(read_tables()) - {"downloads", "provision_places"} == set(offered)
    assert {name: file.sha256 for name, file in list_downloads(db).items()} == offered


def test_checksum_is_that_of_the_file_that_is_sent(db):
    for name, file in list_downloads(db).items():
        body = ask(db, f"/data/{name}.csv", TODAY).body.encode()

        assert (file.sha256, file.size) == (sha256(body).hexdigest(), len(body)), name
        assert file.rows == len(list(csv.reader(io.StringIO(body.decode(), newline="")))) - 1, name


def test_guard_of_formulas_leaves_a_file_as_it_is(db):
    body = ask(db, "/data/provisions.csv", TODAY).body.encode()

    assert body == FormulaGuard().feed(body, last=True)


def test_cell_that_a_spreadsheet_would_run_is_disarmed(db):
    cells = [cell for row in csv.reader(io.StringIO(ask(db, "/data/provisions.csv", TODAY).body)) for cell in row]

    assert [] == [cell for cell in cells if cell.startswith("=")]
    assert any(HOSTILE[5] in cell for cell in cells)


async def fetch(monkeypatch, data, path):
    return await open_site(monkeypatch, data).client.get(path)


def test_file_arrives_whole_through_the_real_site(monkeypatch, data, db):
    answer = asyncio.run(fetch(monkeypatch, data, "/data/changes.csv"))

    assert list_downloads(db)["changes"].sha256 == sha256(answer.content).hexdigest()
    assert 'attachment; filename="changes.csv"' == answer.headers["content-disposition"]


@pytest.mark.parametrize("path", ["/data/nothing.csv", "/data/sqlite_master.csv", "/data/downloads.csv"])
def test_table_that_is_not_offered_is_told(db, path):
    answer = ask(db, path, TODAY)

    assert 404 == answer.status
    assert "/data lists" in answer.body


def test_table_that_is_too_large_has_no_file_and_the_page_says_so(monkeypatch, data):
    monkeypatch.setattr(downloads, "LARGEST_FILE", 2_000)

    with closing(open_generation(publish_at(data, 7).path)) as db:
        row = next(row for row in text_of(read(db, "/data", TODAY), "tbody tr") if row.startswith("Provisions"))
        answer = ask(db, "/data/provisions.csv", TODAY)

    assert "CSV stream large" in row
    assert row.endswith("none: not one file")
    assert (404, True) == (answer.status, "Too large for one file" in answer.body)


def test_a_table_is_written_alike_however_its_rows_are_numbered():
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(
            "CREATE TABLE t (a TEXT, b REAL); INSERT INTO t (rowid, a, b) VALUES (7, '=x', 0.5), (9, NULL, 2)"
        )

        assert "a,b\r\n'=x,0.5\r\n,2.0\r\n" == write_table(db, "t")


# --- the page of the data


def test_data_page_tells_what_every_column_holds(db):
    told = main_text(db, "/data", TODAY)

    for table in read_tables().values():
        for words in table.columns.values():
            assert " ".join(words.split()) in told


def test_data_page_names_its_edition_and_the_head_of_the_log(db):
    page = main_text(db, "/data", TODAY)
    (head,) = db.execute("SELECT tree_head FROM releases").fetchone()

    assert "This is edition 1, published Mar 1, 2024, 01:00 UTC" in page
    assert head in page


# --- quality


def test_figure_is_cut_and_never_rounded_up_to_all():
    assert ["99.9", "100.0", "98.7", "0.0"] == [cut(value, 1) for value in (99.96, 100.0, 98.7, 0.04)]


def test_share_is_told_with_its_cases_and_bounds():
    figure = print_figure(measure(value=269 / 270, cases=270, low=0.97932, high=0.9999))

    assert ("99.6 %", "269 of 270", "97.9 to 99.9 %") == (figure.figure, figure.of, figure.bounds)


def test_count_and_mean_are_told_as_such():
    count = print_figure(measure(value=7420503.0, cases=0, low=None, high=None))
    mean = print_figure(measure(value=0.99987, cases=1933, low=None, high=None))

    assert ("7,420,503", "") == (count.figure, count.of)
    assert ("0.999", "mean of 1,933") == (mean.figure, mean.of)


@pytest.mark.parametrize(
    ("value", "asked", "kept"),
    [(0.9, "≥ 0.9", True), (0.89, "≥ 0.9", False), (0, "≤ 0", True), (3, "≤ 0", False), (0.1, "", True)],
)
def test_limit_is_kept_or_missed(value, asked, kept):
    assert kept is keeps_limit(measure(value=value, asked=asked))


def test_set_that_nobody_described_is_shown_under_its_name():
    assert ["new-set"] == [one.title for one in group_sets([measure(corpus="new-set")])]


def test_headlines_are_made_of_what_was_measured_and_leave_out_the_rest():
    assert ["Of 10 pages that had one, 5 were said to"] == tell_headlines([measure()])


def test_quality_page_puts_missed_limits_first(db):
    tree = read(db, "/quality", TODAY)
    missed = [row for row in text_of(tree, "tbody tr") if row.endswith("missed")]

    assert len(missed) == len(tree.css("#missed ~ ul.prose:first-of-type li, #missed + p + ul li"))
    assert "Rule changed, or only its wording?, held: accuracy: 94.5 % (138 of 146), asked ≥ 0.95" in main_text(
        db, "/quality", TODAY
    )


def test_edition_without_measurements_says_so(tmp_path):
    draft = public.make_draft(tmp_path / "draft.db")
    row = {"generation": 1, "published_at": "2024-07-18T06:00:00Z", "log_id": "", "log_size": 0, "tree_head": ""}
    public.insert_rows(draft, "releases", [row])
    public.compact(draft, tmp_path / "1.db")
    draft.close()

    with closing(open_generation(tmp_path / "1.db")) as db:
        answers = {path: ask(db, path) for path in ("/quality", "/data", "/methods", "/about")}

    assert {200} == {answer.status for answer in answers.values()}
    assert "Nothing was measured" in answers["/quality"].body


# --- method and limits


def test_methods_tell_every_weight_and_every_state_in_words(db):
    told = main_text(db, "/methods", TODAY)

    for words in (
        "Rule changed",
        "Wording only",
        "Coming change",
        "Quoted words are gone",
        "Not looked at yet",
        "Late",
    ):
        assert words in told


def test_about_says_that_it_is_no_legal_advice_and_what_was_corrected(db):
    told = main_text(db, "/about", TODAY)

    assert "It is not legal advice." in told
    assert "Nothing that was published has been found wrong" in told
