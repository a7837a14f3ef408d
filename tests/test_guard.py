"""Strangers may ask anything that is cheap and harmless; what they and crawled pages send in comes out as words."""

import asyncio
import contextlib
import csv
import http.client
import io
import json
import shutil
import socket
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.errors import NotFoundError, UsageError
from kb.serve import ServeRequest, start_server, stop_server
from kb.store.downloads import FORMULA_STARTS
from kb.web import guard, mount, swap
from kb.web.answer import Answer, PageRoute
from kb.web.guard import FormulaGuard
from tests.sites import HOSTILE, make_data, open_site, publish_at

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Without a sandbox as containers have none; the rest keeps it from reaching out.
CHROMIUM_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --virtual-time-budget=3000 --enable-logging=stderr --v=0 --dump-dom"
).split()

A_MILLION = "with recursive a(s) as (select 'a' union all select s || s from a where length(s) < 1000000)"
REFUSED = {
    "printf": "select printf('%.*c', 900000000, 'x')",
    "format": "select format('%.*c', 900000000, 'x')",
    "zeroblob": "select length(zeroblob(900000000))",
    "randomblob": "select length(randomblob(900000000))",
    "hex": "select hex(sha256) from snapshots",
    "quote": "select quote(text) from provisions",
    "load_extension": "select load_extension('x')",
    "version": "select sqlite_version()",
    "compile options": "select sqlite_compileoption_get(1)",
    "random": "select random()",
    "tokenizer": "select fts3_tokenizer('simple')",
    "path": "select * from pragma_database_list",
    "pragma": "select * from pragma_compile_options",
    "functions": "select * from pragma_function_list",
    "pages": "select * from sqlite_dbpage",
    "cte path": "with a as (select file from pragma_database_list) select * from a",
    "attach": "attach '/etc/passwd' as x",
    "pragma statement": "pragma table_info(changes)",
    "update": "update changes set reason = ''",
    "delete": "delete from changes",
    "vacuum": "vacuum into '/tmp/x'",
    "cte delete": "with a as (select 1) delete from changes",
    "two statements": "select 1; drop table changes",
    "long value": f"{A_MILLION.replace('1000000', '99000000')} select max(length(s)) from a",
    "large answer": f"{A_MILLION} select max(s), v.place from a, provisions v, provisions w group by v.rowid, w.rowid",
    "endless": "with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t",
    "long needle": f"{A_MILLION} select instr(max(s), substr(max(s), 1, 500000) || 'b') from a",
    "long replace": f"{A_MILLION} select length(replace(max(s), substr(max(s), 1, 500000) || 'b', '')) from a",
    "long trim": f"{A_MILLION} select length(trim(max(s), replace(max(s), 'a', 'b') || 'a')) from a",
    "long result": f"{A_MILLION} select length(replace(max(s), 'a', max(s))) from a",
    "gathering": "select length(json_group_array(text)) from provisions",
}
ALLOWED = {
    "count": "select count(*) from changes",
    "text": "select snippet(provisions_fts, 1, '', '', '', 9) from provisions_fts where provisions_fts match 'fee'",
    "json": "select value from sources, json_each(sources.topics)",
    "window": "select row_number() over (order by observed_at) from changes",
    "recursive": "with recursive t(n) as (select 1 union all select n + 1 from t where n < 9) select sum(n) from t",
    "columns": "select name from pragma_table_info('changes')",
    "schema": "select name from sqlite_master",
    "dates": "select julianday(last_checked) from sources",
}
INNER = (
    "databases",
    "threads",
    "settings",
    "plugins",
    "versions",
    "metadata",
    "allow-debug",
    "patterns",
    "actor",
    "logout",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    made = make_data(folder / "data", folder / "web")
    publish_at(made)
    return made


@pytest.fixture
def site(monkeypatch, data):
    return open_site(monkeypatch, data)


def get(site, path, **keys):
    async def ask():
        return await site.client.get(path, **keys)

    return asyncio.run(ask())


# --- SQL


# Those that SQLite has to run before it knows: they are given up after the time limit, or refused by a length.
TOO_MUCH = "was given too much: look for at most 100 characters"
RUNNING = {
    "long value": "string or blob too big",
    "large answer": "larger than 16,000,000 characters",
    "endless": "SQL query took too long",
    "long needle": TOO_MUCH,
    "long replace": TOO_MUCH,
    "long trim": TOO_MUCH,
    "long result": TOO_MUCH,
}


@pytest.fixture
def begun(monkeypatch):
    """The statements that any connection of the site began to run; what is refused when it is read never begins."""
    statements = []

    def guard_and_trace(db):
        guard.guard_connection(db)
        db.set_trace_callback(statements.append)

    monkeypatch.setattr(swap, "guard_connection", guard_and_trace)
    return statements


# What a function of ours raises inside SQLite is also told to Python's hook for such errors.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", RUNNING)
def test_sql_that_costs_too_much_is_given_up(site, name):
    answer = get(site, "/kb.json", params={"sql": REFUSED[name]})

    assert 400 == answer.status_code
    assert "/data/" not in answer.text
    assert RUNNING[name] in answer.json()["error"]


@pytest.mark.parametrize("name", sorted(set(REFUSED) - set(RUNNING)))
def test_sql_that_is_never_allowed_is_refused_before_it_begins(begun, site, name):
    answer = get(site, "/kb.json", params={"sql": REFUSED[name]})

    assert 400 == answer.status_code
    assert "/data/" not in answer.text
    assert [] == [one for one in begun if REFUSED[name].partition(";")[0] in one]


def test_ordinary_sql_is_seen_to_begin(begun, site):
    get(site, "/kb.json", params={"sql": ALLOWED["count"]})

    assert [ALLOWED["count"]] == [one for one in begun if "count(*) from changes" in one]


@pytest.mark.parametrize(
    "expression",
    ["printf('%.*c', 9e8, 'x')", "zeroblob(9e8)", "hex(randomblob(9e8))", "group_concat(printf('%s', text))"],
)
@pytest.mark.parametrize("where", ["_where", "sql", "nested"])
def test_bombs_are_refused_wherever_sql_is_taken(begun, site, expression, where):
    paths = {
        "_where": ("/kb/changes.json", {"_where": f"length({expression}) > 1"}),
        "sql": ("/kb.json", {"sql": f"select length({expression}) from provisions order by {expression}"}),
        "nested": ("/kb.json", {"sql": f"with a as (select {expression} as b) select * from a, a as c"}),
    }
    path, params = paths[where]

    answer = get(site, path, params=params)

    assert 400 == answer.status_code
    assert [] == [one for one in begun if expression in one]


@pytest.mark.parametrize("name", ALLOWED)
def test_ordinary_sql_is_answered(site, name):
    answer = get(site, "/kb.json", params={"sql": ALLOWED[name], "_shape": "array"})

    assert (200, True) == (answer.status_code, len(answer.json()) > 0 or name == "json")


@pytest.mark.parametrize("sql", [REFUSED["printf"], "select 'nurse@example.com' from nowhere"])
def test_nothing_of_what_strangers_ask_is_printed_for_the_operator(site, capfd, sql):
    assert 400 == get(site, "/kb.json", params={"sql": sql}).status_code

    assert ("", "") == capfd.readouterr()


def test_answer_is_cut_at_a_number_of_rows_and_says_so(site):
    sql = "with recursive t(n) as (select 1 union all select n + 1 from t where n < 5000) select n from t"

    answer = get(site, "/kb.json", params={"sql": sql}).json()

    assert (1000, True) == (len(answer["rows"]), answer["truncated"])


def test_questions_of_strangers_wait_for_their_turn(monkeypatch, site):
    monkeypatch.setattr(mount, "QUESTION_WAIT", 0.2)
    endless = {"sql": REFUSED["endless"]}

    async def ask():
        busy = [asyncio.create_task(site.client.get("/kb.json", params=endless)) for _ in range(4)]
        await asyncio.sleep(0.1)
        page = await site.client.get("/kb/releases/1.json")
        return page, [await task for task in busy]

    page, busy = asyncio.run(ask())

    assert 200 == page.status_code
    assert {400: 2, 503: 2} == {status: [one.status_code for one in busy].count(status) for status in (400, 503)}


def test_columns_may_not_be_read_through_a_filter_of_a_stranger(site):
    answer = get(site, "/kb/changes.json", params={"_where": "id in (select file from pragma_database_list)"})

    assert 400 == answer.status_code


@pytest.mark.parametrize(
    "expression",
    [
        *("instr('abc', 'c')", "instr('abc', 'x')", "instr(null, 'x')", "instr(1234, 3)", "instr('abc', '')"),
        *("replace('abab', 'a', '')", "replace('ab', '', 'x')", "replace('ab', null, 'x')", "replace(121, 2, 3)"),
        *("trim('xaxx', 'x')", "rtrim('2024Z', 'Z')", "ltrim('xxa', 'xy')", "trim('a', '')", "rtrim('a', null)"),
        *("trim(' a ')", "typeof(instr('a', 'a'))", "instr(x'616263', x'63')"),
    ],
)
def test_bounded_functions_do_what_sqlite_does(expression):
    with closing(sqlite3.connect(":memory:")) as plain, closing(sqlite3.connect(":memory:")) as bounded:
        guard.bound_functions(bounded)

        expected, found = (db.execute(f"SELECT {expression}").fetchone()[0] for db in (plain, bounded))

    assert expected == found


TEXTS = st.one_of(st.none(), st.integers(-99, 99), st.text(st.sampled_from("abZ §é"), max_size=8))


@given(TEXTS, TEXTS, TEXTS)
def test_bounded_functions_agree_with_sqlite_on_any_text(text, needle, new):
    with closing(sqlite3.connect(":memory:")) as plain, closing(sqlite3.connect(":memory:")) as bounded:
        guard.bound_functions(bounded)
        question = "SELECT INSTR(:a, :b), REPLACE(:a, :b, :c), TRIM(:a, :b), LTRIM(:a, :b), RTRIM(:a, :b)"
        values = {"a": text, "b": needle, "c": new}

        expected, found = (db.execute(question, values).fetchone() for db in (plain, bounded))

    assert expected == found


# --- what is public


@pytest.mark.parametrize("name", INNER)
def test_inner_pages_are_not_shown(site, name):
    found = {get(site, path).status_code for path in (f"/-/{name}", f"/-/{name}.json", f"/%2D/{name}", f"/-%2f{name}")}

    assert found <= {302, 404}
    assert 404 in found


@pytest.mark.parametrize("path", ["/_internal", "/~5Finternal", "/_memory", "/_internal/databases", "/:memory:"])
def test_inner_databases_are_not_shown(site, path):
    assert 404 == get(site, path, follow_redirects=True).status_code


def test_whole_file_is_not_for_download(site):
    assert 403 == get(site, "/kb.db").status_code


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_site_only_answers_questions(site, method):
    async def ask():
        return await site.client.request(method, "/kb")

    assert 405 == asyncio.run(ask()).status_code


def test_files_beside_the_static_ones_are_not_reached(site):
    found = {get(site, path).status_code for path in ("/static/../settings.json", "/static/..%2fsettings.json")}

    assert found <= {403, 404}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/kb",
        "/kb/changes",
        "/kb/changes.json",
        "/kb/changes.csv",
        "/no-such",
        "/-/x",
        "/static/statusquo.css",
    ],
)
def test_every_answer_carries_the_headers_and_no_cookie(site, path):
    headers = get(site, path, headers={"cookie": "ds_actor=x; ds_messages=y"}).headers

    assert guard.SECURITY_HEADERS.items() <= dict(headers).items()
    assert "set-cookie" not in headers
    assert "1" == headers["x-generation"]


def test_policy_lets_nothing_inline_run():
    policy = dict(part.split(" ", 1) for part in guard.SECURITY_HEADERS["content-security-policy"].split("; "))

    assert ("'none'", "'self'", "'self'") == (policy["default-src"], policy["script-src"], policy["style-src"])
    assert ("'none'", "'none'", "'self'") == (policy["frame-ancestors"], policy["base-uri"], policy["form-action"])


@pytest.mark.parametrize("path", ["/kb", "/kb/changes", "/kb/releases/1", "/kb?sql=select+1", "/kb/upcoming"])
def test_pages_hold_no_inline_script_or_style_sheet(site, path):
    text = get(site, path).text

    assert text.count("<script") == text.count("<script src=")
    assert "<style" not in text


def test_fault_of_ours_is_logged_and_not_told(monkeypatch, data, caplog):
    def view(db, asked):
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(mount, "PAGES", (PageRoute("^/broken$", view),))
    answer = get(open_site(monkeypatch, data), "/broken")

    assert (500, False) == (answer.status_code, "secret" in answer.text)
    assert "a secret" in caplog.text


# --- our own pages


def test_page_gets_path_and_query_decoded_and_its_headers_are_kept(monkeypatch, data):
    seen = []

    def view(db, asked):
        seen.append(dict(asked))
        return Answer(201, "made", "text/plain", {"cache-control": "no-store", "x-frame-options": "ALLOW"})

    monkeypatch.setattr(mount, "PAGES", (PageRoute("^/d/(?P<document>.+)$", view),))
    answer = get(
        open_site(monkeypatch, data),
        "/d/us-xx/code/1%C2%A7%282%29?as_of=2024-01-01&as_of=x&document=other&q=a+b&today=1",
    )

    today = date.fromisoformat(seen[0].pop("today"))
    assert [{"document": "us-xx/code/1§(2)", "as_of": "2024-01-01", "q": "a b", "address": ""}] == seen
    assert abs(today - datetime.now(UTC).date()) <= timedelta(days=1)
    assert (201, "made", "no-store", "DENY") == (
        answer.status_code,
        answer.text,
        answer.headers["cache-control"],
        answer.headers["x-frame-options"],
    )


@pytest.mark.parametrize(("error", "status"), [(NotFoundError("<b>none"), 404), (UsageError("<b>none"), 400)])
def test_condition_we_can_name_becomes_a_page_that_says_so(monkeypatch, data, error, status):
    def view(db, asked):
        raise error

    monkeypatch.setattr(mount, "PAGES", (PageRoute("^/x$", view),))
    answer = get(open_site(monkeypatch, data), "/x")

    assert (status, True) == (answer.status_code, "&lt;b&gt;none" in answer.text)


def test_page_that_takes_too_long_is_given_up(monkeypatch, data):
    def view(db, asked):
        db.execute(REFUSED["endless"])

    monkeypatch.setattr(mount, "PAGES", (PageRoute("^/x$", view),))
    monkeypatch.setattr(mount, "PAGE_SECONDS", 0.2)

    assert 503 == get(open_site(monkeypatch, data), "/x").status_code


# --- hostile text


def test_hostile_text_is_escaped_on_table_pages(site):
    text = get(site, "/kb/provisions?_size=max").text

    assert HOSTILE[0].replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;") in text
    assert ("<script>document", "<img src=x", "\u202e", 'href="javascript') == tuple(
        payload for payload in ("<script>document", "<img src=x", "\u202e", 'href="javascript') if payload not in text
    )
    assert "pay ⟨U+202E⟩001$ now" in text


def test_hostile_text_in_json_stays_data(site):
    answer = get(site, "/kb/provisions.json?_size=max&_shape=array")

    assert ("application/json; charset=utf-8", "nosniff") == (
        answer.headers["content-type"],
        answer.headers["x-content-type-options"],
    )
    assert set(HOSTILE) <= {row["text"] for row in answer.json()}


@pytest.mark.parametrize("query", ["_size=max", "_stream=on", "_dl=on&_size=max"])
def test_formulas_in_csv_are_disarmed_and_all_else_is_untouched(site, query):
    answer = get(site, f"/kb/provisions.csv?{query}")
    plain = get(site, "/kb/provisions.json?_size=max&_shape=array").json()

    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))

    assert [disarm(row["text"]) for row in plain] == [row["text"] for row in rows]
    assert [disarm(row["heading"]) for row in plain] == [row["heading"] for row in rows]
    assert f"'{HOSTILE[5]}" in {row["text"] for row in rows}


def disarm(text):
    return f"'{text}" if text.startswith("=") else text


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_formula_guard_works_however_the_stream_is_cut(size):
    rows = [["a", "=1+1", "x\n=2"], ["@b", 'say "=3"', "-§"], ["", "\t=4", "plain, text"]]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    stream = out.getvalue().encode()
    formulas = FormulaGuard()

    sent = b"".join(formulas.feed(stream[at : at + size]) for at in range(0, len(stream), size)) + formulas.feed(
        b"", last=True
    )

    assert [["a", "'=1+1", "x\n=2"], ["'@b", 'say "=3"', "'-§"], ["", "'\t=4", "plain, text"]] == list(
        csv.reader(io.StringIO(sent.decode(), newline=""))
    )


CELLS = st.text(st.sampled_from("=+-@\t\r\n\",'§a1 ＝"), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), min_size=1, max_size=4), st.integers(1, 9))
def test_formula_guard_changes_nothing_but_an_apostrophe(rows, size):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    stream = out.getvalue().encode()
    formulas = FormulaGuard()

    sent = b"".join(formulas.feed(stream[at : at + size]) for at in range(0, len(stream), size))
    sent += formulas.feed(b"", last=True)

    read = list(csv.reader(io.StringIO(sent.decode(), newline="")))
    assert [[f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in row] for row in rows] == read


# --- the real server


def read_page(port, path):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.headers, answer.read()


@pytest.fixture(scope="module")
def port(data):
    """Serve the data folder with the real command and yield on which port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    server = start_server(ServeRequest(data, port=number))
    for _ in range(200):
        with contextlib.suppress(ConnectionError):
            read_page(number, "/static/statusquo.css")
            break
        time.sleep(0.1)
    yield number
    stop_server(server)


def test_real_server_answers_and_moves_to_a_new_generation(port, data):
    def read():
        headers, body = read_page(port, "/kb/releases.json?_shape=array")
        return int(headers["x-generation"]), max(row["generation"] for row in json.loads(body))

    before = read()
    number = publish_at(data, 5).generation
    after = read()

    assert ((number - 1,) * 2, (number,) * 2) == (before, after)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
@pytest.mark.parametrize("path", ["/kb/provisions?_size=100", "/kb/changes", "/kb?sql=select+text+from+provisions"])
def test_browser_runs_nothing_of_a_crawled_page(port, tmp_path, path):
    command = [CHROMIUM, *CHROMIUM_FLAGS, f"--user-data-dir={tmp_path}", f"http://127.0.0.1:{port}{path}"]

    page = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    assert "– Status Quo</title>" in page.stdout
    assert "<title>hacked" not in page.stdout
    assert "<script" not in page.stdout
    assert ("?sql" in path) != ("<summary>What the columns hold" in page.stdout)
    assert "inline" not in page.stderr
    assert "Uncaught" not in page.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/public", "/kb"),
        ("/public/changes?source=us-xx-open&_sort=id", "/kb/changes?source=us-xx-open&_sort=id"),
        ("/public/changes/a%2Fb,c", "/kb/changes/a%2Fb,c"),
        ("/public.json?sql=select+1", "/kb.json?sql=select+1"),
    ],
)
def test_old_links_to_tables_lead_where_they_stand_now(site, old, new):
    answer = get(site, old)

    assert (301, new) == (answer.status_code, answer.headers["location"])


def test_page_whose_name_only_begins_like_the_old_tables_is_none(site):
    assert 404 == get(site, "/publications").status_code
