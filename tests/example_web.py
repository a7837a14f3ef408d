"""A small recorded web of the State of Example: two sources, ten weeks, everything that happens to law and websites.

The texts are invented. Weeks: amendment, renumbering and a new section; a site-wide move of URLs; a coming text beside
the present one and a page that shrinks; the shrunk page again and a first 404; the second 404; a list that drops a
section that stands under a new number; the coming text in force; a broken page; and its recovery.
"""

import json
from contextlib import closing
from io import BytesIO

from kb.build import BuildRequest, build
from kb.collect import ImportRequest, import_captures
from kb.export import write_export
from kb.sources import read_sources
from kb.store.knowledge import open_knowledge

NOW = "2024-06-01T08:00:00Z"
SITE = "https://code.example.gov"
RULES = "https://board.example.gov/rules"
WEEKS = [f"2024-{day}T12:00:00Z" for day in ("01-08 01-15 01-22 01-29 02-05 02-12 02-19 07-02 07-09 07-16".split())]

DECLARATIONS = """
jurisdiction: us-xx
sources:
  - id: us-xx-code
    title: The Example Code
    platform: page
    match: https://code.example.gov/
    document:
      work: code
      pattern: '/(?:sections|code)/(?P<citation>\\d+-\\d+)(?:\\.html)?$'
      cite: Example Code § {citation}
    select: {main: article}
    binding: statute
  - id: us-xx-board-rules
    title: Rules of the Example Board of Nursing
    platform: page
    match: https://board.example.gov/
    document:
      work: rules
      pattern: 'Rule (?P<citation>\\d+\\.\\d+)'
      from: heading
      cite: Example Rule {citation}
    topics: [nursing]
"""

FEE = ("(a) A clinic shall pay a fee of 40 dollars.", "(b) The board may waive the fee.", "(c) No fee is returned.")
DUTIES = (
    "(a) A clinic shall keep a register of visits.",
    "(b) The register is open to inspectors of the board at any hour.",
    "(c) A nurse may sign the register for the physician.",
)
LONG = tuple(
    f"({letter}) {text}"
    for letter, text in zip(
        "abcdefgh",
        (
            "An inspector may enter a clinic between eight and six.",
            "The inspector shall show a card of office at the door.",
            "A sample taken is sealed before two witnesses.",
            "A copy of the report goes to the clinic within nine days.",
            "The clinic may answer the report in writing.",
            "The answer is filed beside the report and is public.",
            "A second visit follows where the report found a fault.",
            "The costs of a second visit are borne by the clinic.",
        ),
        strict=True,
    )
)
SEALS = ("(a) Every vial bears a seal.", "(b) A broken seal is reported within 24 hours.")
HOURS = ("(a) A clinic is open on five days a week.", "(b) On holidays it may close.")
NEW = ("(a) A clinic shall name a person who answers for safety.", "(b) The name is posted at the door.")


def show_section(number, title, lines):
    body = "".join(f"<p>{line}</p>" for line in lines)
    return f"<html><body><article><h1>§ {number}. {title}</h1>{body}</article></body></html>"


def show_list(folder, *numbers):
    links = "".join(f'<li><a href="/{folder}/{number}.html">§ {number}</a></li>' for number in numbers)
    return f"<html><body><article><h1>Sections</h1><ul>{links}</ul></article></body></html>"


def show_rules(*rules):
    body = "".join(f"<h2>Rule {head}</h2>" + "".join(f"<p>{line}</p>" for line in lines) for head, lines in rules)
    return f"<html><body>{body}</body></html>"


RULE_ONE = ("1.1 Sedation", ("(1) A nurse shall stay with the patient.", "(2) Two nurses are needed at night."))
RULE_TWO = ("1.2 Records", ("(1) Records are kept for seven years.",))
TWIN_OLD = ("1.2 Records [Effective until July 1, 2024]", ("(1) Records are kept for seven years.",))
TWIN_NEW = ("1.2 Records [Effective July 1, 2024]", ("(1) Records are kept for ten years.",))
IN_FORCE = ("1.2 Records", ("(1) Records are kept for ten years.",))


def list_pages():
    """List the captures of every week: (instant, URL, page or None for 404)."""
    section = {
        "1-1": show_section("1-1", "Fees", FEE),
        "1-2": show_section("1-2", "Duties", DUTIES),
        "1-3": show_section("1-3", "Inspections", LONG),
        "1-4": show_section("1-4", "Seals", SEALS),
    }
    raised = show_section("1-1", "Fees", (FEE[0].replace("40", "60"), *FEE[1:]))
    third = "(b) A page of the register is never torn out."
    longer = show_section("1-2", "Duties", (DUTIES[0], third, f"(c){DUTIES[1][3:]}", f"(d){DUTIES[2][3:]}"))
    moved = show_section("1-20", "Duties", (DUTIES[0], third, f"(c){DUTIES[1][3:]}", f"(d){DUTIES[2][3:]}"))
    short = show_section("1-3", "Inspections", LONG[:1])
    old, new = f"{SITE}/sections", f"{SITE}/code"
    rules = show_rules(RULE_ONE, RULE_TWO)
    later = {"1-1": raised, "1-2": longer, "1-9": show_section("1-9", "Safety", NEW), "1-4": section["1-4"]}
    weeks = [
        {
            f"{SITE}/": show_list("sections", "1-1", "1-2", "1-3", "1-4"),
            **{f"{old}/{number}.html": page for number, page in section.items()},
            f"{old}/1-9.html": None,
            RULES: rules,
        },
        {
            f"{SITE}/": show_list("sections", "1-1", "1-2", "1-3", "1-4", "1-9"),
            **{f"{old}/{number}.html": page for number, page in later.items()},
            f"{old}/1-3.html": section["1-3"],
            RULES: rules.replace("<body>", '<body class="new">'),
        },
        {
            **{f"{old}/{number}.html": None for number in (*later, "1-3")},
            **{f"{new}/{number}.html": page for number, page in {**later, "1-3": section["1-3"]}.items()},
            f"{SITE}/": show_list("code", "1-1", "1-2", "1-3", "1-4", "1-9"),
        },
        {f"{new}/1-3.html": short, f"{new}/1-5.html": show_section("1-5", "Hours", HOURS),
         RULES: show_rules(RULE_ONE, TWIN_OLD, TWIN_NEW)},
        {f"{new}/1-3.html": short.replace("<h1>", "<h1 >"), f"{new}/1-1.html": None},
        {f"{new}/1-1.html": None, f"{new}/1-4.html": section["1-4"]},
        {
            f"{SITE}/": show_list("code", "1-3", "1-4", "1-9", "1-20"),
            f"{new}/1-20.html": moved,
            f"{new}/1-2.html": None,
        },
        {RULES: show_rules(RULE_ONE, IN_FORCE)},
        {f"{new}/1-4.html": "<<<<<<< HEAD\n" + section["1-4"], RULES: ""},
        {f"{new}/1-4.html": show_section("1-4", "Seals", (SEALS[0], SEALS[1].replace("24", "12"))), RULES: None},
    ]  # fmt: skip
    return [(at, url, page) for at, week in zip(WEEKS, weeks, strict=True) for url, page in week.items()]


def declare(folder):
    """Write the declarations into a folder and return the sources read from it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "us-xx.yml").write_text(DECLARATIONS, "utf-8")
    return read_sources([folder])


def write_recording(folder, pages):
    """Write captures and their bodies into a folder; returns the captures file."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, (at, url, page) in enumerate(pages):
        name = None if page is None else f"{number}.html"
        if page is not None:
            (folder / name).write_text(page, "utf-8")
        line = {"url": url, "observed_at": at, "status": 404 if page is None else 200, "path": name}
        lines.append(json.dumps({**line, "media_type": "text/html"}))
    path = folder / "captures.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def record(folder, pages, *, run="a"):
    """Import pages into the data folder ``folder / "data"``; returns it and the sources declared."""
    sources = declare(folder / "sources")
    file = write_recording(folder / f"recording-{run}", pages)
    data = folder / "data"
    import_captures(data, ImportRequest(file=file, sources=sources, now=NOW, token=run))
    return data, sources


def build_web(folder, pages=None, **options):
    """Import and build pages (all weeks unless told); returns the data folder."""
    data, sources = record(folder, list_pages() if pages is None else pages)
    build(data, BuildRequest(sources=sources, **options))
    return data


def export(data, known_at=None):
    """Return the lines of the canonical export of a data folder."""
    out = BytesIO()
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        write_export(db, out, known_at=known_at)
    return out.getvalue().decode().splitlines()
