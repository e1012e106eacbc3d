"""The service is killed in the middle of everything: what it acknowledged is there, once."""

import random

import pytest

from stage.ledger import assert_clean
from stage.load import Load, customer

KILLS = 10


def test_nothing_acknowledged_is_lost_and_nothing_is_done_twice(store, launch):
    ledger = launch(store.url)
    customer(ledger, "acme")
    chance = random.Random(7)
    # The callers look where it is now, each time that they connect.
    with Load([lambda: ledger.port], "acme") as load:
        for _ in range(KILLS):
            load.wait(chance.randrange(20, 200))
            seen = load.seen()
            ledger.kill()
            assert_clean(store.url)
            ledger = launch(store.url)
            load.look_for(ledger, *seen)
    assert load.refusals["away"] > 0
    load.check(ledger)
    assert_clean(store.url)


@pytest.mark.only("postgres")
def test_one_of_two_is_killed_while_the_other_works(store, launch):
    ledgers = [launch(store.url), launch(store.url)]
    customer(ledgers[0], "acme")
    with Load([lambda: ledgers[0].port, lambda: ledgers[1].port], "acme") as load:
        for turn in range(4):
            load.wait(100)
            seen = load.seen()
            ledgers[turn % 2].kill()
            load.look_for(ledgers[1 - turn % 2], *seen)
            load.wait(50)
            ledgers[turn % 2] = launch(store.url)
    load.check(ledgers[0])
    assert_clean(store.url)


def test_a_polite_stop_under_load_answers_what_it_has_and_ends_well(store, launch):
    ledger = launch(store.url)
    customer(ledger, "acme")
    with Load([lambda: ledger.port], "acme") as load:
        for _ in range(3):
            load.wait(150)
            seen = load.seen()
            ledger.process.terminate()
            assert ledger.process.wait(10) == 0, ledger.tail()
            ledger = launch(store.url)
            load.look_for(ledger, *seen)
    load.check(ledger)
    assert_clean(store.url)
