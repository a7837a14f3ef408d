"""What proves that law is gone: a stub that says so, or an address that stays "not found" (DESIGN.md §5)."""

import re
from datetime import datetime, timedelta

from kb.models import Reading
from kb.read.canonical import squeeze_text
from kb.read.notes import is_repealed

# A document is gone when its address answered 404 in two waves this far apart (DESIGN.md §5).
MISSING_FOR = timedelta(hours=20)
# "Definitions. [Not Funded]": a status printed behind a heading
STATUS = re.compile(r"\[([^\]]{3,40})\]\.?$")


def proves_itself(reading: Reading) -> bool:
    """Tell whether a short text says itself that the law is gone: "Repealed.", or the status its heading prints too."""
    root, *below = reading.provisions
    texts = [part.text for part in below if part.text]
    if is_repealed(root.heading) or (texts and all(is_repealed(text) for text in texts)):
        return True
    status = STATUS.search(root.heading)
    return status is not None and squeeze_text(" ".join(texts)) in ("", squeeze_text(status[1]))


def is_missing_long(first: str, second: str) -> bool:
    """Tell whether two instants at which an address was not found lie far enough apart to prove that it is gone."""
    return datetime.fromisoformat(second) - datetime.fromisoformat(first) >= MISSING_FOR
