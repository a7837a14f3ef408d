"""Print pages and e-mails by templates: all put in is escaped, and signs that hide or turn words are spelled out."""

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
    return _load_mail_environment().get_template(name)


@lru_cache(maxsize=1)
def _load_mail_environment() -> Environment:
    environment = make_environment(TEMPLATES)
    environment.globals |= {"S": STYLES, "DARK": DARK, "NOT_ADVICE": NOT_ADVICE}
    return environment


def make_environment(folder: Path) -> Environment:
    """Return what prints the templates of a folder: the site's pages and the e-mails follow the same rules."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"plain_day": print_day, "web": keep_web}
    environment.globals |= {"count_of": count_of}
    return environment


def _finalize(value: object) -> object:
    """Spell out signs of crawled text that could turn the reading order round; our own markup has none."""
    if value is None:
        return ""
    return spell_controls(value) if isinstance(value, str) and not isinstance(value, Markup) else value
