"""A thousand connections that ask nothing, on the usual number of descriptors."""

import contextlib
import resource
import socket
import time

import pytest

from stage.ledger import PROXY, assert_clean

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


def ask(stream: socket.socket) -> None:
    """Shows a token, and reads the whole answer: a list."""
    head = f"GET /v1/tiers HTTP/1.1\r\nhost: ledger\r\nauthorization: Bearer {PROXY}\r\n\r\n"
    stream.sendall(head.encode())
    answer = b""
    while not answer.endswith(b"]"):
        assert (part := stream.recv(4096)), answer
        answer += part
    assert answer.startswith(b"HTTP/1.1 200"), answer


def is_open(stream: socket.socket) -> bool:
    """Whether the other side has not closed it."""
    stream.settimeout(0.01)
    with contextlib.suppress(TimeoutError):
        return stream.recv(1) != b""
    return True


def test_idle_connections_with_a_token_shut_nobody_out(store, few_descriptors, launch):
    ledger = launch(store.url)
    few_descriptors()
    ledger.buy("acme", "one", credits="10")
    address = (ledger.admin.base_url.host, ledger.admin.base_url.port)
    crowd = []
    for _ in range(IDLE):
        crowd.append(socket.create_connection(address))
        ask(crowd[-1])
    slowest = 0.0
    for number in range(50):
        began = time.monotonic()
        with socket.create_connection(address) as fresh:
            ask(fresh)
        assert ledger.hold(f"h{number}", "acme", "0.1").status_code == 201
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 1, slowest
    # Those that asked last are still there, and the oldest are not.
    time.sleep(1.5)
    still = [number for number, stream in enumerate(crowd) if is_open(stream)]
    assert len(still) <= DESCRIPTORS // 2, len(still)
    assert still == list(range(IDLE - len(still), IDLE))
    assert len(still) > DESCRIPTORS // 4
    crowd[-1].settimeout(5)
    ask(crowd[-1])
    for stream in crowd:
        stream.close()
    assert_clean(store.url)
