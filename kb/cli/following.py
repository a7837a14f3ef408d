"""What the commands that tell people share: the options that say which changes concern somebody."""

from typing import Any

import click

from kb.tell.follow import ANY, FIELDS

NOBODY = "nobody has subscribed yet: kb subscribe --help, or /subscribe on the site"


def follow_options(command: Any) -> Any:
    """Give a command the options that say which changes concern its reader; each may be given again."""
    helps = {
        "jurisdiction": "Of this jurisdiction (us, us-tx)",
        "topic": "On this topic",
        "profession": "Binding this profession",
        "binding": "Of texts that bind so (statute, regulation, proposal)",
        "nature": f"Of this nature (substantive unless given; {ANY}: all)",
        "part": f"In this part (text, heading and notices of a coming change unless given; {ANY}: all)",
    }
    for name in reversed(tuple(FIELDS)):
        shown = f"{helps[name]}; may be given again."
        command = click.option(f"--{name}", metavar="XX", multiple=True, help=shown)(command)
    return command
