"""Review facts with a person at the terminal: one fact a screen, one key a decision."""

import readline
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import click
import msgspec
from rich.console import Console
from rich.text import Text

from kb.answer.facts import spell_value
from kb.answer.urgency import Case
from kb.cli.frame import say_plural
from kb.cli.review_screens import TITLES, print_blind, print_case, print_whole
from kb.decisions import Desk, Done, Verb
from kb.errors import StatusQuoError
from kb.models import Provision
from kb.questions import map_questions
from kb.terminal import print_line

# What a key does, in the order of the help line.
KEYS = {
    "a": "accept", "e": "edit", "r": "reject", "n": "note", "s": "skip", "u": "undo", "t": "whole text",
    "q": "quit", "?": "help",
}  # fmt: skip
CODING_KEYS = {"v": "give a value", "s": "skip", "u": "undo", "t": "whole text", "q": "quit"}
HELP = """\
a  accept: these very words say what the answer says. Words of a mirror, of a host that is not official, and what is
   only reported are recorded as looked at: they verify nothing.
e  edit: what stands in the line counts, an empty line takes the key away. A corrected entry is added, confirmed by you;
   the old one is marked superseded.
r  reject, with the reason. Where no answer is left, the question is marked not checked.
n  note: words with your name and the day; nothing is decided.
s  skip.   u  take the last decision back, to the very bytes.   t  the whole provision.   q  end."""
SAID: dict[Verb, str] = {
    "confirmed": "confirmed by these very words",
    "looked": "recorded as looked at, not verified",
    "edited": "a corrected entry was added, the old one is superseded",
    "rejected": "rejected and superseded",
    "noted": "noted",
    "coded": "coded a second time",
}
COUNTED: dict[Verb, str] = {
    "confirmed": "confirmed", "looked": "looked at", "edited": "edited", "rejected": "rejected", "noted": "noted",
    "coded": "coded",
}  # fmt: skip
Step = Literal["stay", "next", "end"]


class Person(Protocol):
    """Who sits at the terminal: presses keys and answers questions. EOFError and KeyboardInterrupt end an answer."""

    def press(self) -> str:
        """Wait for one key and return it."""

    def ask(self, label: str, current: str = "") -> str:
        """Ask for a line that begins as ``current`` and may be altered."""

    def read(self, text: str) -> None:
        """Let a long text be read, page by page."""


class AtTerminal:
    """The person at this terminal."""

    def press(self) -> str:
        """Wait for one key and return it."""
        return click.getchar()

    def ask(self, label: str, current: str = "") -> str:
        """Ask for a line, with what stands there ready to be altered."""
        readline.set_startup_hook(lambda: readline.insert_text(current))
        try:
            return input(f"{label}: ").strip()
        finally:
            readline.set_startup_hook(None)

    def read(self, text: str) -> None:
        """Show a long text in the pager."""
        click.echo_via_pager(text)


class Setting(msgspec.Struct, frozen=True):
    """What a session works with: where it prints, who decides, where it is written, and the words of a case."""

    console: Console
    person: Person
    desk: Desk
    read_words: Callable[[Case], Sequence[Provision]]


class Session:
    """A walk through cases, one a screen."""

    def __init__(self, setting: Setting, cases: Sequence[Case], *, blind: bool = False) -> None:
        self.setting = setting
        self.cases = cases
        self.blind = blind
        self.place = 0
        self.said = ""
        self.skipped = 0

    def hold(self) -> None:
        """Show case after case until the last, or until the person ends it; then say what was decided."""
        going: Step = "next"
        while going != "end":
            if self.place < len(self.cases):
                case = self.cases[self.place]
                self._show(case)
                going = self._obey(case)
                self.place += going == "next"
            else:
                going = self._ask_end()
        self._sum_up()

    def _ask_end(self) -> Step:
        """After the last case the last decision can still be taken back; any other key ends."""
        if not self.setting.desk.done:
            return "end"
        console = self.setting.console
        print_line(console, f"{self.said + '. ' if self.said else ''}That was the last: u takes it back, any key ends.")
        self.said = ""
        try:
            key = self.setting.person.press()
            return self._undo(self.cases[-1]) if key.lower() == "u" else "end"
        except (EOFError, KeyboardInterrupt):
            return "end"

    def _show(self, case: Case) -> None:
        console = self.setting.console
        console.clear()
        head = "second coding" if self.blind else TITLES[case.urgency]
        print_line(console, f"{self.place + 1} of {len(self.cases)} · {head} · {case.fact.id}", style="dim")
        (print_blind if self.blind else print_case)(console, case, self.setting.read_words(case))
        console.print()
        if self.said:
            print_line(console, self.said, style="bold yellow")
            self.said = ""
        keys = CODING_KEYS if self.blind else KEYS
        console.print(Text("  ").join(Text.assemble((key, "bold reverse"), f" {word}") for key, word in keys.items()))

    def _obey(self, case: Case) -> Step:
        """Do what one key asks for; what cannot be done is said on the next screen."""
        try:
            key = self.setting.person.press()
        except (EOFError, KeyboardInterrupt):
            return "end"
        actions = self._list_coding() if self.blind else self._list_actions()
        action = actions.get(key.lower())
        if action is None:
            self.said = f"no such key: {key!r}" if key.isprintable() else "no such key"
            return "stay"
        try:
            return action(case)
        except (EOFError, KeyboardInterrupt, click.Abort):
            self.said = "nothing was decided"
        except StatusQuoError as error:
            self.said = str(error)
        return "stay"

    def _list_actions(self) -> dict[str, Callable[[Case], Step]]:
        return {
            "a": lambda case: self._tell(self.setting.desk.accept(case)),
            "e": self._edit,
            "r": self._reject,
            "n": self._note,
            "?": self._help,
            **self._list_moves(),
        }

    def _list_coding(self) -> dict[str, Callable[[Case], Step]]:
        return {"v": self._code, **self._list_moves()}

    def _list_moves(self) -> dict[str, Callable[[Case], Step]]:
        return {"s": self._skip, "u": self._undo, "t": self._read, "q": lambda _: "end"}

    def _tell(self, done: Done) -> Step:
        """Say what was decided, and of what could not be verified why."""
        case = self.cases[self.place]
        why = f": {case.standing.barrier}" if done.verb == "looked" else ""
        self.said = f"{done.fact.id}: {SAID[done.verb]}{why}"
        return "stay" if done.verb == "noted" else "next"

    def _edit(self, case: Case) -> Step:
        ask = self.setting.person.ask
        current = list_settable(case)
        typed = {key: ask(key, text) for key, text in current.items()}
        changes = {key: text for key, text in typed.items() if text != current[key]}
        if not changes:
            self.said = "nothing was altered"
            return "stay"
        return self._tell(self.setting.desk.edit(case, changes, ask("why (for the record)")))

    def _reject(self, case: Case) -> Step:
        return self._tell(self.setting.desk.reject(case, self.setting.person.ask("reason")))

    def _note(self, case: Case) -> Step:
        return self._tell(self.setting.desk.note(case, self.setting.person.ask("note")))

    def _code(self, case: Case) -> Step:
        return self._tell(self.setting.desk.code_second(case, self.setting.person.ask("value")))

    def _help(self, _: Case) -> Step:
        self.setting.person.read(HELP)
        return "stay"

    def _read(self, case: Case) -> Step:
        console = self.setting.console
        with console.capture() as captured:
            print_whole(console, case, self.setting.read_words(case), blind=self.blind)
        self.setting.person.read(captured.get() or "No text of it is archived.")
        return "stay"

    def _skip(self, _: Case) -> Step:
        self.skipped += 1
        return "next"

    def _undo(self, _: Case) -> Step:
        """Take the last decision back and return to its fact."""
        done = self.setting.desk.undo()
        if done is None:
            self.said = "nothing to take back"
            return "stay"
        self.place = next(at for at, case in enumerate(self.cases) if case.fact.id == done.fact.id)
        self.said = f"{done.fact.id}: taken back ({COUNTED[done.verb]})"
        return "stay"

    def _sum_up(self) -> None:
        """Say what was decided, how much is left, and where it was written."""
        console, done = self.setting.console, self.setting.desk.done
        if self.said:
            print_line(console, self.said, style="bold yellow")
        counts = Counter(one.verb for one in done)
        told = [f"{counts[verb]} {word}" for verb, word in COUNTED.items() if counts[verb]]
        left = max(len(self.cases) - self.place, 0)
        print_line(console, f"{', '.join(told) or 'nothing decided'}; {self.skipped} skipped, {left} left")
        files = sorted({str(one.path) for one in done})
        if files:
            print_line(console, f"written to {say_plural(len(files), 'file')}: {', '.join(files)}")
            print_line(console, "git diff shows it; kb build takes it up")


def list_settable(case: Case) -> dict[str, str]:
    """Return what an edit may alter, by key, as a person would type it."""
    fact = case.fact
    question = map_questions()[fact.question]
    return {
        "value": fact.gap or spell_value(fact.value),
        **{f"details.{one.id}": spell_value(fact.details.get(one.id)) for one in question.details},
        **{f"scope.{name}": ", ".join(fact.scope.get(name, ())) for name in question.scope},
        "note": fact.note,
        "searched": "; ".join(fact.searched),
        "effective_from": fact.effective_from,
        "effective_to": fact.effective_to,
        "reverts_to": spell_value(fact.reverts_to),
        "anchor.document": "" if fact.anchor is None else fact.anchor.document,
        "anchor.eid": "" if fact.anchor is None else fact.anchor.eid,
        "anchor.quote": "" if fact.anchor is None else fact.anchor.quote,
    }
