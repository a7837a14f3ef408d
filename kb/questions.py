"""Read what is asked of the rules: schemas/questions.yml."""

from functools import lru_cache
from typing import Literal

import msgspec

from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.share import share_path

AskedOf = Literal["states", "federal", "all"]


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing asked of every jurisdiction it concerns: states (the district and territories too), federal, or all."""

    id: str
    topic: str
    title: str
    asked_of: AskedOf = "all"

    def concerns(self, jurisdiction: str) -> bool:
        """Tell whether it is asked of a jurisdiction."""
        level = "federal" if jurisdiction == "us" else "states"
        return self.asked_of in ("all", level)


class _Codebook(msgspec.Struct, frozen=True):
    questions: tuple[Question, ...]


@lru_cache(maxsize=1)
def read_questions() -> tuple[Question, ...]:
    """Return the shipped questions, in their order; raises DeclarationError if schemas/questions.yml is not valid."""
    path = share_path("schemas", "questions.yml")
    try:
        return msgspec.convert(load_yaml(path), _Codebook).questions
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{path.name}: {error}") from error
