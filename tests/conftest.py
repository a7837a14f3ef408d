"""No test reaches the network: connections beyond this machine are refused for the whole run."""

import ipaddress
import socket

import pytest

from tests.crawling import Site


def is_local(address):
    """Tell whether a socket address stays on this machine: a Unix socket's path, or a loopback host."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0]).partition("%")[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_distant(connect):
    def connect_locally(self, address):
        if not is_local(address):
            raise RuntimeError(f"a test tried to reach {address!r}: only loopback is open to tests")
        return connect(self, address)

    return connect_locally


@pytest.fixture(scope="session", autouse=True)
def no_shipped_sources(tmp_path_factory):
    """Put an empty folder in place of the sources that ship: a test crawls and lists those it declares itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_SOURCES", str(tmp_path_factory.mktemp("no-sources")))
        patch.setenv("KB_FACTS", str(tmp_path_factory.mktemp("no-facts")))
        yield


@pytest.fixture(scope="session", autouse=True)
def loopback_only():
    """Guard every socket from the first fixture to the last test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse_distant(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", refuse_distant(socket.socket.connect_ex))
        yield


@pytest.fixture
def make_site():
    """Make servers on this machine that answer as told; they are closed after the test."""
    sites = []

    def make(pages):
        sites.append(Site(pages))
        return sites[-1]

    yield make
    for site in sites:
        site.close()
