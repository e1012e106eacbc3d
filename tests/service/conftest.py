"""A service for each test, on both databases; one PostgreSQL for all of them."""

import os
import re

import postgres
import pytest

from stage.ledger import LEDGER, Ledger, new_folder
from stage.stores import Given, Postgres, Sqlite


def pytest_configure():
    if not LEDGER.exists():
        pytest.exit(f"{LEDGER} is not there: `make build` makes it", returncode=2)


def pytest_generate_tests(metafunc):
    """Both databases; PostgreSQL with one service and with two on it, where a test takes many."""
    if "ledgers" in metafunc.fixturenames:
        setups = [("sqlite", 1), ("postgres", 1), ("postgres", 2)]
        ids = ["sqlite", "postgres", "postgres-shared"]
        metafunc.parametrize(("store", "ledgers"), setups, ids=ids, indirect=True)
    elif "store" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("only")
        stores = marker.args if marker else ["sqlite", "postgres"]
        metafunc.parametrize("store", stores, indirect=True)


@pytest.fixture(scope="session")
def server():
    """PostgreSQL: the one that POSTGRES_URL names, or our own."""
    given = os.environ.get("POSTGRES_URL")
    running = Given(given) if given else postgres.Postgres()
    yield running
    running.close()


@pytest.fixture
def folder(request):
    """Where a test keeps what it makes."""
    return new_folder(re.sub(r"[^a-z0-9-]+", "-", request.node.name.lower()).strip("-"))


@pytest.fixture
def store(request, folder):
    """A new empty database."""
    if request.param == "sqlite":
        return Sqlite(folder)
    return Postgres(request.getfixturevalue("server"))


@pytest.fixture
def sqlite(folder):
    """A new file, for what is the same on any database."""
    return Sqlite(folder)


@pytest.fixture
def launch(folder):
    """Starts a service: `launch(database)`."""
    started = []

    def start(database: str, *arguments, **more) -> Ledger:
        started.append(Ledger(database, folder, *arguments, **more))
        return started[-1]

    yield start
    for ledger in started:
        # Whatever a test has done to it: asked to end, it ends well.
        alive = ledger.process.poll() is None
        ledger.stop()
        assert not alive or ledger.process.returncode == 0, ledger.tail()


@pytest.fixture
def ledgers(request, store, launch):
    """Some services on one new database."""
    return [launch(store.url) for _ in range(request.param)]


@pytest.fixture
def ledger(store, launch):
    """A service on a new database."""
    return launch(store.url)
