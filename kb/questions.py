"""Read the codebook: what is asked of the rules, how it is coded, what silence means (schemas/questions.yml)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, get_args

import msgspec

from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.models import Dimension, Gap
from kb.share import domain_path

AskedOf = Literal["states", "federal", "all"]
AnswerType = Literal["choice", "choices", "boolean", "number", "duration", "text"]
GAPS: tuple[Gap, ...] = get_args(Gap)


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One allowed value: its id, what a reader sees, and how strict it is (higher: stricter; None: not ranked)."""

    id: str
    label: str
    strictness: int | None = None


class Detail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A typed figure an answer may carry beside its value: a duration (ISO 8601), number, choice, text or boolean."""

    id: str
    type: AnswerType
    label: str
    unit: str = ""
    values: tuple[str, ...] = ()


class Why(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a question matters, in a sentence for each kind of reader."""

    compliance: str = ""
    journalists: str = ""
    providers: str = ""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing asked of every jurisdiction it concerns: states (the district and territories too), federal, or all.

    ``scope`` names the dimensions an answer may be limited to, ``action`` is the template of a report's sentence:
    who must do what by when. Two values in one scope contradict each other, unless they stand together in a group of
    ``compatible`` ones (a rule and its exemption); several choices add up, unless two stand together in a group of
    ``contradicting`` ones.
    """

    id: str
    topic: str
    title: str
    asked_of: AskedOf = "all"
    wording: str = ""
    why: Why = Why()
    type: AnswerType = "text"
    unit: str = ""
    values: tuple[Choice, ...] = ()
    details: tuple[Detail, ...] = ()
    compatible: tuple[tuple[str, ...], ...] = ()
    contradicting: tuple[tuple[str, ...], ...] = ()
    scope: tuple[Dimension, ...] = ()
    coding: str = ""
    silent: str = ""
    action: str = ""

    def concerns(self, jurisdiction: str) -> bool:
        """Tell whether it is asked of a jurisdiction."""
        level = "federal" if jurisdiction == "us" else "states"
        return self.asked_of in ("all", level)

    def contradicts(self, one: object, other: object) -> bool:
        """Tell whether two values cannot both be the answer in one scope; tuples are several choices."""
        if isinstance(one, tuple) and isinstance(other, tuple):
            return any(
                first != second and first in group and second in group
                for group in self.contradicting
                for first in one
                for second in other
            )
        return one != other and not any(one in group and other in group for group in self.compatible)

    def rank(self, value: object) -> int | None:
        """Return how strict a value is, None where values are not ranked."""
        return next((choice.strictness for choice in self.values if choice.id == value), None)

    def say(self, value: object, gap: str | None = None) -> str:
        """Return the words a reader sees for a whole value, or for why there is none."""
        if gap is not None or value is None:
            return (gap or "").replace("_", " ")
        if isinstance(value, tuple):
            return "; ".join(map(self.label, value))
        if isinstance(value, bool):
            return "yes" if value else "no"
        return f"{self.label(value)}{f' {self.unit}' if self.unit else ''}"

    def label(self, value: object) -> str:
        """Return the words a reader sees for one value id; a value that is no id is shown as it is."""
        return next((choice.label for choice in self.values if choice.id == value), str(value))


class Edition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of the codebook: its number, its day and what it altered."""

    version: int
    day: str
    altered: str


class Comparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A comparison worth beginning with: its title, the jurisdictions, and questions or topics."""

    title: str
    jurisdictions: tuple[str, ...]
    questions: tuple[str, ...]


class Codebook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The questions in their order, and the editions of the codebook, the latest last.

    ``subject`` names what they are about ("Ketamine"), for titles; ``comparisons`` are offered where one begins.
    """

    editions: tuple[Edition, ...]
    questions: tuple[Question, ...]
    subject: str = ""
    comparisons: tuple[Comparison, ...] = ()

    @property
    def version(self) -> int:
        """Return the number of the latest edition."""
        return self.editions[-1].version

    def find(self, question: str) -> Question | None:
        """Return a question by its id, None if there is none."""
        return next((one for one in self.questions if one.id == question), None)


@lru_cache(maxsize=1)
def read_codebook() -> Codebook:
    """Return the shipped codebook; raises DeclarationError if schemas/questions.yml is not valid."""
    path = domain_path("questions.yml")
    return parse_codebook(load_yaml(path), path.name)


def parse_codebook(body: object, where: str) -> Codebook:
    """Make a codebook of plain values; raises DeclarationError naming the place (``where``) and what is wrong."""
    try:
        return msgspec.convert(body, Codebook)
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{where}: {error}") from error


def read_questions() -> tuple[Question, ...]:
    """Return the shipped questions, in their order; raises DeclarationError if schemas/questions.yml is not valid."""
    return read_codebook().questions


def map_questions() -> Mapping[str, Question]:
    """Return the shipped questions by id."""
    return {question.id: question for question in read_questions()}
