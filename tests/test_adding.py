"""A source is added by commands: a skeleton and a saved page, a look at what is read, and what must be read."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from kb.adding.declaring import add_entry, find_jurisdiction
from kb.adding.expecting import render_json, shorten_text
from kb.adding.starting import write_together
from kb.cli import main
from kb.errors import DeclarationError, UsageError
from tests.crawling import Site, redirect_to

URL = "https://kites.example.gov/rules.html"
PAGE = """<!doctype html><html><head><title>Kites | Example</title></head><body><nav><a href="/">Home</a></nav>
<main><h1>Rules of the Kite Board</h1>
<h2>12.1. Licences</h2><p>(a) Nobody may fly a kite higher than forty feet without a licence that is in force.</p>
<h2>12.2. Fees</h2><p>(a) The fee is 10 dollars.</p><p>History: Laws 2019, ch. 4.</p>
<h2>12.3. Lines</h2><p>(a) A line is not of metal.</p></main></body></html>"""
COMMENTED = """# Our sources; keep this line.
jurisdiction: us-xx
sources:
- id: us-xx-old  # the first
  platform: page
  urls: ["https://old.example.gov/"]   # odd spacing   stays
  # select: main

# After the sources.
authorities:
  - {id: us-xx-board, name: Example Board}
"""


def run(*words, folder=None):
    more = () if folder is None else ("--sources", folder)
    return CliRunner(env={"COLUMNS": "120"}).invoke(main, [str(word) for word in (*words, *more)])


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(PAGE, "utf-8")
    return path


@pytest.fixture
def added(tmp_path, page):
    """A folder with one source, its page of 2024-02-08 and what must be read from it."""
    folder = tmp_path / "sources"
    run("sources", "new", "us-xx-kites", URL, "--from", page, folder=folder)
    for path in (folder / "pages" / "us-xx-kites").iterdir():
        path.unlink()
    run("sources", "expect", "us-xx-kites", "--file", page, "--date", "2024-02-08", folder=folder)
    return folder


def list_files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# --- new


def test_new_writes_a_declaration_the_page_and_where_it_came_from(tmp_path, page):
    folder = tmp_path / "sources"

    result = run("sources", "new", "us-xx-kites", URL, "--from", page, folder=folder)

    (declared,) = yaml.safe_load((folder / "us-xx.yml").read_text())["sources"]
    day = declared["evidence"][0]["seen_on"]
    assert 0 == result.exit_code, result.output
    names = [f"pages/us-xx-kites/{day}.expected.json", f"pages/us-xx-kites/{day}.html", "us-xx.yml"]
    assert names == list_files(folder)
    assert ("Rules of the Kite Board", "page", [URL]) == (declared["title"], declared["platform"], declared["urls"])
    assert "heading" == declared["document"]["from"]
    assert "3 documents" in result.stdout
    assert PAGE.encode() == (folder / "pages" / "us-xx-kites" / f"{day}.html").read_bytes()
    assert 0 == run("sources", "check", folder=folder).exit_code


def test_main_part_is_guessed_only_where_the_automatic_reading_is_poor(tmp_path):
    lines = "".join(f"<p>({letter}) A kite needs a license of kind {letter}.</p>" for letter in "abcdefg")
    poor = tmp_path / "poor.html"
    poor.write_text(f"<html><body><nav id=content>{lines}</nav><p>All rights are reserved.</p></body></html>")

    run("sources", "new", "us-xx-poor", URL, "--from", poor, folder=tmp_path / "sources")

    (declared,) = yaml.safe_load((tmp_path / "sources" / "us-xx.yml").read_text())["sources"]
    assert "#content" == declared.get("select")


def test_page_is_fetched_once_by_the_crawler_with_its_manners(tmp_path):
    site = Site({"/old": redirect_to("/rules"), "/rules": lambda handler: handler.answer(200, PAGE.encode())})

    result = run("sources", "new", "us-xx-kites", f"{site.url}/old", "--allow-loopback", folder=tmp_path / "sources")
    site.close()

    (declared,) = yaml.safe_load((tmp_path / "sources" / "us-xx.yml").read_text())["sources"]
    assert 0 == result.exit_code, result.output
    assert ["/robots.txt", "/old", "/rules"] == [path for path, _ in site.asked]
    assert all("StatusQuo" in headers["User-Agent"] for _, headers in site.asked)
    assert [f"{site.url}/rules"] == declared["urls"]


def test_sitemap_is_begun_at_its_list_and_nothing_else_is_taken_for_one(tmp_path):
    xml = b'<?xml version="1.0"?><urlset><url><loc>https://kites.example.gov/r/1</loc></url></urlset>'
    (tmp_path / "sitemap.xml").write_bytes(xml)
    (tmp_path / "page.xml").write_bytes(b"<html><body>no list</body></html>")
    url = "https://kites.example.gov/sitemap.xml"
    words = ("sources", "new", "us-xx-kites", url, "--platform", "sitemap", "--from")

    refused = run(*words, tmp_path / "page.xml", folder=tmp_path / "sources")
    begun = run(*words, tmp_path / "sitemap.xml", folder=tmp_path / "sources")

    (declared,) = yaml.safe_load((tmp_path / "sources" / "us-xx.yml").read_text())["sources"]
    assert [3, 0] == [refused.exit_code, begun.exit_code]
    assert "expected a sitemap, found none; nothing was written" in refused.stderr
    assert ("sitemap", "https://kites.example.gov/sitemap.xml") == (declared["platform"], declared["start"])


def test_charset_that_only_the_server_tells_is_kept_with_the_page(tmp_path):
    body = PAGE.replace("metal", "métal – ever").encode("cp1252")
    headers = {"Content_Type": "text/html; charset=windows-1252"}
    site = Site({"/rules": lambda handler: handler.answer(200, body, **headers)})
    run("sources", "new", "us-xx-kites", f"{site.url}/rules", "--allow-loopback", folder=tmp_path / "sources")
    site.close()

    result = run("sources", "try", "us-xx-kites", folder=tmp_path / "sources")

    assert "métal – ever" in result.stdout


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/gone", "status 404"),
        ("/secret", "robots.txt"),
        ("/away", "leaves the source"),
        ("/empty", "expected a page with a text"),
        ("/shell", "expected a page with a text"),
    ],
)
def test_page_that_cannot_be_had_or_read_ends_with_three_and_leaves_nothing(tmp_path, path, reason):
    site = Site({
        "/robots.txt": lambda handler: handler.answer(200, b"User-agent: *\nDisallow: /secret\n"),
        "/secret": lambda handler: handler.answer(200, PAGE.encode()),
        "/away": redirect_to("https://elsewhere.example.org/"),
        "/empty": lambda handler: handler.answer(200, b"  "),
        "/shell": lambda handler: handler.answer(200, b"<html><body><p></p><script>go()</script></body></html>"),
    })  # fmt: skip
    folder = tmp_path / "sources"

    result = run("sources", "new", "us-xx-kites", f"{site.url}{path}", "--allow-loopback", folder=folder)
    site.close()

    assert (3, "") == (result.exit_code, result.stdout)
    assert reason in result.stderr
    assert not folder.exists()


def test_server_that_is_not_there_ends_with_three(tmp_path):
    result = run(
        "sources", "new", "us-xx-kites", "http://127.0.0.1:1/rules", "--allow-loopback", folder=tmp_path / "sources"
    )

    assert 3 == result.exit_code
    assert "expected a page, found none: " in result.stderr
    assert not (tmp_path / "sources").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["us-xx-old", URL], "id 'us-xx-old': expected a free one, found a source of that id in"),
        (["us-xx-new", "https://old.example.gov/"], "expected a page of no source yet, found one of us-xx-old"),
        (["us-zz-new", URL], "id 'us-zz-new': expected it to begin with its jurisdiction"),
        (["xx-new", URL], "expected it to begin with its jurisdiction"),
        (["us-xx-new", URL, "--jurisdiction", "us-tx"], "expected it to begin with its jurisdiction (us-tx-…)"),
        (["us-tx-new", URL, "--jurisdiction", "us-tq"], "jurisdiction 'us-tq': expected one of"),
        (["us-xx-NEW", URL], "found 'us-xx-NEW'"),
        (["us-xx-new", "ftp://example.gov/"], "expected an http or https address"),
        (["us-xx-new", "https://user:word@example.gov/"], "expected an http or https address"),
    ],
)
def test_new_refuses_what_cannot_be_declared_and_changes_nothing(tmp_path, page, words, message):
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "us-xx.yml").write_text(COMMENTED)

    result = run("sources", "new", *words, "--from", page, folder=folder)

    assert (2, "") == (result.exit_code, result.stdout)
    assert message in result.stderr
    assert ["us-xx.yml"] == list_files(folder)
    assert COMMENTED == (folder / "us-xx.yml").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jurisdiction: us-xx\nsources: [\n", "not valid YAML"),
        ("jurisdiction: us-tx\nsources:\n- {id: a, platform: page, match: x}\n", "found those of us-tx"),
        ("jurisdiction: us-xx\nsources: [{id: a, platform: page, match: x}]\n", "found them in brackets"),
        ("jurisdiction: us-xx\nsources:\n- {id: a, platform: page, matsch: x}\n", "unknown key 'matsch'"),
    ],
)
def test_file_that_cannot_be_added_to_is_named_and_stays(tmp_path, text, message):
    path = tmp_path / "us-xx.yml"
    path.write_text(text)

    with pytest.raises(DeclarationError, match=message):
        add_entry(path, "us-xx", "- id: us-xx-new\n  platform: page\n  match: https://x.example.gov/\n")

    assert text == path.read_text()


def test_entry_is_added_behind_the_last_source_and_every_other_line_stays(tmp_path):
    path = tmp_path / "us-xx.yml"
    entry = "- id: us-xx-new\n  platform: page\n  match: https://x.example.gov/\n"
    for text in (COMMENTED, COMMENTED.replace("\n  ", "\n    ").replace("\n- id", "\n  - id"), COMMENTED[:155]):
        path.write_text(text)

        found = add_entry(path, "us-xx", entry)

        assert [source["id"] for source in yaml.safe_load(found)["sources"]] == ["us-xx-old", "us-xx-new"]
        left = iter(found.splitlines())
        assert all(any(line == other for other in left) for line in text.splitlines())
        assert found.index("us-xx-old") < found.index("us-xx-new")


def test_own_comments_of_an_entry_stay_with_it(tmp_path):
    (tmp_path / "us-xx.yml").write_text(COMMENTED)

    found = add_entry(tmp_path / "us-xx.yml", "us-xx", "- id: us-xx-new\n  platform: page\n  match: https://x.gov/\n")

    assert found.index("# select: main") < found.index("us-xx-new") < found.index("# After the sources.")


def test_jurisdiction_is_what_an_id_begins_with():
    assert ["us-tx", "us", "us-pr"] == [find_jurisdiction(name, None) for name in ("us-tx-a", "us-fda-a", "us-pr-x-y")]
    with pytest.raises(UsageError):
        find_jurisdiction("us", None)


def test_files_are_written_together_or_not_at_all(tmp_path):
    blocked = tmp_path / "folder" / "taken"
    blocked.mkdir(parents=True)

    with pytest.raises(OSError):  # noqa: PT011 - a folder stands where the file should
        write_together({tmp_path / "new" / "deep" / "a": b"a", blocked: b"b"})

    assert [tmp_path / "folder", blocked] == sorted(tmp_path.rglob("*"))


# --- try


def test_try_shows_what_is_read_in_plain_text(added):
    result = run("sources", "try", "us-xx-kites", folder=added)

    assert 0 == result.exit_code
    for words in (
        "us-xx-kites  https://kites",
        "3 documents, 6 provisions",
        " ms",
        "12.2  (us-xx/rules/12.2)",
        "Fees",
        "(a) The fee is 10 dollars.",
        "note: History: Laws 2019, ch. 4.",
        "left out (outside): Rules",
    ):
        assert words in result.stdout
    assert "\x1b" not in result.stdout


def test_try_tells_machines_everything_in_full(added):
    result = run("sources", "try", "us-xx-kites", "--format", "json", folder=added)

    told = json.loads(result.stdout)
    assert ("us-xx-kites", URL, "2024-02-08", []) == tuple(told[name] for name in ("source", "url", "date", "flaws"))
    assert "(a) Nobody".startswith(told["documents"][0]["provisions"][1]["number"])
    assert told["documents"][0]["provisions"][1]["text"].endswith("that is in force.")
    assert told["milliseconds"] >= 0


def test_try_reads_another_file_or_a_page_fetched_now_and_keeps_neither(tmp_path, page):
    other = PAGE.replace("10 dollars", "99 dollars").encode()
    site = Site({
        "/rules/": lambda handler: handler.answer(200, PAGE.encode()),
        "/rules/b": lambda handler: handler.answer(200, other),
    })  # fmt: skip
    folder = tmp_path / "sources"
    run("sources", "new", "us-xx-kites", f"{site.url}/rules/", "--platform", "index", "--allow-loopback", folder=folder)
    before = list_files(folder)

    fetched = run("sources", "try", "us-xx-kites", "--url", f"{site.url}/rules/b", "--allow-loopback", folder=folder)
    site.close()
    taken = run("sources", "try", "us-xx-kites", "--file", page, folder=folder)
    kept = run("sources", "try", "us-xx-kites", "--url", f"{site.url}/rules/", folder=folder)

    assert "99 dollars" in fetched.stdout
    assert [0, 0] == [taken.exit_code, kept.exit_code]
    assert before == list_files(folder)


def test_try_of_a_page_that_would_not_be_believed_says_why_and_ends_with_three(tmp_path, added):
    bad = tmp_path / "bad.html"
    bad.write_text("<html><body><p>Please sign in.</p></body></html>")

    result = run("sources", "try", "us-xx-kites", "--file", bad, folder=added)

    assert 3 == result.exit_code
    assert "not to be believed: no_document: expected a document by" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["try", "us-xx-none"], "source 'us-xx-none': expected the id of a declared source (us-xx-kites)"),
        (["expect", "us-xx-none"], "source 'us-xx-none': expected the id of a declared source"),
        (["try", "us-xx-kites", "--url", "https://elsewhere.example.org/"], "expected a page of us-xx-kites"),
        (["expect", "us-xx-kites", "--url", "https://elsewhere.example.org/"], "expected a page of us-xx-kites"),
        (["expect", "--url", URL], "expected the id of one source"),
    ],
)
def test_try_and_expect_refuse_what_is_not_there(added, words, message):
    before = list_files(added)

    result = run("sources", *words, folder=added)

    assert 2 == result.exit_code
    assert message in result.stderr
    assert before == list_files(added)


def test_source_without_a_saved_page_says_how_to_give_one(added):
    for path in (added / "pages" / "us-xx-kites").iterdir():
        path.unlink()

    results = [run("sources", word, "us-xx-kites", folder=added) for word in ("try", "expect")]

    assert [2, 2] == [result.exit_code for result in results]
    assert all("no page is saved in" in result.stderr and "--file or --url" in result.stderr for result in results)


# --- expect


def test_expectation_is_readable_and_holds_no_long_text(added):
    text = (added / "pages" / "us-xx-kites" / "2024-02-08.expected.json").read_text()

    told = json.loads(text)
    assert '    {"eid": "a", "number": "(a)", "text": "The fee is 10 dollars."}' in text
    assert "Nobody may fly a kite higher than forty … +8 " in text
    assert "in force" not in text
    assert [URL, []] == [told["url"], told["flaws"]]
    assert render_json(told) == text


def test_expectation_that_fails_shows_the_lines_and_is_accepted_by_update(added):
    saved = added / "pages" / "us-xx-kites" / "2024-02-08.html"
    saved.write_text(PAGE.replace("10 dollars", "11 dollars"))
    before = (saved.parent / "2024-02-08.expected.json").read_text()

    differs = run("sources", "expect", folder=added)
    after_first = (saved.parent / "2024-02-08.expected.json").read_text()
    accepted = run("sources", "expect", "--update", folder=added)
    again = run("sources", "expect", folder=added)

    assert [1, 0, 0] == [result.exit_code for result in (differs, accepted, again)]
    assert '-    {"eid": "a", "number": "(a)", "text": "The fee is 10 dollars."}' in differs.stdout
    assert '+    {"eid": "a", "number": "(a)", "text": "The fee is 11 dollars."}' in differs.stdout
    assert "accept with --update" in differs.stderr
    assert before == after_first
    assert "us-xx-kites: 1 file as expected" in again.stdout


def test_word_far_behind_the_first_ones_is_noticed():
    long = " ".join(f"word{number}" for number in range(40))

    assert shorten_text(long) != shorten_text(long.replace("word39", "other"))
    assert shorten_text(long).startswith("word0 word1")
    assert "word9" not in shorten_text(long)


def test_second_day_tells_what_changed_and_a_third_goes_on(tmp_path, added):
    for day, fee in (("2024-03-08", 12), ("2024-04-08", 13)):
        later = tmp_path / f"{day}.html"
        later.write_text(PAGE.replace("10 dollars", f"{fee} dollars"))
        result = run("sources", "expect", "us-xx-kites", "--file", later, "--date", day, folder=added)
        assert 0 == result.exit_code, result.output

    told = json.loads((added / "pages" / "us-xx-kites" / "changes.expected.json").read_text())
    assert [("2024-03-08", "amended", "substantive", "us-xx/rules/12.2", "a", ["number"]),
            ("2024-04-08", "amended", "substantive", "us-xx/rules/12.2", "a", ["number"])] == [
        tuple(row[name] for name in ("observed_on", "kind", "nature", "document", "eid", "signals")) for row in told
    ]  # fmt: skip


def test_page_of_a_url_is_fetched_and_saved_beside_the_list(tmp_path):
    site = Site({
        "/rules/": lambda handler: handler.answer(200, PAGE.encode()),
        "/rules/b.html": lambda handler: handler.answer(200, PAGE.encode()),
        "/rules/away": redirect_to("/news"),
        "/news": lambda handler: handler.answer(200, PAGE.encode()),
    })  # fmt: skip
    folder = tmp_path / "sources"
    run("sources", "new", "us-xx-kites", f"{site.url}/rules/", "--platform", "index", "--allow-loopback", folder=folder)
    words = ("sources", "expect", "us-xx-kites", "--allow-loopback", "--url")

    saved = run(*words, f"{site.url}/rules/b.html", folder=folder)
    away = run(*words, f"{site.url}/rules/away", folder=folder)
    site.close()

    (path,) = (folder / "pages" / "us-xx-kites").glob("*.rules-b.html")
    told = json.loads(path.with_name(f"{path.stem}.expected.json").read_text())
    assert [0, 2] == [saved.exit_code, away.exit_code]
    assert f"{site.url}/rules/b.html" == told["url"]
    assert "/news: expected a page of us-xx-kites" in away.stderr


def test_other_page_of_a_day_is_not_replaced_unasked(tmp_path, added):
    other = tmp_path / "other.html"
    other.write_text(PAGE.replace("metal", "wire"))
    words = ("sources", "expect", "us-xx-kites", "--file", other, "--date", "2024-02-08")

    refused = run(*words, folder=added)
    replaced = run(*words, "--update", folder=added)

    assert [2, 0] == [refused.exit_code, replaced.exit_code]
    assert "--update replaces it" in refused.stderr
    assert b"wire" in (added / "pages" / "us-xx-kites" / "2024-02-08.html").read_bytes()


def test_expectation_stays_where_the_page_is_kept_elsewhere(added):
    (added / "pages" / "us-xx-kites" / "2024-02-08.html").unlink()

    result = run("sources", "expect", folder=added)

    assert 0 == result.exit_code
    assert ["pages/us-xx-kites/2024-02-08.expected.json", "us-xx.yml"] == list_files(added)


def test_broken_expectation_is_named(added):
    (added / "pages" / "us-xx-kites" / "2024-02-08.expected.json").write_text("{")

    result = run("sources", "expect", folder=added)

    assert 2 == result.exit_code
    assert "2024-02-08.expected.json: expected JSON, found: " in result.stderr


def test_history_reads_an_old_page_as_it_was_declared_then(added):
    path = added / "us-xx.yml"
    path.write_text(path.read_text() + '    select: "#new"\n    history: [{until: "2024-03-01", select: main}]\n')

    result = run("sources", "expect", folder=added)

    assert 0 == result.exit_code, result.output
    assert Path(added, "us-xx.yml").is_file()
