"""Print e-mails by templates: all that is put in is escaped, and signs that hide or turn words are spelled out."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from kb.compare.redline import spell_controls
from kb.tell.styles import DARK, STYLES
from kb.tell.words import NOT_ADVICE, count_of, keep_web, print_day

TEMPLATES = Path(__file__).parents[1] / "templates"


def load(name: str) -> Template:
    """Return a template of e-mails by its name ("mail/report.html")."""
    return _make_environment().get_template(name)


@lru_cache(maxsize=1)
def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"plain_day": print_day, "web": keep_web}
    environment.globals |= {"S": STYLES, "DARK": DARK, "NOT_ADVICE": NOT_ADVICE, "count_of": count_of}
    return environment


def _finalize(value: object) -> object:
    return spell_controls(value) if isinstance(value, str) and not isinstance(value, Markup) else value
