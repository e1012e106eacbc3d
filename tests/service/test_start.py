"""Starting: several at once on an empty database, and none on a database of the future."""

import threading

import pytest

from stage.ledger import Ledger, assert_clean, audit, refused


@pytest.mark.only("postgres")
def test_several_that_start_at_once_make_one_database(store, folder, request):
    started, failed = [], []

    def start():
        try:
            started.append(Ledger(store.url, folder))
        except BaseException as why:  # told by the test's own thread
            failed.append(why)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    request.addfinalizer(lambda: [ledger.stop() for ledger in started])
    assert not failed, failed
    for number, ledger in enumerate(started):
        assert ledger.buy("acme", f"by-{number}", credits="1").status_code == 201
    assert {ledger.tenant("acme")["balance"] for ledger in started} == {"6"}
    assert_clean(store.url)


def test_a_file_belongs_to_one_service_at_a_time_or_both_are_right(sqlite, folder, launch):
    """Two on one file are refused, or work: what they never do is count wrong."""
    first = launch(sqlite.url)
    first.buy("acme", "one", credits="10")
    try:
        second = launch(sqlite.url)
    except AssertionError as why:
        assert "panicked" not in str(why)
        return
    for number in range(10):
        ledger = (first, second)[number % 2]
        assert ledger.hold(f"hold{number}", "acme", "1").status_code == 201
    assert second.hold("more", "acme", "1").status_code == 402
    assert_clean(sqlite.url)


def test_what_was_written_is_read_by_the_next_one(store, launch):
    first = launch(store.url)
    first.buy("acme", "one", credits="10")
    first.hold("hold", "acme", "4")
    first.stop()
    second = launch(store.url)
    account = second.tenant("acme")
    assert (account["balance"], account["available"]) == ("10", "6")


def test_a_database_newer_than_the_binary_is_refused(store, launch):
    launch(store.url).stop()
    [(newest,)] = store.sql("select max(version) from schema_version")
    others = columns(store) - {"version"}
    names, values = "".join(f", {name}" for name in others), "".join(f", {name}" for name in others)
    store.sql(f"insert into schema_version (version{names}) select {newest} + 1{values} "
              f"from schema_version where version = {newest}")
    for done, code in ((refused(store.url), 1), (audit(store.url), 2)):
        assert done.returncode == code, done
        assert f"version {int(newest) + 1}" in done.stderr and "too old" in done.stderr, done


def columns(store) -> set[str]:
    """The names of what a schema's record holds."""
    if store.name == "sqlite":
        return {row[1] for row in store.sql("pragma table_info(schema_version)")}
    where = "table_name = 'schema_version' and table_schema = 'public'"
    rows = store.sql(f"select column_name from information_schema.columns where {where}")
    return {row[0] for row in rows}
