"""Serve: start Datasette over the published generations in a process of its own and wait for it.

The knowledge base does not import Datasette; the site's code is loaded there by datasette/plugins/site.py. The server
follows the pointer of the data folder: publishing needs no restart, nor need anything be published before it starts.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import msgspec

from kb.errors import StatusQuoError
from kb.share import share_path

# The site finds the data folder under this name, as every command does.
DATA_VARIABLE = "KB_DATA"
# The site writes its log of requests to the file of this name; "-" is standard output, nothing none.
ACCESS_LOG_VARIABLE = "KB_ACCESS_LOG"
# Where this is set, the site hands out captured pages as attachments.
ARCHIVE_VARIABLE = "KB_SERVE_ARCHIVE"
# How long the server may take to end its last answers, in seconds.
STOP_SECONDS = 10


class ServerEndedError(StatusQuoError):
    """Raised when the server ends by itself, mostly at once because its port is taken."""


class ServeRequest(msgspec.Struct, frozen=True):
    """What to serve and where: the data folder, and an address that only this machine reaches unless told.

    ``access_log`` is where a line for each request goes: a file, "-" for standard output, "" for nowhere. ``archive``
    lets captured pages out, as attachments.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8001
    access_log: str = ""
    archive: bool = False


def make_command(request: ServeRequest) -> list[str]:
    """Return the command that starts Datasette on the site's folder; nothing of the current folder is imported."""
    site = str(share_path("datasette"))
    place = ["--host", request.host, "--port", str(request.port)]
    return [sys.executable, "-P", "-m", "datasette", "serve", site, *place]


def make_environment(request: ServeRequest, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables the server gets: those given, the data folder, and none of Datasette's own."""
    kept = {name: value for name, value in environment.items() if not name.startswith("DATASETTE_")}
    own = {DATA_VARIABLE: str(request.data.absolute()), **({ARCHIVE_VARIABLE: "1"} if request.archive else {})}
    return {**kept, **own, **({ACCESS_LOG_VARIABLE: request.access_log} if request.access_log else {})}


def serve(request: ServeRequest) -> None:
    """Serve until a person (Ctrl-C) or the system (SIGTERM) ends it, then end the server too.

    Call it from the main thread. Raises ServerEndedError where the server ends by itself.
    """
    with start_server(request) as server:
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            code = server.wait()
        except KeyboardInterrupt:
            stop_server(server)
            return
        finally:
            signal.signal(signal.SIGTERM, before)
    if code > 0:
        raise ServerEndedError(
            f"the server on {request.host}:{request.port} ended with code {code}: is the port taken? Try --port"
        )


def start_server(request: ServeRequest) -> subprocess.Popen[bytes]:
    """Start the server and return its process, which the caller stops with ``stop_server``."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter with fixed arguments
        make_command(request), env=make_environment(request, os.environ), stdin=subprocess.DEVNULL
    )


def stop_server(server: subprocess.Popen[bytes]) -> None:
    """End a server after the answers it is giving; kill it if that takes longer than STOP_SECONDS."""
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Treat the system's wish to end this process like a person's."""
    raise KeyboardInterrupt
