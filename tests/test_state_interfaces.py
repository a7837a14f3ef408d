"""The interfaces of states, by the shapes they answer in: a replica of each is crawled, built, amended, crawled again.

Shapes and addresses follow what publishers describe of their interfaces; every word of law is invented.
"""

import json

import pytest

from tests.test_platform_sites import Place

DAYS = ("ten", "thirty")


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.site.close()


def print_law(days):
    return f"(a) A license is renewed within {days} days.\n(b) The fee is kept by the board."


def serve_tree(place, days):
    """New York's: a tree of a chapter's parts, and a text with its line ends spelled out, hard-wrapped."""
    section = {"docType": "SECTION", "locationId": "3343-A", "title": "Renewal"}
    article = {"docType": "ARTICLE", "locationId": "A33", "documents": {"items": [section]}}
    tree = {"success": True, "result": {"documents": {"docType": "CHAPTER", "documents": {"items": [article]}}}}
    law = f"  (a) A license is renewed\\nwithin {days} days.\\n  (b) The fee is kept\\nby the board.\\n"
    text = f"  * § 3343-a. Renewal.\\n{law}"
    place.put("/api/3/laws/PBH?key=k1", tree)
    place.put("/api/3/laws/PBH/A33?key=k1", {"result": {"text": "Article 33. Substances.", "docType": "ARTICLE"}})
    place.put("/api/3/laws/PBH/3343-A?key=k1", {"result": {**section, "activeDate": "2013-08-27", "text": text}})


def serve_html(place, days):
    """South Dakota's: a list in JSON, each statute a page of HTML without head, names of styles made anew each time."""
    place.put("/api/Statutes/Title/36", [{"Statute": "36-4-1", "Type": "Section"}])
    law = "".join(f'<p dir="ltr"><span class="s{days}">{line}</span></p>' for line in print_law(days).split("\n"))
    place.put("/api/Statutes/36-4-1.html?all=true", f"<style>.s{days} {{color: red}}</style><div>{law}</div>")


def serve_list(place, days):
    """Virginia's: a list that names a section's number and title, and the text in HTML within JSON."""
    section = {"SectionNumber": "54.1-2900", "Title": "Renewal"}
    place.put("/api/CoVSectionsGetListOfJson/54.1/29/", {"ChapterList": [section]})
    body = "".join(f"<p>{line}</p>" for line in (*print_law(days).split("\n"), "2023, c. 368."))
    place.put("/api/CoVSectionsGetSectionDetailsJson/54.1-2900/", {"ChapterList": [{"Body": body}]})


def serve_versions(place, days):
    """Utah's: XML by section, whose attributes say from when it applies."""
    listed = '<list><section number="58-37-6" file="C58-37-S6_2022050420220504"/></list>'
    place.put("/xcode/list.xml", listed, "text/xml")
    law = "".join(f"<subsection>{line}</subsection>" for line in print_law(days).split("\n"))
    xml = f'<section number="58-37-6" effdate="2022-05-04"><catchline>Renewal.</catchline>{law}</section>'
    place.put("/xcode/C58-37-S6_2022050420220504.xml", xml, "text/xml")


def serve_segments(place, days):
    """Oklahoma's: a flat list of segments, of which the rules are some; the text of each by its number."""
    rule = {"Section": "535:1-1-1", "EffectiveDate": "2020-09-11T00:00:00"}
    place.put("/api/segments?title=535", [{"Id": 7, "Section": ""}, {"Id": 8, **rule}])
    place.put("/api/segment/7", {"Text": "", "Section": ""})
    place.put("/api/segment/8", {"Text": print_law(days), **rule})


def serve_keyed(place, days):
    """Indiana's: every question needs a header with a key."""

    def keyed(body):
        def answer(handler):
            fine = handler.headers["Authorization"] == "Token k1"
            handler.answer(200 if fine else 401, json.dumps(body).encode(), Content_Type="application/json")

        return answer

    place.site.pages["/code/25"] = keyed({"items": [{"link": "/code/25/26/24"}]})
    law = "".join(f"<p>{line}</p>" for line in print_law(days).split("\n"))
    place.site.pages["/code/25/26/24"] = keyed({"title": "Renewal", "html": law})


def serve_graph(place, days):
    """Alabama's: one address that answers what is posted to it."""

    def answer(handler):
        asked = json.loads(handler.sent)
        if asked.get("variables"):
            code = asked["variables"]["id"]
            found = {"codeOfAlabama": {"code": code, "title": "Renewal", "content": print_law(days)}}
        else:
            found = {"codesOfAlabama": {"data": [{"displayId": "20-2-25"}]}}
        handler.answer(200, json.dumps({"data": found}).encode(), Content_Type="application/json")

    place.site.pages["/graphql"] = answer


def serve_policies(place, days):
    """Montana's: collections whose entries hold number, title and text at once, page by page."""
    text = {"content": print_law(days), "effective": "2021-01-01"}
    rule = {"code": "24.156.1", "name": "Renewal", "versions": [text]}
    place.put("/api/rules?page=1", {"data": [rule], "meta": {"next": None}})


CODE = {"work": "code", "pattern": r"/(?P<citation>[\w.:-]+?)/?(?:\.html|\?|$)"}
# state: what serves it, the number of its document, where its crawl begins, and how it is declared
STATES = {
    "ny": (serve_tree, "3343-a", "/api/3/laws/PBH?key=${K}", {
        "items": "result.**.items",
        "each": "/api/3/laws/PBH/{locationId}?key=${K}",
        "citation": "locationId",
        "text": "result.text",
        "heading": "result.title",
        "valid_from": "result.activeDate",
    }),
    "sd": (serve_html, "36-4-1", "/api/Statutes/Title/36", {
        "items": "[*]",
        "each": "/api/Statutes/{Statute}.html?all=true",
    }),
    "va": (serve_list, "54.1-2900", "/api/CoVSectionsGetListOfJson/54.1/29/", {
        "items": "ChapterList",
        "each": "/api/CoVSectionsGetSectionDetailsJson/{SectionNumber}/",
        "citation": "SectionNumber",
        "heading": "Title",
        "text": "ChapterList.Body",
    }),
    "ut": (serve_versions, "58-37-6", "/xcode/list.xml", {
        "items": "section",
        "each": "/xcode/{@file}.xml",
        "citation": "@number",
        "text": "subsection",
        "heading": "catchline",
        "valid_from": "@effdate",
    }),
    "ok": (serve_segments, "535:1-1-1", "/api/segments?title=535", {
        "items": "[*]",
        "each": "/api/segment/{Id}",
        "citation": "Section",
        "text": "Text",
        "valid_from": "EffectiveDate",
    }),
    "in": (serve_keyed, "24", "/code/25", {
        "items": "items",
        "each": "{link}",
        "text": "html",
        "heading": "title",
        "headers": {"Authorization": "Token ${K}"},
    }),
    "al": (serve_graph, "20-2-25", "/graphql", {
        "items": "data.codesOfAlabama.data",
        "each": "/graphql",
        "citation": "displayId",
        "heading": "data.codeOfAlabama.title",
        "text": "data.codeOfAlabama.content",
        "post": {
            "list": '{"query": "query all { codesOfAlabama }"}',
            "each": '{"query": "query one($id: ID) { codeOfAlabama(id: $id) }", "variables": {"id": "{displayId}"}}',
        },
    }),
    "mt": (serve_policies, "24.156.1", "/api/rules?page=1", {
        "items": "data",
        "citation": "code",
        "heading": "name",
        "text": "versions.content",
        "valid_from": "versions.effective",
        "next": "meta.next",
    }),
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_one_deadline_that_moved_is_one_change_of_one_document(place, state):
    serve, number, start, rule = STATES[state]
    declared = {"platform": "api", "start": f"{place.url}{start}", "document": CODE, "api": rule}
    environment = {"K": "k1"}

    for days in DAYS:
        serve(place, days)
        _, summary, log = place.crawl(environment, **declared)
        assert {} == summary["failed"], log

    document = f"us-xx/code/{number}"
    assert document in place.list_documents()
    assert [("amended", document)] == place.list_changes()
    texts = place.read(f"SELECT old_text, new_text FROM changes WHERE document = '{document}'")
    assert [tuple(f"A license is renewed within {days} days." for days in DAYS)] == texts
