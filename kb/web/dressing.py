"""Dress Datasette's own pages like ours: the same bar above, the same words below, the same style sheet.

Their templates stand in datasette/templates; what they share with ours is loaded from kb/web/templates as
"site:frame.html".
"""

from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader

from kb.tell.words import print_day
from kb.web.pages.frame import TEMPLATES
from kb.web.pages.navigation import ROUTES
from kb.web.swap import CURRENT


def prepare_jinja2_environment(env: Environment) -> None:
    """Let Datasette's templates load ours."""
    ours = PrefixLoader({"site": FileSystemLoader(TEMPLATES)}, delimiter=":")
    env.loader = ours if env.loader is None else ChoiceLoader([ours, env.loader])


def extra_template_vars() -> dict[str, Any]:
    """Give Datasette's templates what the frame prints: the bar, and which edition is shown."""
    generation = CURRENT.get()
    stamp = ""
    if generation is not None:
        pointer = generation.pointer
        stamp = f"Tables behind the pages · known at {print_day(pointer.published_at)} · edition {pointer.generation}"
    return {"site_bar": ROUTES.list_bar(), "site_stamp": stamp, "site_has_about": ROUTES.answer("/about")}
