"""Serve: start Datasette over the published generations in a process of its own and wait for it.

The knowledge base does not import Datasette; the site's code is loaded there by datasette/plugins/site.py. The server
follows the pointer of the data folder: publishing needs no restart, nor need anything be published before it starts.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kb.share import share_path

# The site finds the data folder under this name, as every command does.
DATA_VARIABLE = "KB_DATA"
# How long the server may take to end its last answers, in seconds.
STOP_SECONDS = 10


class ServeRequest(msgspec.Struct, frozen=True):
    """What to serve and where: the data folder, and an address that only this machine reaches unless told."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8001


def make_command(request: ServeRequest) -> list[str]:
    """Return the command that starts Datasette on the site's folder; nothing of the current folder is imported."""
    site = str(share_path("datasette"))
    place = ["--host", request.host, "--port", str(request.port)]
    return [sys.executable, "-P", "-m", "datasette", "serve", site, *place]


def make_environment(request: ServeRequest, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables the server gets: those given, the data folder, and none of Datasette's own."""
    kept = {name: value for name, value in environment.items() if not name.startswith("DATASETTE_")}
    return {**kept, DATA_VARIABLE: str(request.data.absolute())}


def serve(request: ServeRequest) -> int:
    """Serve until interrupted; returns the server's exit code, 0 where a person or the system ended it."""
    with start_server(request) as server:
        try:
            return max(server.wait(), 0)
        except KeyboardInterrupt:
            return stop_server(server)


def start_server(request: ServeRequest) -> subprocess.Popen[bytes]:
    """Start the server and return its process, which the caller stops with ``stop_server``."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter with fixed arguments
        make_command(request), env=make_environment(request, os.environ), stdin=subprocess.DEVNULL
    )


def stop_server(server: subprocess.Popen[bytes]) -> int:
    """End a server after the answers it is giving; returns 0."""
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    return 0
