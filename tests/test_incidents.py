"""Incidents open and close by themselves, one for each source and cause, whatever the number of pages."""

import ast
import re
from pathlib import Path

import pytest

from crawlers.outcomes import MEANINGS
from kb.build import BuildRequest, build
from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.incidents import find_answers, find_cause, name_code, read_causes
from kb.models import Fetch, Problem, Wave
from kb.store.archive import close_run, ensure_log, open_archive, record_captures, record_declarations, start_run
from kb.store.incidents import read_incidents
from kb.store.knowledge import open_knowledge
from tests.build import URL, day, make_capture, make_source

ROOT = Path(__file__).parent.parent
# What takes a code as its first argument.
SAYERS = ("Flaw", "GivenUpError", "RefusedError", "NotWordError", "_unread")
SOURCE = make_source()
PAGE = b"<main><h1>1. Licenses</h1><p>A license is required of every person who sedates.</p></main>"
FAILED = {"dns": (0, "error", "dns: no such name"), "timeout": (0, "error", "timeout: no answer in 60 s")}
STATUSES = {403: "blocked", 404: "missing", 503: "error"}


def answer(number, at, what):
    """Make the capture of one page: what it answers is bytes, a status or the name of a failure."""
    url, facts = URL[:-1] + str(number), {"observed_at": at}
    if isinstance(what, bytes):
        return make_capture(url, what, **facts)
    status, outcome, error = FAILED.get(what) or (what, STATUSES[what], f"status {what}")
    return make_capture(url, None, status=status, outcome=outcome, error=error, **facts)


def record_wave(data, at, *answers):
    """Archive one crawl: the first answer is that of page 1, and so on; None: not asked."""
    db = open_archive(data / "archive.db")
    ensure_log(db, "log", at)
    record_declarations(db, {SOURCE.id: SOURCE.body}, at)
    start_run(db, f"run-{at}", "crawl", at)
    told = [answer(number, at, what) for number, what in enumerate(answers, 1) if what is not None]
    record_captures(db, f"run-{at}", told)
    close_run(db, f"run-{at}", at)
    db.close()


def list_incidents(data, until="9999"):
    build(data, BuildRequest(sources=[SOURCE]))
    db = open_knowledge(data / "kb.db", read_only=True)
    found = read_incidents(db, until)
    db.close()
    return found


def test_an_outage_of_many_pages_is_one_incident_that_closes_by_itself(tmp_path):
    record_wave(tmp_path, day(1), PAGE, PAGE, PAGE)
    record_wave(tmp_path, day(2), 503, 503, 503)
    record_wave(tmp_path, day(3), 503, PAGE, PAGE)
    record_wave(tmp_path, day(4), PAGE, PAGE, PAGE)

    (incident,) = list_incidents(tmp_path)

    assert ("http_5xx", day(2), day(4)) == (incident.cause, incident.opened_at, incident.closed_at)
    assert (3, day(3), "status 503") == (incident.pages, incident.last_seen, incident.first_message)


def test_what_is_told_of_a_wave_depends_on_no_later_one(tmp_path):
    waves = [(PAGE, PAGE), ("dns", "dns"), ("timeout", PAGE), (403, PAGE), (PAGE, PAGE), ("dns", PAGE)]
    early = []
    for number, answers in enumerate(waves, 1):
        record_wave(tmp_path, day(number), *answers)
        early.append(list_incidents(tmp_path))

    (tmp_path / "kb.db").unlink()
    late = [list_incidents(tmp_path, day(number)) for number in range(1, len(waves) + 1)]

    assert early == late
    assert ["dns", "timeout", "http_403", "dns"] == [one.cause for one in late[-1]]
    assert [day(3), day(4), day(5), None] == [one.closed_at for one in late[-1]]


def test_an_incident_lasts_while_its_page_is_not_asked_again(tmp_path):
    record_wave(tmp_path, day(1), PAGE, PAGE)
    record_wave(tmp_path, day(2), PAGE, "timeout")
    record_wave(tmp_path, day(3), PAGE, None)

    (incident,) = list_incidents(tmp_path)

    assert (None, 1) == (incident.closed_at, incident.pages)


def test_a_page_that_is_missing_is_an_incident_until_it_is_proven_gone(tmp_path):
    for number, what in enumerate((PAGE, 404, 404), 1):
        record_wave(tmp_path, day(number), what, PAGE)

    (incident,) = list_incidents(tmp_path)

    assert ("http_404", day(2), day(3)) == (incident.cause, incident.opened_at, incident.closed_at)


def test_an_answer_that_is_not_believed_is_an_incident_of_its_content(tmp_path):
    record_wave(tmp_path, day(1), PAGE, PAGE)
    record_wave(tmp_path, day(2), b"", PAGE)

    (incident,) = list_incidents(tmp_path)

    assert ("suspect_content", None) == (incident.cause, incident.closed_at)
    assert "is empty" in incident.first_message


@pytest.mark.parametrize(
    ("error", "status", "outcome", "cause"),
    [
        ("dns: no such name", 0, "error", "dns"),
        ("tls: certificate has expired", 0, "error", "tls"),
        ("timeout: 60 seconds", 0, "error", "timeout"),
        ("status 403", 403, "blocked", "http_403"),
        ("", 403, "blocked", "http_403"),
        ("status 418", 418, "error", "http_4xx"),
        ("status 522", 522, "error", "http_5xx"),
        ("robots: robots.txt forbids it", 0, "refused", "robots"),
        ("offsite: redirect leaves the source", 302, "refused", "redirect"),
        ("", 200, "truncated", "suspect_content"),
        ("sunspots: nobody declared this", 0, "error", "other"),
    ],
)
def test_every_failure_has_a_cause_and_one_nobody_knows_is_other(error, status, outcome, cause):
    assert cause == find_cause(name_code(error, status, outcome)).id


def test_a_failure_nobody_knows_is_told_with_its_words(tmp_path, monkeypatch):
    monkeypatch.setitem(FAILED, "odd", (0, "error", "sunspots: nobody declared this"))
    record_wave(tmp_path, day(1), PAGE)
    record_wave(tmp_path, day(2), "odd")

    (incident,) = list_incidents(tmp_path)

    assert ("other", "sunspots: nobody declared this") == (incident.cause, incident.first_message)


def test_no_code_means_two_causes():
    codes = [code for cause in read_causes().causes for code in cause.codes]

    assert sorted(set(codes)) == sorted(codes)


def test_a_broken_list_of_causes_is_refused_by_name(tmp_path, monkeypatch):
    (tmp_path / "incidents.yml").write_text("causes: [{id: dns}]\nnotes: []\n")
    monkeypatch.setattr("kb.incidents.share_path", lambda *_: tmp_path / "incidents.yml")

    with pytest.raises(DeclarationError, match=r"incidents\.yml"):
        read_causes.__wrapped__()


def list_codes_said():
    """List the codes that stand in the code itself: what reading finds wrong, and what the crawler gives up for."""
    said = {code for _, _, code in MEANINGS} | {"secret"}
    for path in sorted([*(ROOT / "kb").rglob("*.py"), *(ROOT / "crawlers").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYERS and node.args:
                first = node.args[0]
                said |= {first.value} if isinstance(first, ast.Constant) and isinstance(first.value, str) else set()
            elif isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                said.add(node.value.value)
    return said


def test_every_code_that_is_said_has_a_cause_or_is_known_to_be_a_note():
    declared = {code for cause in read_causes().causes for code in cause.codes} | set(read_causes().notes)

    said = list_codes_said()

    assert {"dns", "robots", "format_changed", "too_slow", "crowded", "shrunk"} <= said
    assert set() == said - declared


def test_every_cause_stands_in_the_description_of_the_table():
    told = load_yaml(ROOT / "schemas" / "tables.yml")["tables"]["incidents"]["columns"]["cause"]

    listed = re.findall(r"[a-z_0-9]+", told.partition(": ")[2].replace(" or ", ", "))

    assert [cause.id for cause in read_causes().causes] == listed


def test_text_that_a_machine_read_is_no_trouble_of_its_source():
    wave = make_wave(200, "ok")

    made, unknown = (find_answers(wave, {}, [], [make_problem(code)]) for code in ("read_by_machine", "sunspots"))

    assert {URL: None} == made
    assert ("other", "sunspots: told") == (unknown[URL].cause, unknown[URL].message)


def make_wave(status, outcome):
    facts = {"seq": 0, "run": "r", "source": SOURCE.id, "url": URL, "observed_at": day(1), "status": status}
    rest = {"outcome": outcome, "sha256": None, "media_type": "text/html", "charset": "", "size": 0, "final_url": URL}
    return Wave(day(1), SOURCE.id, (Fetch(**facts, **rest),))


def make_problem(code):
    return Problem(source=SOURCE.id, url=URL, observed_at=day(1), wave_at=day(1), code=code, message="told")
