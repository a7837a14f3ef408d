"""A generation that holds something hostile in every field that crawled text can reach; the site must print words."""

from contextlib import closing
from hashlib import sha256

import msgspec

from kb.compare.redline import redline, redline_html
from kb.generations import FOLDER, Pointer, write_pointer
from kb.jurisdictions import read_jurisdictions
from kb.store import public

# Each calls run(…) where it is executed; the browser's tests hand every page such a function and count its calls.
MARKUP = (
    "<script>run(1)</script>",
    "<ScRiPt>run(2)</sCrIpT>",
    "<script src=//rules.example.gov/x.js></script>",
    "<script>run(3)//",
    "</script><script>run(4)</script>",
    "</title><script>run(5)</script>",
    "</textarea><script>run(6)</script>",
    "</style><script>run(7)</script>",
    "</noscript><script>run(8)</script>",
    "</option></select><script>run(9)</script>",
    "--><script>run(10)</script>",
    "]]><script>run(11)</script>",
    "<![CDATA[<script>run(12)</script>]]>",
    "<img src=x onerror=run(13)>",
    '<img src=x onerror="run(14)">',
    "<img src='x' onerror='run(15)'>",
    "<img/src=x/onerror=run(16)>",
    "<IMG SRC=x OnErRoR=run(17)>",
    "<img src=x:x onerror\x0b=run(18)>",
    "<svg onload=run(19)>",
    "<svg><script>run(20)</script></svg>",
    "<svg><animate onbegin=run(21) attributeName=x dur=1s>",
    "<svg><set onbegin=run(22) attributename=x>",
    "<svg><a xlink:href='javascript:run(23)'><text y=20>x</text></a></svg>",
    "<math><mtext><img src=x onerror=run(24)></mtext></math>",
    "<body onload=run(25)>",
    "<body onpageshow=run(26)>",
    "<details open ontoggle=run(27)>x</details>",
    "<input autofocus onfocus=run(28)>",
    "<select autofocus onfocus=run(29)><option>x</select>",
    "<video><source onerror=run(30)></video>",
    "<audio src=x onerror=run(31)>",
    "<video src=x onerror=run(32)></video>",
    "<object data='javascript:run(33)'></object>",
    "<embed src='javascript:run(34)'>",
    "<iframe src='javascript:run(35)'></iframe>",
    "<iframe srcdoc='<script>parent.run(36)</script>'></iframe>",
    "<form action='javascript:run(37)'><button>x</button></form>",
    "<base href='javascript:run(38)//'>",
    "<meta http-equiv=refresh content='0;url=javascript:run(39)'>",
    "<link rel=stylesheet href='data:text/css,*{background:url(javascript:run(40))}'>",
    "<style>@import 'javascript:run(41)';</style>",
    "<div style='background:url(javascript:run(42))'>x</div>",
    "<div style='width:expression(run(43))'>x</div>",
    "<marquee onstart=run(44)>x</marquee>",
    "<a href='javascript:run(45)' id=x>x</a>",
    "<x onanimationstart=run(46) style='animation-name:x'>x</x>",
    "<x contenteditable onblur=run(47) tabindex=1>x</x>",
    "<template><script>run(48)</script></template><script>run(48)</script>",
    "<ins class='moved' onmouseover=run(49)>x</ins>",
    "<del><script>run(50)</script></del>",
    "<mark onclick=run(51)>x</mark>",
)
ATTRIBUTES = (
    '" onmouseover=run(52) x="',
    "' onfocus=run(53) autofocus x='",
    '"><script>run(54)</script>',
    "'><img src=x onerror=run(55)>",
    "` onerror=run(56) x=`",
    '" autofocus onfocus="run(57)',
    "x onmouseover=run(58)",
)
TEMPLATES = (
    "{{ 7*191 }}",
    "{% for x in range(9) %}x{% endfor %}",
    "${run(59)}",
    "#{7*191}",
    "{{constructor.constructor('run(60)')()}}",
)
ESCAPES = (
    "&lt;script&gt;run(61)&lt;/script&gt;",
    "&#60;script&#62;run(62)&#60;/script&#62;",
    "\\u003cscript\\u003erun(63)\\u003c/script\\u003e",
    "%3Cscript%3Erun(64)%3C/script%3E",
    "＜script＞run(65)＜/script＞",
    "\x00<script>run(66)</script>",
    "<scr\x00ipt>run(67)</scr\x00ipt>",
    "+ADw-script+AD4-run(68)+ADw-/script+AD4-",
    "[click](javascript:run(69))",
    '![x](x"onerror="run(70))',
)
FORMULAS = (
    "=cmd|'/C calc'!A1",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    '=HYPERLINK("http://rules.example.gov")',
    "＝1+1",
)
# Signs that turn round, hide or join what is read.
ORDERS = ("pay \u202e001$ now", "\u2066pay\u2069 \u202d1", "a\u200fb\u061c", "no\u2028\u2029w", "un\u200bseen\ufeff")
ADDRESSES = (
    "javascript:run(71)",
    "JaVaScRiPt:run(72)",
    " javascript:run(73)",
    "java\nscript:run(74)",
    "\x01javascript:run(75)",
    "data:text/html,<script>run(76)</script>",
    "vbscript:run(77)",
    'https://rules.example.gov/"onmouseover=run(78) x="',
    "https://rules.example.gov/'><script>run(79)</script>",
    "//rules.example.gov/x",
    "file:///etc/passwd",
    "view-source:https://rules.example.gov",
    "blob:https://rules.example.gov/x",
)
PAYLOADS = (*MARKUP, *ATTRIBUTES, *TEMPLATES, *ESCAPES, *FORMULAS, *ORDERS)
SOURCE, PLACE, FIRST, SECOND = "us-xx-code", "us-xx", "2024-01-10T12:00:00Z", "2024-02-10T12:00:00Z"
DOCUMENT = "us-xx/code/1-1"
EVENT = "0123456789abcdef"


def name_change(number):
    return f"{number:016x}"


def choose_address(number):
    return ADDRESSES[number % len(ADDRESSES)]


def make_hostile_data(data):
    """Publish the hostile generation in a data folder."""
    folder = data / FOLDER
    folder.mkdir(parents=True)
    path = folder / "000001.db"
    with closing(public.make_draft(folder / "draft.db")) as draft:
        for table, rows in list_tables():
            public.insert_rows(draft, table, rows)
        public.count_up(draft)
        public.compact(draft, path)
    with closing(public.open_published(path)) as db:
        write_pointer(folder, Pointer(1, path.name, "2024-03-01T00:00:00Z", public.count_tables(db)))
    return data


def list_tables():
    """Yield every table that pages read, parents first, with a payload in each field that crawled text can reach."""
    yield (
        "jurisdictions",
        (
            {
                "jurisdiction": one.id,
                "name": PAYLOADS[0] if one.id == PLACE else one.name,
                "kind": one.kind,
                "tile_row": 1,
                "tile_col": 1,
            }
            for one in read_jurisdictions()
        ),
    )
    yield (
        "authorities",
        [
            {
                "authority": "us-xx-board",
                "jurisdiction": PLACE,
                "name": PAYLOADS[13],
                "kind": "board",
                "url": ADDRESSES[0],
            }
        ],
    )
    yield "sources", [make_source()]
    yield (
        "runs",
        [
            {
                "run": "1",
                "kind": "crawl",
                "started_at": FIRST,
                "closed_at": FIRST,
                "note": PAYLOADS[1],
                "fetches": 1,
                "failures": 1,
            }
        ],
    )
    yield (
        "snapshots",
        [
            {
                "sha256": make_hash("x"),
                "size": 1,
                "media_type": PAYLOADS[2],
                "first_seen": FIRST,
                "last_seen": FIRST,
                "fetches": 1,
                "taken_down": 0,
            }
        ],
    )
    yield "fetches", (make_fetch(number, payload) for number, payload in enumerate(PAYLOADS))
    yield (
        "documents",
        [make_document(DOCUMENT, PAYLOADS[13])]
        + [make_document(f"us-xx/code/2-{n}", payload) for n, payload in enumerate(PAYLOADS)],
    )
    yield "locations", (make_location(url) for url in ADDRESSES if url.isprintable())
    yield "versions", (make_version(number) for number in range(2))
    yield "versions", (make_lone_version(number, payload) for number, payload in enumerate(PAYLOADS))
    yield (
        "provisions",
        (make_provision(version, number, payload) for version in range(2) for number, payload in enumerate(PAYLOADS)),
    )
    yield (
        "events",
        [
            {
                "id": EVENT,
                "source": SOURCE,
                "wave_at": SECOND,
                "kind": "revision",
                "title": PAYLOADS[14],
                "pages": 1,
                "changes": len(PAYLOADS),
            }
        ],
    )
    yield "changes", (make_change(number, payload) for number, payload in enumerate(PAYLOADS))
    yield (
        "redlines",
        (
            {"change": name_change(number), "source": SOURCE, "html": redline_html(redline(*make_texts(number)))}
            for number in range(len(PAYLOADS))
        ),
    )
    yield (
        "citations",
        (
            {
                "version": name_version(1),
                "place": number,
                "eid": "",
                "text": payload,
                "work": "cfr",
                "number": payload,
                "target_eid": payload,
            }
            for number, payload in enumerate(PAYLOADS)
        ),
    )
    yield (
        "suspects",
        (
            {
                "source": SOURCE,
                "url": choose_address(number),
                "observed_at": SECOND,
                "wave_at": SECOND,
                "status": 200,
                "sha256": None,
                "reasons": msgspec.json.encode([payload]).decode(),
                "resolved_at": None,
            }
            for number, payload in enumerate(PAYLOADS)
        ),
    )
    yield "incidents", [make_incident()]
    yield (
        "problems",
        (
            {
                "source": SOURCE,
                "url": choose_address(number),
                "observed_at": SECOND,
                "wave_at": SECOND,
                "code": "select",
                "message": payload,
            }
            for number, payload in enumerate(PAYLOADS)
        ),
    )
    yield "learned", ({"source": SOURCE, "text": payload, "since": FIRST, "reason": payload} for payload in PAYLOADS)
    yield "corrections", ({"published_at": FIRST, "subject": payload, "message": payload} for payload in PAYLOADS)
    yield (
        "releases",
        [
            {
                "generation": 1,
                "published_at": "2024-03-01T00:00:00Z",
                "log_id": "x",
                "log_size": 0,
                "tree_head": "0" * 64,
            }
        ],
    )


def make_hash(text):
    return sha256(text.encode()).hexdigest()


def name_version(number):
    return f"{number:016x}"


def make_texts(number):
    """Return the two texts of a change: each brings its payload and another one into the redline."""
    return f"A {PAYLOADS[number]} b.", f"A {PAYLOADS[-number - 1]} {PAYLOADS[number]} c."


def make_source():
    return {
        "source": SOURCE,
        "jurisdiction": PLACE,
        "authority": "us-xx-board",
        "title": PAYLOADS[52],
        "platform": "page",
        "url": ADDRESSES[1],
        "binding": PAYLOADS[3],
        "topics": "[]",
        "cadence": "weekly",
        "publish": "text",
        "replica": 0,
        "crawl_state": "blocked",
        "crawl_reason": PAYLOADS[15],
        "policy_since": "2024-01-01",
        "fallback": PAYLOADS[16],
        "moves_within": 0,
        "since": FIRST,
        "steady_since": "",
        "last_checked": SECOND,
        "waves": 2,
        "documents": 1,
    }


def make_fetch(number, payload):
    return {
        "seq": number,
        "run": "1",
        "source": SOURCE,
        "url": choose_address(number),
        "observed_at": FIRST,
        "status": 200,
        "outcome": "ok",
        "media_type": payload,
        "size": 1,
        "sha256": make_hash("x"),
        "verdict": "version",
        "reasons": msgspec.json.encode([payload]).decode(),
        "is_last": 1,
    }


def make_document(document, payload):
    return {
        "document": document,
        "strand": "current",
        "source": SOURCE,
        "jurisdiction": PLACE,
        "citation": payload,
        "binding": "statute",
        "watched_since": FIRST,
        "baseline": 1,
        "wave_at": FIRST,
    }


def make_location(url):
    """Return a row whose key holds the address: archived addresses are escaped and hold no control signs."""
    return {
        "document": DOCUMENT,
        "strand": "current",
        "source": SOURCE,
        "url": url,
        "first_seen": FIRST,
        "last_seen": SECOND,
        "wave_at": FIRST,
        "gone_at": None,
        "gone_wave": None,
    }


def make_version(number):
    is_past = number == 0
    return {
        "version": name_version(number),
        "document": DOCUMENT,
        "strand": "current",
        "source": SOURCE,
        "citation": PAYLOADS[13],
        "heading": PAYLOADS[5],
        "url": ADDRESSES[number],
        "sha256": make_hash("x"),
        "text_hash": "x",
        "valid_from": None,
        "valid_to": None,
        "valid_basis": "observed",
        "acts": msgspec.json.encode([{"name": PAYLOADS[6]}]).decode(),
        "observed_from": FIRST if is_past else SECOND,
        "last_seen": SECOND,
        "wave_at": FIRST if is_past else SECOND,
        "closed_at": SECOND if is_past else None,
        "closed_wave": SECOND if is_past else None,
    }


def make_lone_version(number, payload):
    own = {
        "version": name_version(number + 100),
        "document": f"us-xx/code/2-{number}",
        "citation": payload,
        "heading": payload,
    }
    return {**make_version(1), **own, "url": choose_address(number)}


def make_provision(version, number, payload):
    eid = "" if number == 0 else f"p{number}" if number % 2 else f"r_{payload}"
    return {
        "version": name_version(version),
        "place": number,
        "eid": eid,
        "number": payload,
        "heading": payload,
        "text": f"found {payload}",
        "note": payload,
        "pending": payload,
        "sha256": make_hash(payload),
        "cut": 0,
    }


def make_change(number, payload):
    old, new = make_texts(number)
    address = choose_address(number)
    return {
        "id": name_change(number),
        "event_id": EVENT,
        "event_kind": "revision",
        "kind": "amended",
        "part": "text",
        "nature": "substantive",
        "signals": "[]",
        "reason": payload,
        "count": 1,
        "jurisdiction": PLACE,
        "source": SOURCE,
        "strand": "current",
        "document": DOCUMENT,
        "old_document": DOCUMENT,
        "citation": payload,
        "old_citation": payload,
        "url": address,
        "old_url": address,
        "eid": f"r_{payload}",
        "old_eid": f"r_{payload}",
        "old_number": payload,
        "new_number": payload,
        "heading": payload,
        "old_text": old,
        "new_text": new,
        "topics": msgspec.json.encode([payload]).decode(),
        "professions": msgspec.json.encode([payload]).decode(),
        "binding": payload,
        "observed_at": SECOND,
        "confirmed_at": SECOND,
        "effective_on": "2024-06-01",
        "cause": payload,
        "see_also": "[]",
        "wave_at": SECOND,
        "place": number,
        "old_sha256": "x",
        "new_sha256": "x",
        "cut": 0,
    }


def make_incident():
    return {
        "source": SOURCE,
        "jurisdiction": PLACE,
        "cause": "http_403",
        "state": "blocked",
        "host": PAYLOADS[17],
        "opened_at": FIRST,
        "closed_at": None,
        "last_seen": SECOND,
        "pages": 1,
        "asked": 2,
        "first_url": ADDRESSES[2],
        "first_message": PAYLOADS[18],
        "last_url": ADDRESSES[5],
        "last_message": PAYLOADS[19],
    }
