"""What a declaration says of its platform is checked when it is read, and every example of the guide is sound."""

import re
from pathlib import Path

import pytest
import yaml

from kb.errors import DeclarationError
from kb.sources import parse_source

GUIDE = Path(__file__).parents[1] / "docs" / "add-a-source.md"
PLATFORMS = ("page", "index", "sitemap", "feed", "api", "ecfr", "federal_register", "uslm")
BODY = {"id": "us-xx-a", "jurisdiction": "us-xx", "platform": "index", "start": "https://rules.example.gov/"}


def list_examples():
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    listed = [yaml.safe_load(block) for block in blocks if block.lstrip().startswith("- ")]
    whole = [yaml.safe_load(block)["sources"] for block in blocks if block.startswith("jurisdiction:")]
    return [entry for entries in (*whole, *listed) for entry in entries]


def test_every_example_of_the_guide_is_a_sound_declaration():
    entries = list_examples()
    for entry in entries:
        body = {key: value for key, value in entry.items() if key != "authority"}
        parse_source({"jurisdiction": "us-xx", **_write_days(body)}, "the guide")

    assert set() == set(PLATFORMS) - {entry["platform"] for entry in entries}


def _write_days(value):
    """Return plain YAML values with days as text, as declarations are loaded."""
    if isinstance(value, dict):
        return {key: _write_days(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_write_days(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"platform": "api"}, "platform 'api' needs the key 'api', found none"),
        ({"sitemap": {"lastmod": "trusted"}}, "'sitemap' belongs to platform 'sitemap', found platform 'index'"),
        ({"platform": "api", "api": {"item": "a"}}, "unknown key 'item'"),
        ({"versions": {"pattern": "(a"}}, "bad regular expression '(a'"),
        ({"versions": {"pattern": "a", "follow": "div >"}}, "bad CSS selector 'div >'"),
        ({"canonical": [{"pattern": "(", "replace": ""}]}, "bad regular expression '('"),
        ({"platform": "ecfr", "ecfr": {"title": "x"}}, "ecfr.title"),
    ],
    ids=str,
)
def test_wrong_keys_of_a_platform_are_named(facts, message):
    with pytest.raises(DeclarationError, match=re.escape(message)):
        parse_source({**BODY, **facts}, "a test")
