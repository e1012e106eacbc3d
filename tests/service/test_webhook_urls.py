"""Where alerts may go: the service and the pattern in its document say the same of every URL."""

import random
import re

import pytest
from support import paths

from stage.ledger import FOLDER, Ledger, new_folder
from stage.stores import Sqlite

TABLE = (paths.ROOT / "tests/corpus/webhook/urls.txt").read_text().splitlines()
ROWS = [line.split(" ", 1) for line in TABLE if not line.startswith("#")]
PARTS = ["http", "s", "://", "/", "?", "#", "@", ":", "[", "]", ".", "..", "%2f", "_", "-", "~", "::1",
         "host", "a", "A", "0", "1", "65535", "65536", "9", " ", "ä", "\\", "{", "|", "\t", ""]


@pytest.fixture(scope="module")
def ledger():
    """The same on any database."""
    running = Ledger(Sqlite(new_folder("urls")).url, FOLDER / "urls")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def webhook(ledger):
    """What the document says of one."""
    document = ledger.proxy.get("/openapi.json").json()
    return document["components"]["schemas"]["Settings"]["properties"]["webhook"]


def takes(ledger, url: str) -> bool:
    answer = ledger.configure("acme", webhook=url)
    assert answer.status_code == 200 or answer.json()["field"] == "webhook", answer.text
    return answer.status_code == 200


def allows(webhook, url: str) -> bool:
    # `$` of the document is the end, and of Python also a line's.
    pattern = webhook["pattern"].removesuffix("$") + r"\Z"
    return len(url) <= webhook["maxLength"] and re.search(pattern, url) is not None


def test_the_table(ledger, webhook):
    for expected, url in ROWS:
        assert takes(ledger, url) == (expected == "ok"), url
        assert allows(webhook, url) == (expected == "ok"), url


def test_whatever_comes(ledger, webhook):
    urls = random.Random(7)
    for _ in range(1_500):
        url = urls.choice(ROWS)[1]
        for _ in range(urls.randint(1, 3)):
            at, till = sorted(urls.randint(0, len(url)) for _ in range(2))
            url = url[:at] + urls.choice(PARTS) + url[min(till, at + urls.randint(0, 2)):]
        assert takes(ledger, url) == allows(webhook, url), url
