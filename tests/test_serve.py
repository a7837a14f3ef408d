"""The server is a process of its own: it starts with what it needs, and ends when we do."""

import contextlib
import signal
import socket
import subprocess
import sys
import time

import pytest

from kb.serve import ServerEndedError, ServeRequest, make_command, make_environment, serve, stop_server

STARTER = """
import sys
from pathlib import Path
from kb.serve import ServeRequest, serve
serve(ServeRequest(Path(sys.argv[1]), port=int(sys.argv[2])))
print("ended")
"""


def find_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition):
    for _ in range(300):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_server_is_reached_from_this_machine_only_and_gets_no_settings_of_others(tmp_path):
    request = ServeRequest(tmp_path)

    command = make_command(request)
    environment = make_environment(request, {"PATH": "/bin", "DATASETTE_SECRET": "x", "KB_DATA": "elsewhere"})

    assert ["--host", "127.0.0.1", "--port", "8001"] == command[-4:]
    assert {"PATH": "/bin", "KB_DATA": str(tmp_path)} == environment


def test_nothing_of_the_current_folder_is_imported(tmp_path, monkeypatch):
    (tmp_path / "datasette.py").write_text("raise SystemExit('a stranger ran')")
    monkeypatch.chdir(tmp_path)
    command = make_command(ServeRequest(tmp_path))

    answer = subprocess.run([*command[:4], "--version"], capture_output=True, text=True, check=True)

    assert "datasette, version 0.65" in answer.stdout


def test_taken_port_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ServerEndedError, match=f"127.0.0.1:{port} ended .* is the port taken"):
            serve(ServeRequest(tmp_path, port=port))


@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
def test_server_ends_with_the_process_that_started_it(tmp_path, wish):
    port = find_port()
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path), str(port)], stdout=subprocess.PIPE, text=True
    )
    started = wait_until(lambda: is_open(port))

    starter.send_signal(wish)
    said = starter.communicate(timeout=20)[0]

    assert (True, True, 0) == (started, said.endswith("ended\n"), starter.returncode)
    assert not is_open(port)


def test_server_that_does_not_end_is_killed(monkeypatch):
    monkeypatch.setattr("kb.serve.STOP_SECONDS", 0.2)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
    stubborn = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    with contextlib.closing(stubborn.stdout) as ready:
        ready.readline()

        stop_server(stubborn)

    assert -signal.SIGKILL == stubborn.returncode
