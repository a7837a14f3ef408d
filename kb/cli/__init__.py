"""The command ``kb``: reads options, calls a use case, prints. The only place that reads the clock."""

from kb.cli.adding import expect_sources, new_source, try_source
from kb.cli.comparing import compare
from kb.cli.consulting import changes, diff, show
from kb.cli.filling import build, convert, init, sources
from kb.cli.frame import main
from kb.cli.keeping import doctor, evaluate, export
from kb.cli.notifying import notify, report
from kb.cli.proving import verify
from kb.cli.recordings import import_
from kb.cli.reviewing import review
from kb.cli.serving import crawl, demo, publish, serve, update
from kb.cli.status import status
from kb.cli.subscribing import subscribe

FILL = (init, sources, import_, crawl, convert, build, update)
ASK = (changes, show, diff, compare)
SHOW = (publish, serve, demo)
TELL = (subscribe, notify, report)
KEEP = (status, review, doctor, verify, export, evaluate)

for command in (new_source, try_source, expect_sources):
    sources.add_command(command)
for command in (*FILL, *ASK, *SHOW, *TELL, *KEEP):
    main.add_command(command)

__all__ = ["main"]
