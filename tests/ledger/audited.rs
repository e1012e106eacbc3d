//! One record that is not what it was, and the audit says which.
use tradewind::credit::{
    Account, Balance, Charge, Credits, Entry, Hold, HoldState, Moment, Reason,
};

use super::books::BOOKS;
use super::model::{Kept, Model};
use super::script::Script;

fn one() -> Credits {
    Credits::of_micros(1).unwrap()
}

fn add(credits: &mut Credits) {
    *credits = credits.checked_add(one()).unwrap();
}

fn raise(balance: &mut Balance) {
    *balance = balance.checked_add(one()).unwrap();
}

fn alice(kept: &mut Kept) -> &mut Account {
    kept.accounts.get_mut("alice").unwrap()
}

fn hold<'k>(kept: &'k mut Kept, id: &str) -> &'k mut Hold {
    kept.holds.values_mut().find(|hold| hold.id == id).unwrap()
}

/// The first entry with that kind of reason.
fn entry<'k>(kept: &'k mut Kept, name: &str) -> &'k mut Entry {
    kept.entries.iter_mut().find(|entry| entry.reason.name() == name).unwrap()
}

/// What the entry of a part of `h1` says.
fn charge(kept: &mut Kept, part: u64) -> &mut Charge {
    let mut charges = kept.entries.iter_mut().filter_map(|entry| match &mut entry.reason {
        Reason::Charge(charge) => Some(&mut **charge),
        _ => None,
    });
    charges.find(|charge| charge.hold_id == "h1" && charge.part == part).unwrap()
}

/// An entry more, of a reason of its own.
fn post(kept: &mut Kept, micros: i64, reason: Reason) {
    let account = alice(kept);
    account.entries += 1;
    account.balance = Balance::of_micros(account.balance.micros() + micros);
    let (tenant, amount) = ("alice".to_owned(), Balance::of_micros(micros));
    let (number, at, balance) = (account.entries, account.latest_at, account.balance);
    kept.entries.push(Entry { tenant, number, at, amount, balance, reason });
}

/// What is changed, and what is said of it.
type Change = (fn(&mut Kept), &'static str);

const CHANGES: &[Change] = &[
    (|kept| raise(&mut alice(kept).balance), "the balance is"),
    (|kept| add(&mut alice(kept).held), "what is held is"),
    (|kept| add(&mut alice(kept).last_purchase), "the last purchase is"),
    (|kept| alice(kept).entries += 1, "the number of entries is"),
    (|kept| alice(kept).alerts += 1, "the number of alerts is"),
    (|kept| add(&mut alice(kept).lots[0].remaining), "the lots is"),
    (|kept| add(&mut alice(kept).lots[0].remaining), "the sum of the lots is"),
    (|kept| alice(kept).lots[0].number += 50, "the lots is"),
    (|kept| alice(kept).lots[0].expires_at = None, "the lots is"),
    (|kept| add(&mut hold(kept, "h2").credits), "-"),
    (|kept| add(&mut hold(kept, "l1").remaining), "what is held is"),
    (|kept| hold(kept, "h2").credits = Credits::ZERO, "hold `h2` holds more than was set aside"),
    (|kept| hold(kept, "l1").credits = Credits::ZERO, "hold `l1` holds more than was set aside"),
    (|kept| hold(kept, "l1").lapsed = one(), "hold `l1` let go more than it held"),
    (|kept| hold(kept, "h3").lapsed = Credits::MAX, "hold `h3` let go more than it held"),
    (|kept| hold(kept, "h1").remaining = one(), "what ended hold `h1` holds is"),
    (|kept| hold(kept, "h1").settled = Some(one()), "what settled hold `h1` is"),
    (|kept| hold(kept, "h1").settled = None, "what settled hold `h1` is"),
    (|kept| hold(kept, "l1").state = HoldState::Settled, "what ended hold `l1` holds is"),
    (|kept| kept.holds.retain(|_, hold| hold.id != "h1"), "hold `h1` is charged and not kept"),
    (|kept| add(&mut kept.draws[0].credits), "what settled part `d1` of hold `l1` is"),
    (|kept| kept.draws.clear(), "part `d1` of hold `l1` is charged and not kept"),
    (|kept| kept.meters.values_mut().for_each(|own| add(&mut own.spent)), "what is spent in"),
    (|kept| kept.meters.values_mut().for_each(|own| add(&mut own.held)), "what is held in"),
    (|kept| kept.meters.clear(), "is missing"),
    (|kept| add(&mut kept.purchases[0].deal.credits), "what purchase `k1` of entry 1 bought is"),
    (|kept| kept.purchases[0].key.push('x'), "what purchase `k1` of entry 1 bought is not kept"),
    (
        |kept| kept.purchases[0].expires_at = None,
        "what purchase `k1` of entry 1 bought is not kept",
    ),
    (|kept| drop(kept.purchases.remove(0)), "what purchase `k1` of entry 1 bought is not kept"),
    (|kept| kept.purchases[0].number = 99, "the purchase of entry 99 has no entry"),
    (|kept| raise(&mut kept.adjustments[0].amount), "what adjustment `a1` of entry"),
    (|kept| kept.adjustments[0].asked.key.push('x'), "what adjustment `a1` of entry"),
    (|kept| kept.adjustments[0].asked.reason.push('x'), "what adjustment `a1` of entry"),
    (|kept| kept.adjustments.swap(0, 1), "-"),
    (|kept| kept.adjustments[0].number = 99, "the adjustment of entry 99 has no entry"),
    (|kept| raise(&mut entry(kept, "charge").amount), "the balance after entry"),
    (|kept| raise(&mut entry(kept, "charge").balance), "the balance after entry"),
    (|kept| entry(kept, "charge").number += 1, "the number of entry"),
    (|kept| entry(kept, "charge").at = Moment::default(), "is from before the one before it"),
    (|kept| charge(kept, 2).part = 1, "charges hold `h1` again"),
    (|kept| charge(kept, 2).hold_id.push('x'), "hold `h1x` is charged and not kept"),
    (|kept| charge(kept, 2).key = None, "what is spent in"),
    (|kept| charge(kept, 2).details.model = None, "what is spent in"),
    (|kept| charge(kept, 2).counts_at = Moment::default(), "what is spent in"),
    (|kept| entry(kept, "charge").amount = Balance::ZERO, "charges nothing"),
    (|kept| entry(kept, "expiry").reason = Reason::Expiry { lot: 7 }, "lets go what is not there"),
    (|kept| kept.alerts.clear(), "the number of alerts is"),
    (|kept| kept.alerts[0].number = 9, "alert 9 was never told"),
    (|kept| post(kept, 1, Reason::Repair { lot: None }), "what a repair of time alone brings back"),
    (|kept| post(kept, 1, Reason::Repair { lot: Some(1) }), "brings back what did not go"),
    (|kept| post(kept, -1, Reason::Expiry { lot: 1 }), "lets go what is not there"),
    (|kept| post(kept, 0, Reason::Repair { lot: None }), "-"),
];

/// The end of what alice has bought, in these books.
fn end() -> Moment {
    Moment::of_millis(1_772_323_200_000).plus_seconds(3_600)
}

/// A clock went wrong, and what it did was undone.
const REPAIRED: &str = "
    buy  alice  k1  10  until=2026-03-01T01:00:00Z  purchased
    tick  2h
    sweep  alice  swept
    clock  2026-03-01T00:30:00Z
    repair  alice  repaired
";

const REPAIRS: &[Change] = &[
    (|_| {}, "-"),
    (|kept| entry(kept, "repair").at = Moment::of_millis(end().millis() - 1), "-"),
    (|kept| entry(kept, "repair").at = end(), "brings back what did not go"),
    (|kept| raise(&mut entry(kept, "repair").amount), "brings back what did not go"),
    (|kept| entry(kept, "repair").reason = Reason::Repair { lot: Some(2) }, "did not go"),
    (|kept| entry(kept, "repair").reason = Reason::Repair { lot: None }, "a repair of time alone"),
    (|kept| entry(kept, "expiry").at = end(), "-"),
    (
        |kept| entry(kept, "expiry").at = Moment::of_millis(end().millis() - 1),
        "lets go what is not there",
    ),
];

/// The refund, as if it had been of so much and of that lot.
fn refund(kept: &mut Kept, micros: i64, number: Option<u64>) {
    let amount = Balance::of_micros(micros);
    kept.adjustments[1].amount = amount;
    let entry = entry(kept, "refund");
    entry.amount = amount;
    if let Reason::Adjustment(adjusted) = &mut entry.reason {
        adjusted.lot = number;
    }
}

#[test]
fn whatever_is_changed_is_noticed() {
    for (books, changes) in [(BOOKS, CHANGES), (REPAIRED, REPAIRS)] {
        let mut unseen = Vec::new();
        for (index, (change, expected)) in changes.iter().enumerate() {
            let mut kept = kept(books);
            change(&mut kept);
            let said = kept.differences();
            let seen = match *expected {
                "-" => said.is_empty(),
                expected => said.iter().any(|line| line.contains(expected)),
            };
            if !seen {
                unseen.push(format!("{index}: expected `{expected}`, and it says {said:?}"));
            }
        }
        assert!(unseen.is_empty(), "\n{}\n", unseen.join("\n"));
    }
}

/// 100 of the second purchase were there to be refunded; what else differs then is not asked.
#[test]
fn no_more_is_taken_of_a_lot_than_is_left_of_it() {
    for (micros, lot, there) in
        [(-9_000_000, 2, true), (-100_000_000, 2, true), (-100_000_001, 2, false), (-1, 99, false)]
    {
        let mut kept = kept(BOOKS);
        refund(&mut kept, micros, Some(lot));
        let said = kept.differences();
        let missed = said.iter().any(|line| line.contains("takes what is not there"));
        assert_eq!(missed, !there, "{micros} of {lot}: {said:?}");
    }
}

/// What is kept of some books.
fn kept(books: &str) -> Kept {
    let mut model = Model::default();
    let wrong = Script::parse(books).unwrap().play(&mut model, 1);
    assert_eq!(wrong, [""; 0]);
    model.kept
}
