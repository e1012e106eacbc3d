"""A thousand connections that say nothing, on the usual number of descriptors."""

import resource
import socket
import time

import pytest

from stage.ledger import assert_clean

IDLE = 1_000
DESCRIPTORS = 1_024


@pytest.fixture
def few_descriptors():
    """What a service is often given; the tests themselves need more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))
    yield lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4 * IDLE), hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_idle_connections_shut_nobody_out(store, few_descriptors, launch):
    ledger = launch(store.url)
    few_descriptors()
    ledger.buy("acme", "one", credits="10")
    address = (ledger.proxy.base_url.host, ledger.proxy.base_url.port)
    crowd = [socket.create_connection(address) for _ in range(IDLE)]
    slowest = 0.0
    for number in range(50):
        began = time.monotonic()
        assert ledger.hold(f"h{number}", "acme", "0.1").status_code == 201
        with socket.create_connection(address) as fresh:
            fresh.sendall(b"GET /healthz HTTP/1.1\r\nhost: ledger\r\nconnection: close\r\n\r\n")
            assert fresh.recv(64).startswith(b"HTTP/1.1 200")
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 1, slowest
    # Those that said nothing have to go, the newest after ten seconds.
    began = time.monotonic()
    for stream in crowd:
        stream.settimeout(15)
        assert stream.recv(1) == b""
        stream.close()
    assert time.monotonic() - began < 14
    assert ledger.hold("after", "acme", "0.1").status_code == 201
    assert_clean(store.url)
