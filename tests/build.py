"""Small builders with defaults: a test says only what matters to it."""

import json

from kb.models import Capture
from kb.sources import parse_source

NOW = "2024-06-01T08:00:00Z"
URL = "https://rules.example.gov/1"


def make_capture(url=URL, body=b"<p>A license is required.</p>", **facts):
    return Capture(**{"url": url, "observed_at": NOW, "status": 200, "source": "us-xx-rules", "body": body, **facts})


def make_source(name="us-xx-rules", match="https://rules.example.gov/"):
    return parse_source({"id": name, "jurisdiction": "us-xx", "platform": "page", "match": [match]}, "a test")


def make_line(url=URL, **fields):
    line = {"url": url, "observed_at": NOW, "status": 200, "path": "page.html", "media_type": "text/html", **fields}
    return json.dumps(line)


def write_captures(folder, *lines, bodies=None):
    """Write a captures file beside its bodies (page.html unless told) and return its path."""
    for name, body in (bodies or {"page.html": b"<p>A license is required.</p>"}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    path = folder / "captures.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path
