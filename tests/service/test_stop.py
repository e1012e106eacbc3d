"""Asked to stop: what has begun is finished, what hangs is waited for so long and no longer."""

import socket
import time

from support.raw import read_answer

from stage.ledger import PROXY, assert_clean
from stage.load import until

BODY = b'{"hold_id": "slow", "tenant": "acme", "credits": "3"}'
HEAD = (f"POST /v1/holds HTTP/1.1\r\nhost: ledger\r\nauthorization: Bearer {PROXY}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n").encode()


def half_asked(ledger) -> socket.socket:
    """A caller who has sent half of a request."""
    caller = socket.create_connection(("127.0.0.1", ledger.port), 20)
    caller.sendall(HEAD + BODY[:20])
    return caller


def test_a_request_that_has_begun_is_finished(sqlite, launch):
    ledger = launch(sqlite.url)
    ledger.buy("acme", "one", credits="10")
    with half_asked(ledger) as caller:
        # An answer on another connection: by now the half has been read as well.
        ledger.tenant("acme")
        ledger.process.terminate()
        until(lambda: refuses(ledger.port))
        caller.sendall(BODY[20:])
        status, body = read_answer(caller)
    assert status == 201, body
    assert ledger.process.wait(5) == 0, ledger.tail()
    assert launch(sqlite.url).tenant("acme")["available"] == "7"
    assert_clean(sqlite.url)


def test_a_caller_that_hangs_does_not_keep_it(sqlite, launch):
    ledger = launch(sqlite.url)
    ledger.buy("acme", "one", credits="10")
    with half_asked(ledger):
        ledger.tenant("acme")
        began = time.monotonic()
        ledger.process.terminate()
        assert ledger.process.wait(15) == 0, ledger.tail()
        assert time.monotonic() - began > 5, "nobody was given time"


def test_callers_that_only_keep_a_connection_are_not_waited_for(sqlite, launch):
    ledger = launch(sqlite.url)
    idle = [socket.create_connection(("127.0.0.1", ledger.port), 20) for _ in range(20)]
    assert ledger.nobody.get("/healthz").status_code == 200  # and this one stays open, too
    began = time.monotonic()
    ledger.process.terminate()
    assert ledger.process.wait(15) == 0, ledger.tail()
    assert time.monotonic() - began < 3
    for connection in idle:
        connection.close()


def refuses(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) != 0
