"""The database is full, gone, stuck or read-only: a clear answer, and nothing lost or doubled."""

import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

import postgres
import pytest

from stage.disk import Limited, Small
from stage.ledger import LEDGER, assert_clean, problem, refused
from stage.load import Load, customer, until


def unavailable(answer) -> None:
    """It says that it cannot now, and when to try again."""
    problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("kind", [Limited, Small])
def test_a_full_disk_is_said_and_when_there_is_room_again_service_resumes(kind, folder, launch):
    disk = kind(folder)
    if kind is Small and not disk.possible():
        pytest.skip("this machine gives no file system to an ordinary process")
    ledger = launch(disk.database, prefix=disk.prefix, **disk.options)
    pid = ledger.process.pid
    customer(ledger, "acme")
    with Load([lambda: ledger.port], "acme") as load:
        load.wait(200)
        disk.fill(pid)
        load.wait_for(lambda: load.refusals["unavailable"] > 50, "refused")
        # What needs no room is served still, and what does is refused in words.
        assert ledger.tenant("acme")["balance"]
        unavailable(ledger.hold("one", "acme", "1"))
        unavailable(ledger.nobody.get("/healthz"))
        seen = load.seen()
        disk.free(pid)
        load.wait(200)
        load.look_for(ledger, *seen)
        until(lambda: ledger.nobody.get("/healthz").status_code == 200)
    load.check(ledger)
    if kind is Small:
        # Its file system is not ours: what is in it is looked at outside.
        for part in disk.inside(pid).glob("ledger.db*"):
            shutil.copy(part, folder)
        assert_clean(f"sqlite:{folder}/ledger.db")
    else:
        assert_clean(disk.database)


def test_a_file_that_another_process_keeps_locked_is_said_and_service_resumes(sqlite, launch):
    ledger = launch(sqlite.url)
    customer(ledger, "acme")
    other = sqlite3.connect(sqlite.path, isolation_level=None)
    other.execute("begin immediate")
    answer = ledger.nobody.get("/healthz")
    unavailable(answer)
    assert "locked" in answer.json()["detail"], answer.text
    # What is only read is read still.
    assert ledger.tenant("acme")["balance"] == "1000"
    other.execute("rollback")
    until(lambda: ledger.nobody.get("/healthz").status_code == 200)
    assert ledger.hold("one", "acme", "1").status_code == 201
    assert_clean(sqlite.url)


@pytest.fixture
def own_server():
    """A PostgreSQL that a test may stop."""
    with postgres.Postgres() as running:
        yield running


def test_a_database_that_goes_away_and_comes_back(own_server, launch):
    url = own_server.url()
    ledger = launch(url)
    customer(ledger, "acme")
    with Load([lambda: ledger.port], "acme") as load:
        for how in (postgres.IMMEDIATE, postgres.FAST):
            load.wait(150)
            seen = load.seen()
            refused = load.refusals["unavailable"]
            own_server.stop(how)
            load.wait_for(lambda: load.refusals["unavailable"] > refused + 20, "refused")
            unavailable(ledger.hold("one", "acme", "1"))
            unavailable(ledger.admin.get("/v1/tenants/acme"))
            assert ledger.nobody.get("/healthz").status_code == 503
            own_server.start()
            began = time.monotonic()
            load.wait(20)
            assert time.monotonic() - began < 5, "it took too long to notice"
            load.look_for(ledger, *seen)
    # It is looked at twice a second.
    until(lambda: ledger.nobody.get("/healthz").status_code == 200)
    load.check(ledger)
    assert_clean(url)


def test_connections_that_are_cut_one_by_one_are_replaced(own_server, launch):
    ledger = launch(own_server.url())
    customer(ledger, "acme")
    cut = "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'tradewind'"
    with Load([lambda: ledger.port], "acme") as load:
        for _ in range(10):
            load.wait(50)
            seen = load.seen()
            own_server.sql(cut, "postgres")
            load.look_for(ledger, *seen)
    load.check(ledger)
    assert_clean(own_server.url())


def test_a_database_that_is_stuck_costs_a_caller_seconds_and_not_for_ever(own_server, launch):
    ledger = launch(own_server.url())
    customer(ledger, "acme")
    lock = "begin; lock table {} in access exclusive mode; select pg_sleep(60)"
    tables = own_server.sql("select tablename from pg_tables where schemaname = 'public'")
    holder = postgres.session(own_server.url(), lock.format(", ".join(tables.split())))
    held = "select count(*) from pg_locks where granted and mode = 'AccessExclusiveLock'"
    until(lambda: int(own_server.sql(held, "postgres")) >= len(tables.split()))
    try:
        began = time.monotonic()
        answer = ledger.hold("one", "acme", "1")
        unavailable(answer)
        assert time.monotonic() - began < 15
    finally:
        holder.kill()
        holder.wait()
    own_server.sql("select pg_terminate_backend(pid) from pg_stat_activity where state <> 'idle' "
                   "and pid <> pg_backend_pid() and query like '%pg_sleep%'", "postgres")
    until(lambda: ledger.hold("one", "acme", "1").is_success)
    assert_clean(own_server.url())


def test_a_database_that_turns_read_only_is_read_and_not_written(own_server, launch):
    url = own_server.url()
    ledger = launch(url)
    customer(ledger, "acme")

    def read_only(word: str) -> None:
        # The setting is that of new connections.
        own_server.sql(f"alter database tradewind set default_transaction_read_only = {word}",
                       "postgres")
        own_server.sql("select pg_terminate_backend(pid) from pg_stat_activity "
                       "where datname = 'tradewind'", "postgres")

    read_only("on")
    until(lambda: ledger.hold("one", "acme", "1").status_code == 503)
    unavailable(ledger.hold("two", "acme", "1"))
    unavailable(ledger.buy("acme", "more", credits="1"))
    assert ledger.tenant("acme")["balance"] == "1000"
    read_only("off")
    until(lambda: ledger.hold("one", "acme", "1").is_success)
    assert_clean(url)


def test_a_file_that_may_not_be_written_is_named_at_the_start():
    # Root may write anything: somebody else has to try, who may not even see our folders.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        binary = shutil.copy(LEDGER, folder)
        database = f"sqlite:{folder}/ledger.db"
        (folder / "ledger.db").touch(0o444)
        folder.chmod(0o555)
        done = refused(database, binary=binary, **postgres.ordinary())
        folder.chmod(0o755)
    assert done.returncode not in (0, 101), done
    assert "ledger.db" in done.stderr and "panicked" not in done.stderr, done.stderr


@pytest.mark.parametrize("database", ["sqlite:/nowhere/at/all/ledger.db", "mysql://host/db",
                                      "postgres://nobody:wrong@127.0.0.1:1/none"])
def test_a_database_that_cannot_be_is_named_at_the_start(database):
    done = refused(database)
    assert done.returncode not in (0, 101) and "panicked" not in done.stderr, done
    assert "wrong" not in done.stderr, "a password is nobody's business"
    named = ("/nowhere/at/all/ledger.db", "mysql", "127.0.0.1:1")
    assert any(name in done.stderr for name in named), done.stderr
