"""The audit recomputes everything from the entries: whoever changes a row by hand is found out."""

import time

import pytest

from stage.ledger import assert_clean, audit

# A change by hand that the books do not allow, and a word of what the audit says of it.
TAMPERED = {
    "a balance": "update tenants set balance = balance + 1 where tenant = 'acme'",
    "what is held": "update tenants set held = held + 1 where tenant = 'acme'",
    "a charge": "update entries set amount = amount + 1 where kind = 'charge'",
    "a charge and its balance": "update entries set amount = amount + 1, balance = balance + 1 "
                                "where kind = 'charge'",
    "a charge for somebody else": "update entries set hold_id = 'open' where kind = 'charge'",
    "a charge removed": "delete from entries where kind = 'charge'",
    "a purchase": "update entries set amount = amount + 1 where kind = 'purchase'",
    "a lot": "update lots set remaining = remaining + 1 where tenant = 'acme'",
    "a hold": "update holds set remaining = remaining + 1 where id = 'open'",
    "a hold ended": "update holds set state = 'released', remaining = 0 where id = 'open'",
    "a hold removed": "delete from holds where id = 'open'",
    "what a settlement was": "update holds set settled = settled - 1 where id = 'settled'",
    "what a budget knows": "update meters set spent = spent - 1 where tenant = 'acme'",
    "a tenant removed": "delete from tenants where tenant = 'acme'",
}


@pytest.fixture
def books(store, launch):
    """What a short day leaves: purchases, a charge, an open hold."""
    ledger = launch(store.url)
    ledger.buy("acme", "one", credits="10")
    ledger.buy("other", "two", credits="20")
    ledger.hold("settled", "acme", "2")
    assert ledger.settle("settled", "1.5") == "settled"
    assert ledger.hold("open", "acme", "3").status_code == 201
    ledger.stop()
    return store


def test_clean_books_are_clean(books):
    done = audit(books.url)
    assert done.returncode == 0, done.stdout + done.stderr
    # It says how much it has looked at.
    assert "2 accounts, 3 entries, 2 holds" in done.stdout, done.stdout


@pytest.mark.parametrize("what", TAMPERED)
def test_a_changed_row_is_found(books, what):
    books.sql(TAMPERED[what])
    done = audit(books.url)
    assert done.returncode == 1, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert "acme" in said or "open" in said, said


def test_what_cannot_be_read_is_another_matter(folder):
    (folder / "noise").write_bytes(b"this is no database, whatever it is" * 100)
    for database in (f"sqlite:{folder}/noise", f"sqlite:{folder}/missing.db"):
        done = audit(database)
        assert done.returncode == 2 and done.stderr, done
    assert not (folder / "missing.db").exists(), "an audit makes nothing"


def test_the_audit_only_reads(store, launch):
    ledger = launch(store.url)
    ledger.buy("acme", "one", credits="10")
    ledger.hold("soon", "acme", "3", expires_in=2)
    ledger.stop()
    time.sleep(2)
    assert_clean(store.url)
    assert store.sql("select state from holds") == [("open",)]


def test_the_audit_may_run_beside_the_service(store, launch):
    ledger = launch(store.url)
    ledger.buy("acme", "one", credits="10")
    assert_clean(store.url)
    assert ledger.hold("hold", "acme", "1").status_code == 201
    assert_clean(store.url)
