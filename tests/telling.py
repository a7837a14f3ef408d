"""What tests of notices share: weekly rounds of the State of Example, and subscribers who are told of them."""

from contextlib import closing
from datetime import datetime, timedelta

from kb.build import BuildRequest, build
from kb.mail_settings import MailSettings
from kb.publish import publish
from kb.store.subscribers import Subscriber, add_subscriber, open_subscribers
from kb.tell.follow import Follow
from kb.telling import tell
from tests.example_web import WEEKS, list_pages, record

SETTINGS = MailSettings(
    host="127.0.0.1",
    port=2525,
    safety="none",
    sender="Status Quo <reports@law.example>",
    address="https://law.example",
)
EVERYTHING = Follow(natures=("substantive", "editorial", "structural"), parts=("text", "heading", "note", "pending"))
RULES = Follow()
START = "2024-01-01T00:00:00Z"


def later(at, **by):
    """Return an instant some time after another."""
    return (datetime.fromisoformat(at) + timedelta(**by)).strftime("%Y-%m-%dT%H:%M:%SZ")


def subscribe(data, name="ann", follows=(RULES,), **fields):
    """Write an active subscriber, who is told from the first day on unless told otherwise."""
    given = {"confirmed_at": START, "told_until": START, "channel": "mail", "target": f"{name}@example.org", **fields}
    one = Subscriber(id=name, secret=b"s" * 32, state=given.pop("state", "active"), created_at=START, **given)
    with closing(open_subscribers(data)) as db:
        add_subscriber(db, one, follows)
    return one


def collect_week(folder, week, pages=None):
    """Bring in what was recorded in one week, build it and publish it an hour later; returns that instant."""
    chosen = [page for page in (list_pages() if pages is None else pages) if page[0] == week]
    data, sources = record(folder, chosen, run=week[:10])
    build(data, BuildRequest(sources=sources))
    at = later(week, hours=1)
    publish(data, at, declared=sources)
    return at


def run_weeks(folder, weeks=WEEKS):
    """Collect week after week and tell after each; returns what each run found."""
    return [tell(folder / "data", later(collect_week(folder, week), minutes=1), SETTINGS) for week in weeks]
