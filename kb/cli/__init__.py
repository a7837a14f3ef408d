"""The command ``kb``: reads options, calls a use case, prints. The only place that reads the clock."""

from kb.cli.consulting import changes, diff, show
from kb.cli.filling import build, import_, init, sources
from kb.cli.frame import main
from kb.cli.keeping import doctor, evaluate, export

for command in (init, sources, import_, build, changes, show, diff, doctor, export, evaluate):
    main.add_command(command)

__all__ = ["main"]
