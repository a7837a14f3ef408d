"""A session at the terminal: one fact a screen, one key a decision, the last of which can be taken back."""

import io
from contextlib import closing

import pytest
from rich.console import Console

from kb.answer.agreement import Agreement
from kb.answer.facts import hash_words
from kb.answer.urgency import Case, Standing, list_cases
from kb.cli.review_screens import describe_kappa, print_case, print_queue
from kb.cli.review_session import Session, Setting, list_settable
from kb.declarations import load_yaml
from kb.review import list_uncoded, read_words
from kb.store.knowledge import open_knowledge
from tests.build import make_provision
from tests.coded import FILE, TEXT, TEXT_HASH, codebook, make_desk, make_fact, make_step  # noqa: F401 - a fixture
from tests.test_urgency import TODAY

pytestmark = pytest.mark.usefixtures("codebook")
ORDER = ["refill_limit", "prescribers", "query_duty"]
OLD_TEXT = "A prescription may be refilled at most six times."


class Typist:
    """Who presses keys and types lines as told; a line that is an error is raised."""

    def __init__(self, keys, lines=()):
        self.keys, self.lines = list(keys), list(lines)
        self.asked, self.pages = [], []

    def press(self):
        if not self.keys:
            raise EOFError
        return self.keys.pop(0)

    def ask(self, label, current=""):
        self.asked.append((label, current))
        line = self.lines.pop(0) if self.lines else current
        if isinstance(line, type):
            raise line
        return current if line is None else line

    def read(self, text):
        self.pages.append(text)


def hold(tmp_path, keys, lines=(), *, blind=False, width=80, **step):
    """Hold a session over the three facts of the file; returns what was shown, screen by screen, and the typist."""
    desk, cases = make_desk(tmp_path, **step)
    chosen = [cases[question] for question in ORDER]
    typist = Typist(keys, lines)
    shown = io.StringIO()
    console = Console(file=shown, width=width, highlight=False, markup=False, emoji=False)
    with closing(open_knowledge(tmp_path / "data" / "kb.db", read_only=True)) as db:
        setting = Setting(console, typist, desk, lambda case: read_words(db, case.standing.step))
        Session(setting, list_uncoded(chosen, "ana") if blind else chosen, blind=blind).hold()
    return shown.getvalue(), typist


def read_entries(tmp_path):
    return load_yaml(tmp_path / "facts" / "us-xx.yml")


def test_a_fact_a_screen_and_a_summary_at_the_end(tmp_path):
    shown, _ = hold(tmp_path, "asa.")

    heads = [line for line in shown.splitlines() if " of 3 · " in line]
    assert ["1 of 3 · not confirmed yet", "2 of 3 · reported, official page known", "3 of 3 · the rest"] == [
        head.rpartition(" · ")[0] for head in heads
    ]
    assert "1 confirmed, 1 looked at; 1 skipped, 0 left" in shown
    assert "written to 1 file" in shown
    assert ["ana", "ana", None] == [entry.get("reviewed_by") for entry in read_entries(tmp_path)]


def test_what_was_not_verified_is_said_with_the_reason(tmp_path):
    shown, _ = hold(tmp_path, "sa")

    told = " ".join(shown.split())
    assert "recorded as looked at, not verified: no official text of it is archived, it is only reported" in told
    assert "can be looked at, not confirmed" in told


@pytest.mark.parametrize("keys", ["auq", "assuq"])
def test_undo_takes_the_last_decision_back_and_returns_to_its_fact(tmp_path, keys):
    shown, _ = hold(tmp_path, keys)

    screens = [line[:6] for line in shown.splitlines() if " of 3 · " in line]
    assert "1 of 3" == screens[-1]
    assert "taken back (confirmed)" in shown
    assert "nothing decided" in shown
    assert FILE == (tmp_path / "facts" / "us-xx.yml").read_text()


def test_nothing_is_left_to_take_back(tmp_path):
    shown, _ = hold(tmp_path, "uq")

    assert "nothing to take back" in shown


def test_a_note_and_a_strange_key_stay_at_the_fact(tmp_path):
    shown, typist = hold(tmp_path, ["n", "x", "\x1b", "q"], ["Ask the board."])

    assert ["1 of 3"] * 4 == [line[:6] for line in shown.splitlines() if " of 3 · " in line]
    assert [True, True, True] == [words in shown for words in ("noted", "no such key: 'x'", "no such key\n")]
    assert f"2026-06-01 ana [text {TEXT_HASH[:16]}]: Ask the board." == read_entries(tmp_path)[0]["review_note"]
    assert [("note", "")] == typist.asked


def test_an_edit_asks_for_each_key_with_what_stands_there(tmp_path):
    lines = [
        "two",
        None,
        None,
        "nurse",
        None,
        "Narrower.",
        None,
        None,
        "2027",
        None,
        None,
        None,
        None,
        "The code says so.",
    ]

    _, typist = hold(tmp_path, "eq", lines)

    assert [
        ("value", "five"),
        ("details.refills", ""),
        ("details.within", ""),
        ("scope.profession", ""),
        ("scope.event", ""),
        ("note", "Five refills."),
        ("searched", ""),
        ("effective_from", ""),
        ("effective_to", ""),
        ("reverts_to", ""),
        ("anchor.document", "us-xx/code/1-1"),
        ("anchor.eid", ""),
        ("anchor.quote", "refilled at most five times"),
        ("why (for the record)", ""),
    ] == typist.asked
    told = {"value": "two", "scope": {"profession": ["nurse"]}, "note": "Narrower.", "effective_to": "2027"}
    assert {**told, "review_note": "2026-06-01 ana: The code says so."}.items() <= read_entries(tmp_path)[-1].items()


@pytest.mark.parametrize(
    ("keys", "lines", "said"),
    [
        ("eq", (), "nothing was altered"),
        ("eq", ("tow",), "unknown value 'tow' for refill_limit"),
        ("eq", (KeyboardInterrupt,), "nothing was decided"),
        ("rq", ("",), "a rejection needs its reason"),
        ("rq", (EOFError,), "nothing was decided"),
        ("nq", (" ",), "expected the words of a note"),
    ],
)
def test_what_is_not_decided_is_said_and_the_session_goes_on(tmp_path, keys, lines, said):
    shown, _ = hold(tmp_path, keys, lines)

    assert said in " ".join(shown.split())
    assert FILE == (tmp_path / "facts" / "us-xx.yml").read_text()


def test_the_end_of_input_ends_the_session(tmp_path):
    shown, _ = hold(tmp_path, "")

    assert "nothing decided; 0 skipped, 3 left" in shown


def test_a_rejection_is_written_with_the_reason_typed(tmp_path):
    hold(tmp_path, "rq", ["Another drug."])

    assert read_entries(tmp_path)[0]["review_note"].endswith("rejected: Another drug.")


def test_the_whole_text_and_the_help_are_read_in_the_pager(tmp_path):
    _, typist = hold(tmp_path, "t?stq", old_text=OLD_TEXT, new_text=TEXT)

    whole, keys, nothing = typist.pages
    assert f"(a) {TEXT}" in whole
    assert "at most [-six-] {+five+} times" in " ".join(whole.split())
    assert "verify nothing" in keys
    assert "No text of it is archived." == nothing


def test_a_second_coder_sees_the_law_and_nothing_of_the_first_value(tmp_path):
    shown, typist = hold(tmp_path, "vtsq", ["two"], blind=True, old_text=OLD_TEXT, new_text=TEXT)

    first = shown[: shown.index("2 of 2")]
    assert [True, True, True] == [
        words in first for words in ("»refilled at most five times«", "five: Five times", "Code what the text says")
    ]
    hidden = ("Answer", "Five refills.", "coder-1", "Why now", "official, seen", OLD_TEXT)
    assert [] == [words for words in hidden if words in shown + "".join(typist.pages)]
    assert {"value": "two", "coded_on": "2026-06-01", "coded_by": "ana"} == read_entries(tmp_path)[0]["second"]


def test_a_value_that_cannot_be_is_asked_for_again(tmp_path):
    shown, _ = hold(tmp_path, "vvq", ["three", "two"], blind=True)

    assert "unknown value 'three' for refill_limit" in " ".join(shown.split())
    assert "two" == read_entries(tmp_path)[0]["second"]["value"]


def make_case(**step):
    """Make the case of a fact whose words changed."""
    fact, standing = make_fact(), Standing(make_step(**step))
    return Case(fact=fact, standing=standing, state="needs_review", urgency="changed", reason="its words changed")


def test_changed_words_are_shown_with_plain_signs_and_in_colour():
    case = make_case(old_text=OLD_TEXT, new_text=TEXT)
    told = []
    for color in (None, "standard"):
        shown = io.StringIO()
        console = Console(file=shown, width=80, color_system=color, force_terminal=color is not None, _environ={})
        print_case(console, case, ())
        told.append(shown.getvalue())

    plain, coloured = told
    assert "Changed    A prescription may be refilled at most [-six-] {+five+} times." in plain
    assert "\x1b" not in plain
    assert "\x1b[9;31m[-six-]\x1b[0m" in coloured
    assert "\x1b[4;32m{+five+}\x1b[0m" in coloured


@pytest.mark.parametrize("width", [80, 120])
def test_every_screen_fits_the_terminal(tmp_path, width):
    shown, _ = hold(tmp_path, "nasq", ["Ask. " * 40], width=width, place="mirror", old_text=OLD_TEXT, new_text=TEXT)

    assert [] == [line for line in shown.splitlines() if len(line) > width]


def test_a_long_queue_is_cut_and_counts_what_is_left_out():
    cases = list_cases([make_fact(f"{n:04}", place=n) for n in range(50)], {}, TODAY)
    shown = io.StringIO()

    print_queue(Console(file=shown, width=80), cases, shown=2)

    assert ["50 facts to look at", "the rest (50)"] == shown.getvalue().splitlines()[:2]
    assert "… 48 more: kb review --list --limit 0" == shown.getvalue().splitlines()[-1]


def test_of_a_long_provision_the_quote_is_shown_and_how_much_there_is():
    words = " ".join([TEXT] * 40)
    case = make_case(text_hash=hash_words(words))
    shown = io.StringIO()

    print_case(Console(file=shown, width=80), case, (make_provision("a", words),))

    assert "Words      …A prescription may be »refilled at most five times«.…" in shown.getvalue()
    assert "part of a provision of 360 words" in shown.getvalue()


def test_a_text_other_than_the_one_the_step_is_about_is_not_shown():
    case = make_case()
    shown = io.StringIO()

    print_case(Console(file=shown, width=80), case, (make_provision("a", f"Not: {TEXT}"),))

    assert "Not:" not in shown.getvalue()


def test_control_signs_of_a_page_are_spelled_out():
    case = make_case(quote="five\x1b[2J times", prefix="at\u202e most ")
    shown = io.StringIO()

    print_case(Console(file=shown, width=80), case, ())

    assert "⟨U+202E⟩ most »five⟨U+001B⟩[2J times«" in shown.getvalue()


def test_what_an_edit_may_alter_is_spelled_as_a_person_types_it(tmp_path):
    _, cases = make_desk(tmp_path)

    assert ["five", "physician + nurse", "yes"] == [list_settable(cases[question])["value"] for question in ORDER]


def test_kappa_that_is_not_told_says_why():
    case = [make_agreement(*figures) for figures in ((4, None), (9, None), (9, 0.615))]

    assert ["too few", "not defined", "0.61"] == [describe_kappa(one) for one in case]


def make_agreement(count, kappa):
    return Agreement(question="days", coded_twice=count, agreeing=count, divergence=0.0, kappa=kappa)
