"""What was measured is written down as it was measured: the page, the table's rows, the moving web's counts."""

import json
from pathlib import Path

import msgspec
import pytest

from bench import quality
from kb.evaluate.figures import Figure, SetResult, make_count, make_result, make_share
from kb.evaluate.quality import bound_share, list_quality, write_quality

ROOT = Path(__file__).parents[1]
CODE = "0123456789ab"

# A moving web of one place with three pages; on the second day one number moves, on the third another page is gone.
WEB = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
DAY = [0]
LAW = "<p>(a) A clinic keeps a record of each dose.</p><p>(b) It answers within %d days.</p>"

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path.startswith("/__epoch/"):
            DAY[0] = int(self.path[9:])
        pages = {"/": '<a href="/p/">P</a>', "/p/": "".join(
            f'<li><a href="/p/{name}.html">{name}</a></li>' for name in "abc" if name < "c" or DAY[0] < 2)}
        for name, days in (("a", 30 + 5 * (DAY[0] > 0)), ("b", 10), ("c", 20)):
            pages[f"/p/{name}.html"] = f"<main><h1>Rule {name}</h1>{LAW % days}</main>"
        if DAY[0] > 1:
            del pages["/p/c.html"]
        body = f"<html><body>{pages.get(self.path, 'ok')}</body></html>".encode()
        status = 200 if self.path in pages or "__" in self.path else 404
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

if sys.argv[1] == "serve":
    ThreadingHTTPServer(("127.0.0.1", int(options["--port"])), Handler).serve_forever()
"""
# Counts as the scorer of such a web does, from the truth that stands in WEB.
SCORE = """
import json, sys
rows = [json.loads(line) for line in open(sys.argv[2])]
for epoch, true in ((1, {"a"}), (2, {"c"})):
    rule = {r["url"][-6] for r in rows if r["epoch"] == epoch and r["nature"] == "substantive"}
    print(json.dumps({"epoch": epoch, "rule_changes": len(rule), "precision": len(rule & true) / max(1, len(rule)),
        "recall": len(rule & true) / len(true), "structural_seen": "3/4", "structural_called_rule": 0,
        "cosmetic_false": "0/2", "fault_false": "1/2", "recovery_false": "0/0", "noise_false": 0}))
"""


@pytest.mark.parametrize(
    ("value", "cases", "low", "high"), [(1.0, 10, 0.7225, 1.0), (0.0, 10, 0.0, 0.2775), (0.5, 100, 0.4038, 0.5962)]
)
def test_the_interval_of_a_share_is_wilsons(value, cases, low, high):
    found = bound_share(value, cases)

    assert (low, high) == pytest.approx(found, abs=0.0001)


def test_only_shares_of_counted_cases_have_an_interval():
    figures = [make_share("right", 9, 10, floor=0.5), make_count("false", 3, ceiling=0), Figure("F1", 0.9)]

    rows = list_quality([make_result("one", figures)], CODE)

    assert [10, 0, 0] == [row.cases for row in rows]
    assert [False, True, True] == [row.low is None for row in rows]
    assert ["≥ 0.5", "≤ 0", ""] == [row.asked for row in rows]
    assert {CODE} == {row.code for row in rows}


def test_the_page_names_every_figure_what_is_missed_and_what_was_not_measured():
    found = make_result("one", [make_share("right", 4, 10, floor=0.5)], remarks=["dated by us"])

    page = write_quality([found, SetResult("two", found=False)], CODE)

    assert f"`{CODE}`" in page
    assert "| right | 0.4000 | 4 of 10 | 0.168 to 0.687 | ≥ 0.5 **missed** |" in page
    assert "Dated by us." in page
    assert "Not there when this was written: two." in page


def test_a_web_that_is_not_there_is_named_and_never_passes(tmp_path):
    result = quality.measure_moving(tmp_path, [1])

    assert (False, False) == (result.found, result.passed)


def test_a_moving_web_is_watched_day_by_day_and_its_counts_are_added_up(tmp_path, monkeypatch):
    (tmp_path / "moving_web.py").write_text(WEB, "utf-8")
    (tmp_path / "score.py").write_text(SCORE, "utf-8")
    monkeypatch.setattr(quality, "EPOCHS", 3)

    result = quality.measure_moving(tmp_path, [1])

    told = {figure.label: (figure.value, figure.basis) for figure in result.figures}
    assert (1.0, "2 of 2") == told["rule changes: precision"] == told["rule changes: recall"]
    assert (0.75, "6 of 8") == told["renumbered and moved: seen"]
    assert [2] == [value for label, (value, _) in told.items() if label == "false alarms: fault"]
    assert not result.passed


def test_the_digest_of_the_code_is_of_the_code_that_is_here():
    first, again = quality.hash_code(), quality.hash_code()

    assert first == again
    assert 12 == len(first)


def test_the_rows_the_site_shows_are_those_of_the_page():
    rows = json.loads((ROOT / "schemas" / "quality.json").read_bytes())
    page = (ROOT / "docs" / "quality.md").read_text("utf-8")

    assert rows
    assert [] == [row["measure"] for row in rows if f"| {row['measure']} | " not in page]
    assert {row["code"] for row in rows} == {page.split("by code `")[1].split("`")[0]}
    assert [] == [row for row in rows if not 0 <= msgspec.convert(row["value"], float)]
