"""The feeds: valid by their specifications, one entry an event, the same bytes for the same question."""

import json
import re
from contextlib import closing
from datetime import datetime
from urllib.parse import parse_qsl, unquote, urlsplit

import feedparser
import jsonschema
import pytest
from lxml import etree

from kb.publish import publish
from kb.web.address import read_address
from kb.web.pages import PAGES
from tests.example_web import build_web
from tests.sites import HOSTILE, LONG, make_data
from tests.test_web_pages import open_generation, publish_one

ADDRESS = "https://law.example"
ATOM = "{http://www.w3.org/2005/Atom}"
# "2024-07-16T12:00:00Z": RFC 3339, as RFC 4287 § 3.3 asks
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
# jsonfeed.org/version/1.1, its required and optional members
JSON_FEED = {
    "type": "object",
    "required": ["version", "title", "items"],
    "additionalProperties": False,
    "patternProperties": {"^_[^.]": {"type": "object"}},
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string", "minLength": 1},
        "home_page_url": {"$ref": "#/$defs/url"},
        "feed_url": {"$ref": "#/$defs/url"},
        "next_url": {"$ref": "#/$defs/url"},
        "description": {"type": "string"},
        "language": {"type": "string"},
        "authors": {"type": "array", "minItems": 1, "items": {"type": "object", "minProperties": 1}},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
    },
    "$defs": {
        "url": {"type": "string", "pattern": "^https?://[^\\s]+$"},
        "instant": {"type": "string", "pattern": f"^{INSTANT.pattern}$"},
        "item": {
            "type": "object",
            "required": ["id"],
            "anyOf": [{"required": ["content_html"]}, {"required": ["content_text"]}],
            "additionalProperties": False,
            "patternProperties": {"^_[^.]": {"type": "object"}},
            "properties": {
                "id": {"type": "string", "minLength": 1},
                "url": {"$ref": "#/$defs/url"},
                "external_url": {"$ref": "#/$defs/url"},
                "title": {"type": "string"},
                "content_html": {"type": "string"},
                "content_text": {"type": "string"},
                "date_published": {"$ref": "#/$defs/instant"},
                "date_modified": {"$ref": "#/$defs/instant"},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    data = build_web(tmp_path_factory.mktemp("example"))
    with closing(open_generation(publish(data, "2024-07-18T06:00:00Z").path)) as db:
        yield db


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    data = make_data(folder / "data", folder / "web")
    with closing(open_generation(publish(data, "2024-03-01T06:00:00Z").path)) as db:
        yield db


def ask(db, url, address=ADDRESS, today="2024-07-20"):
    parts = urlsplit(url)
    path = unquote(parts.path)
    route, match = next((route, found) for route in PAGES if (found := re.search(route.pattern, path)))
    asked = {**dict(parse_qsl(parts.query)), **match.groupdict(), "today": today, "address": address}
    return route.view(db, asked)


def list_faults(body):
    """Return what RFC 4287 § 4 asks of a feed and its entries that this one does not give."""
    root = etree.fromstring(body.encode())
    faults = [] if root.tag == f"{ATOM}feed" else [f"root is {root.tag}"]
    for node in (root, *root.iter(f"{ATOM}entry")):
        name = etree.QName(node).localname
        for one in ("id", "title", "updated"):
            faults += [] if len(node.findall(f"{ATOM}{one}")) == 1 else [f"{name} needs one {one}"]
        alternates = [link for link in node.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"]
        faults += [] if len(alternates) == 1 else [f"{name} has {len(alternates)} alternates of one type"]
        faults += [] if "author" in {etree.QName(child).localname for child in root} else ["no author"]
    faults += [f"{node.text} is no instant" for node in dated(root) if INSTANT.fullmatch(node.text) is None]
    faults += [f"{node.text} is no URI" for node in root.iter(f"{ATOM}id") if ":" not in node.text]
    faults += [f"{node.get('href')} is no address" for node in root.iter(f"{ATOM}link") if "//" not in node.get("href")]
    ids = [node.findtext(f"{ATOM}id") for node in root.iter(f"{ATOM}entry")]
    return faults if len(set(ids)) == len(ids) else [*faults, "ids repeat"]


def dated(root):
    return [*root.iter(f"{ATOM}updated"), *root.iter(f"{ATOM}published")]


FILTERS = ("", "?nature=any&part=any", "?source=us-xx-code", "?since=2030-01-01", "?topic=clinics", "?page=9")


@pytest.mark.parametrize("query", FILTERS)
def test_atom_is_valid_for_any_filter(site, query):
    answer = ask(site, f"/changes.atom{query}")
    read = feedparser.parse(answer.body.encode())

    assert (200, "application/atom+xml; charset=utf-8") == (answer.status, answer.content_type)
    assert [] == list_faults(answer.body)
    assert (False, "atom10") == (bool(read.bozo), read.version)


@pytest.mark.parametrize("query", FILTERS)
def test_json_feed_is_valid_for_any_filter(site, query):
    answer = ask(site, f"/changes.json{query}")

    jsonschema.validate(json.loads(answer.body), JSON_FEED)
    assert (200, "application/feed+json; charset=utf-8") == (answer.status, answer.content_type)


def test_validators_refuse_a_feed_that_is_not_valid():
    broken = f'<feed xmlns="{ATOM[1:-1]}"><id>x</id><title>t</title><updated>soon</updated></feed>'

    faults = list_faults(broken)

    assert ["feed has 0 alternates of one type", "no author", "soon is no instant", "x is no URI"] == faults
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"version": "https://jsonfeed.org/version/1", "title": "t", "items": []}, JSON_FEED)


def test_feed_has_one_entry_for_each_event_that_moved_a_rule(site):
    read = feedparser.parse(ask(site, "/changes.atom").body.encode())
    events = site.execute("SELECT id, rule_changes FROM events WHERE rule_changes > 0 ORDER BY wave_at DESC, id")

    assert [f"{ADDRESS}/e/{row['id']}" for row in events] == [entry.link for entry in read.entries]


def test_entry_says_in_words_what_moved_where_and_from_when(site):
    read = feedparser.parse(ask(site, "/changes.atom").body.encode())
    (newest, *_) = read.entries

    assert 'State of Example: Example Code § 1-4(b): deadline changed: "24 hours" → "12 hours"' == newest.title
    assert "within [removed: 24] [added: 12] hours" in strip(newest.content[0].value)
    assert "https://code.example.gov" in newest.links[1].href
    assert {"jurisdiction:us-xx", "nature:substantive", "kind:amended"} <= {tag.term for tag in newest.tags}


def strip(markup):
    return re.sub(r"<[^>]+>", "", markup)


def test_both_forms_tell_the_same_events_under_the_same_ids(site):
    atom = feedparser.parse(ask(site, "/changes.atom?nature=any").body.encode())
    items = json.loads(ask(site, "/changes.json?nature=any").body)["items"]

    assert [(one.id, one.title, one.updated) for one in atom.entries] == [
        (one["id"], one["title"], one["date_modified"]) for one in items
    ]
    assert all("<" not in one["content_text"] for one in items)


def test_ids_stay_when_the_site_moves_and_when_the_filter_changes(site):
    here = {one["title"]: one["id"] for one in json.loads(ask(site, "/changes.json").body)["items"]}
    there = json.loads(ask(site, "/changes.json?source=us-xx-code", "https://other.example").body)["items"]

    assert {one["id"] for one in there} <= set(here.values())
    assert all(one["id"].startswith("urn:uuid:") for one in there)


def test_entry_is_updated_when_it_was_confirmed_not_when_it_was_seen_first(site):
    items = json.loads(ask(site, "/changes.json").body)["items"]
    seen = {one["_statusquo"]["event"]: one["date_modified"] for one in items}
    (event, confirmed) = site.execute(
        "SELECT event_id, confirmed_at FROM changes WHERE id = 'bf48d757224540b5'"
    ).fetchone()

    assert "2024-02-05T12:00:00Z" == confirmed
    assert confirmed == datetime.fromisoformat(seen[event]).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_feed_of_a_filter_holds_its_changes_alone(site):
    items = json.loads(ask(site, "/changes.json?kind=removed&nature=any").body)["items"]
    counted = site.execute("SELECT COUNT(*) FROM changes WHERE kind = 'removed' AND part IN ('text', 'heading')")

    assert counted.fetchone()[0] == sum(one["_statusquo"]["changes"] for one in items) > 0


def test_rebuilt_sites_moved_addresses_and_site_trouble_are_no_entries(site):
    items = json.loads(ask(site, "/changes.json?nature=any&part=any").body)["items"]
    quiet = {row[0] for row in site.execute("SELECT id FROM events WHERE kind <> 'revision'")}

    assert quiet
    assert set() == quiet & {one["_statusquo"]["event"] for one in items}


def test_feed_without_entries_is_dated_by_its_edition(site):
    root = etree.fromstring(ask(site, "/changes.atom?since=2030-01-01").body.encode())

    assert "2024-07-18T06:00:00Z" == root.findtext(f"{ATOM}updated")


def test_feed_is_paged_and_each_page_names_its_neighbours(site, monkeypatch):
    monkeypatch.setattr("kb.web.pages.feeds.FEED_SIZE", 2)
    whole, page = [], "/changes.json"
    while page:
        feed = json.loads(ask(site, page).body)
        assert len(feed["items"]) <= 2
        whole += [one["id"] for one in feed["items"]]
        page = feed.get("next_url", "").removeprefix(ADDRESS)
    second = etree.fromstring(ask(site, "/changes.atom?page=2").body.encode())
    links = {link.get("rel"): link.get("href") for link in second.iter(f"{ATOM}link") if link.getparent() is second}

    assert len(whole) == len(set(whole)) > 4
    assert f"{ADDRESS}/changes.atom" == links["previous"] == links["first"]
    assert f"{ADDRESS}/changes.atom?page=3" == links["next"]


def test_same_question_has_the_same_bytes_on_any_day(site):
    one, other = (ask(site, "/changes.atom?kind=amended", today=day) for day in ("2024-07-20", "2025-01-01"))
    narrower = ask(site, "/changes.atom?kind=removed")

    assert one.body == other.body != narrower.body


def test_equal_filters_in_any_order_are_one_feed(site):
    one, other = (
        ask(site, f"/changes.json?{query}").body for query in ("kind=amended&part=text", "part=text&kind=amended")
    )

    assert one == other


@pytest.mark.parametrize("path", ["/changes.atom", "/changes.json"])
def test_feed_whose_filters_cannot_be_read_says_what_there_is(site, path):
    answer = ask(site, f"{path}?kind=melted&since=soon")

    assert 400 == answer.status
    assert "kind: “melted” is none of added, removed" in answer.body
    assert "since: “soon” is no date" in answer.body
    assert not answer.content_type.startswith("text/html")


def test_refusal_of_a_json_feed_is_json(site):
    body = json.loads(ask(site, "/changes.json?topic=sailing").body)

    assert (False, 400) == (body["ok"], body["status"])
    assert "topic: “sailing” is none of legal_status, prescribers" in body["error"]


@pytest.mark.parametrize("form", ["atom", "json"])
def test_hostile_text_stays_text_in_feeds(hostile_site, form):
    body = ask(hostile_site, f"/changes.{form}?nature=any&part=any").body
    items = feedparser.parse(body.encode()).entries if form == "atom" else json.loads(body)["items"]
    markup = "".join(one.content[0].value if form == "atom" else one["content_html"] for one in items)
    raw = etree.fromstring(body.encode()).xpath("string()") if form == "atom" else markup

    assert items
    for text in (markup, raw):
        assert "<script" not in text
        assert "<img" not in text
    assert "\u202e" not in raw
    assert HOSTILE[0] not in raw


@pytest.mark.parametrize(
    ("rights", "said"),
    [("none", "Others hold rights in this edition: its words are not shown here."), ("quotes", "[added: ")],
)
def test_feed_shows_of_texts_of_others_what_may_go_out(tmp_path, rights, said):
    with closing(publish_one(tmp_path, publish=rights)) as db:
        (item,) = json.loads(ask(db, "/changes.json").body)["items"]

    assert said in item["content_text"]
    assert LONG.strip() not in item["content_text"]


def test_entry_of_a_new_number_says_that_no_words_moved(site):
    items = json.loads(ask(site, "/changes.json?nature=structural").body)["items"]

    assert any("No words moved: only the number or the place did." in one["content_text"] for one in items)


def test_signs_that_xml_forbids_are_spelled_out(site):
    body = ask(site, "/changes.atom?document=us-xx%2Fcode%2F1-1").body

    assert etree.fromstring(body.encode()) is not None
    assert 400 == ask(site, "/changes.atom?document=%EF%BF%BF").status


# --- the site's own address


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("https://law.example/", "https://law.example"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("law.example", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_address_of_the_site_is_what_its_operator_set(told, address):
    assert address == read_address({"KB_ADDRESS": told})


def test_feed_without_a_known_address_has_relative_links(site):
    assert 'href="/changes.atom"' in ask(site, "/changes.atom", address="").body
