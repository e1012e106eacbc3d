//! What commands are answered beside their outcome, what records are called, and what is said of a
//! text that is no amount, no share and no list of tiers.
use tradewind::credit::{
    Account, Adjust, Answer, Balance, Book, Budget, Buy, Buying, Change, Command, Configure,
    Credits, HoldState, Labels, Moment, NewHold, Outcome, Release, Renew, Repair, Settle, Share,
    Sweep, Tier, Tiers, TiersError,
};

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

fn now() -> Moment {
    Moment::of_millis(1_772_323_200_000)
}

fn hold(id: &str, tenant: &str, amount: &str) -> Command {
    Command::Hold(NewHold {
        hold_id: id.to_owned(),
        tenant: tenant.to_owned(),
        user: None,
        key: None,
        credits: credits(amount),
        expires_in: 60,
    })
}

fn buy(tenant: &str) -> Command {
    Command::Buy(Buy {
        tenant: tenant.to_owned(),
        key: "k1".to_owned(),
        buying: Buying::Credits(credits("100")),
        expires_at: None,
    })
}

fn adjust(tenant: &str, change: Change) -> Command {
    let (tenant, key, reason) = (tenant.to_owned(), "a1".to_owned(), "because".to_owned());
    Command::Adjust(Adjust { tenant, key, change, reason })
}

/// One of each kind, of alice's.
fn commands() -> Vec<Command> {
    let (tenant, hold_id) = ("alice".to_owned(), "h1".to_owned());
    vec![
        hold("h1", "alice", "1"),
        Command::Settle(Settle { tenant: tenant.clone(), ..Settle::default() }),
        Command::Renew(Renew { tenant: tenant.clone(), hold_id: hold_id.clone(), expires_in: 1 }),
        Command::Release(Release { tenant: tenant.clone(), hold_id }),
        buy("alice"),
        adjust("alice", Change::Debit { credits: credits("1") }),
        Command::Configure(Configure { tenant: tenant.clone(), ..Configure::default() }),
        Command::Sweep(Sweep { tenant: tenant.clone() }),
        Command::Repair(Repair { tenant, apply: false }),
    ]
}

#[test]
fn a_command_says_whose_account_it_is_about() {
    for command in commands() {
        assert_eq!(command.tenant(), Some("alice"), "{command:?}");
    }
    assert_eq!(Command::SetTiers(Tiers::default()).tenant(), None);
}

#[test]
fn a_purchase_an_adjustment_and_an_alert_are_named_by_tenant_and_number() {
    let mut book = Book::default();
    let alerts = Some(vec!["95%".parse().unwrap()]);
    let configure = Configure { tenant: "alice".to_owned(), alerts, ..Configure::default() };
    book.apply(&Command::Configure(configure), now());
    let bought = book.apply(&buy("alice"), now()).purchase.unwrap();
    let debit = adjust("alice", Change::Debit { credits: credits("10") });
    let adjusted = book.apply(&debit, now()).adjustment.unwrap();
    assert_eq!((bought.id(), adjusted.id()), ("alice/1".to_owned(), "alice/2".to_owned()));
    assert_eq!((adjusted.amount, adjusted.paid), (Balance::of_micros(-10_000_000), Credits::ZERO));
    let changes = book.take_changes();
    let alerts: Vec<String> = changes.alerts.iter().map(|alert| alert.id()).collect();
    assert_eq!(alerts, ["alice/1"]);
    // The same asked again is answered with the same records, whatever happened since.
    assert_eq!(book.apply(&buy("alice"), now()).purchase, Some(bought));
    assert_eq!(book.apply(&debit, now()).adjustment, Some(adjusted));
}

#[test]
fn whatever_is_done_to_a_hold_tells_how_it_is_then() {
    let mut book = Book::default();
    book.apply(&buy("alice"), now());
    let (tenant, hold_id) = ("alice".to_owned(), "h1".to_owned());
    let settle = |hold_id: &str, draw: Option<(String, Credits)>| {
        let (tenant, hold_id) = ("alice".to_owned(), hold_id.to_owned());
        Command::Settle(Settle { tenant, hold_id, draw, ..Settle::default() })
    };
    let renew = Renew { tenant: tenant.clone(), hold_id: hold_id.clone(), expires_in: 90 };
    let release = Command::Release(Release { tenant, hold_id });
    let (open, released) = ((HoldState::Open, "40"), (HoldState::Released, "0"));
    let draw = settle("h1", Some(("d1".to_owned(), credits("5"))));
    for (command, outcome, (state, left), seconds) in [
        (hold("h1", "alice", "40"), Outcome::Held, open, 60),
        (hold("h1", "alice", "40"), Outcome::HeldBefore, open, 60),
        (hold("h1", "alice", "41"), Outcome::HeldDifferently, open, 60),
        (Command::Renew(renew.clone()), Outcome::Renewed, open, 90),
        (draw, Outcome::Settled, (HoldState::Open, "35"), 90),
        (release.clone(), Outcome::Released, released, 90),
        (release, Outcome::ReleasedBefore, released, 90),
        (settle("h1", None), Outcome::HoldReleased, released, 90),
        (hold("h1", "alice", "40"), Outcome::HoldEnded, released, 90),
        (Command::Renew(renew), Outcome::HoldEnded, released, 90),
    ] {
        let Answer { outcome: found, hold, standing, .. } = book.apply(&command, now());
        let hold = hold.unwrap();
        assert_eq!((found, hold.state, hold.remaining), (outcome, state, credits(left)));
        assert_eq!(hold.expires_at, now().plus_seconds(seconds), "{command:?}");
        assert_eq!(standing, book.account("alice").map(Account::standing), "{command:?}");
    }
    // One that would end no later is not written anew.
    book.apply(&hold("h3", "alice", "1"), now());
    book.take_changes();
    for (seconds, written) in [(59, 0), (60, 0), (61, 1)] {
        let (tenant, hold_id) = ("alice".to_owned(), "h3".to_owned());
        let renew = Renew { tenant, hold_id, expires_in: seconds };
        assert_eq!(book.apply(&Command::Renew(renew), now()).outcome, Outcome::Renewed);
        assert_eq!(book.take_changes().holds.len(), written, "{seconds}");
    }
    // What cannot be held leaves nothing to tell of.
    let none = book.apply(&hold("h2", "alice", "101"), now());
    assert_eq!((none.outcome, none.hold), (Outcome::Insufficient, None));
}

#[test]
fn a_repair_tells_what_it_undoes_or_would_undo() {
    let repair = |apply: bool| Command::Repair(Repair { tenant: "alice".to_owned(), apply });
    let mut book = Book::default();
    book.apply(&buy("alice"), now());
    let gift = Change::Credit { credits: credits("7"), expires_at: Some(now().plus_seconds(60)) };
    book.apply(&adjust("alice", gift), now());
    let nothing = book.apply(&repair(true), now());
    assert_eq!((nothing.outcome, nothing.repairs), (Outcome::NothingToRepair, None));
    // A clock ten years ahead holds credits for as long, and lets what would have lasted go.
    let late = now().plus_seconds(10 * 365 * 86_400);
    book.apply(&hold("h1", "alice", "5"), late);
    for apply in [false, true] {
        let answer = book.apply(&repair(apply), now());
        let told = answer.repairs.unwrap();
        assert_eq!(answer.outcome, Outcome::Repaired);
        assert_eq!((told.credits, told.holds, told.from), (credits("7"), 1, late), "{apply}");
    }
    let again = book.apply(&repair(true), now());
    assert_eq!((again.outcome, again.repairs), (Outcome::NothingToRepair, None));
    let account = book.account("alice").unwrap();
    assert_eq!((account.balance.to_string(), account.latest_at), ("107".to_owned(), now()));
}

#[test]
fn an_adjustment_of_nothing_makes_no_lot() {
    let mut book = Book::default();
    book.apply(&buy("alice"), now());
    book.take_changes();
    for (key, change) in [
        ("a1", Change::Credit { credits: Credits::ZERO, expires_at: None }),
        ("a2", Change::Debit { credits: Credits::ZERO }),
    ] {
        let (tenant, reason) = ("alice".to_owned(), "because".to_owned());
        let adjust = Adjust { tenant, key: key.to_owned(), change, reason };
        let made = book.apply(&Command::Adjust(adjust), now()).adjustment.unwrap();
        assert_eq!((made.amount, made.paid), (Balance::ZERO, Credits::ZERO));
        let changes = book.take_changes();
        assert_eq!((changes.lots.len(), changes.entries.len()), (0, 1), "{key}");
    }
}

#[test]
fn every_state_of_a_hold_and_every_outcome_is_found_by_its_name() {
    for state in HoldState::ALL {
        assert_eq!(HoldState::named(state.name()), Some(state));
    }
    for outcome in Outcome::ALL {
        assert_eq!(Outcome::named(outcome.consequence().name), Some(outcome));
    }
    assert_eq!((HoldState::named("closed"), Outcome::named("")), (None, None));
}

/// As a store keeps them, and whose meter each of them limits.
#[test]
fn a_budget_is_read_as_it_is_written_and_is_about_whom_it_names() {
    let ci = Labels { user: Some("ci"), key: Some("k1") };
    let nobody = Labels::default();
    for (text, label, meter) in [
        ("day 100", Some(""), Some("")),
        ("month 0.5 user ci", Some("user:ci"), Some("user:ci")),
        ("day 1 user bob", None, Some("user:bob")),
        ("day 1 user *", Some("user:ci"), None),
        ("month 7 key k1", Some("key:k1"), Some("key:k1")),
        ("day 1 key k2", None, Some("key:k2")),
        ("day 1 key *", Some("key:k1"), None),
    ] {
        let budget: Budget = text.parse().unwrap();
        assert_eq!(budget.to_string(), text);
        assert_eq!(budget.label(ci).as_deref(), label, "{text}");
        let all = text == "day 100";
        assert_eq!(budget.label(nobody).as_deref(), all.then_some(""), "{text}");
        let own = budget.meter("alice", now()).map(|own| (own.tenant, own.label));
        assert_eq!(own, meter.map(|label| ("alice".to_owned(), label.to_owned())), "{text}");
    }
    for text in [
        "",
        "day",
        "week 1",
        "day x",
        "day -1",
        "day 1 user",
        "day 1 tenant x",
        "day 1 user ci k1",
        "day  1",
        " day 1",
        "day 1 ",
    ] {
        assert!(text.parse::<Budget>().is_err(), "`{text}`");
    }
}

#[test]
fn tiers_are_told_least_first_and_none_is_there_twice_or_for_nothing() {
    let tier = |at_least: &str, discount: &str| Tier {
        at_least: credits(at_least),
        discount: discount.parse().unwrap(),
    };
    let (small, large) = (tier("100", "10%"), tier("1000", "99.9999%"));
    let tiers = Tiers::of(vec![large, small]).unwrap();
    assert_eq!(tiers.list(), [small, large]);
    assert_eq!(Tiers::of(vec![small, large, small]), Err(TiersError::Twice(2)));
    assert_eq!(Tiers::of(vec![small, tier("1", "100%")]), Err(TiersError::Free(1)));
    // What a discount is too small to change is sold at list price.
    let all = Tiers::of(vec![tier("0", "10%")]).unwrap();
    let deal = all.deal(Buying::Paid(credits("0.000009"))).unwrap();
    assert_eq!((deal.credits, deal.discount.to_string()), (credits("0.00001"), "10%".to_owned()));
    let deal = all.deal(Buying::Paid(credits("0.000008"))).unwrap();
    assert_eq!((deal.credits, deal.discount.to_string()), (credits("0.000008"), "0%".to_owned()));
    // A tier begins at exactly its amount, bought or paid for.
    for (buying, bought, paid, discount) in [
        (Buying::Credits(credits("99.999999")), "99.999999", "99.999999", "0%"),
        (Buying::Credits(credits("100")), "100", "90", "10%"),
        (Buying::Paid(credits("89.999999")), "89.999999", "89.999999", "0%"),
        (Buying::Paid(credits("90")), "100", "90", "10%"),
    ] {
        let deal = Tiers::of(vec![small]).unwrap().deal(buying).unwrap();
        let told = (deal.credits, deal.paid, deal.discount.to_string());
        assert_eq!(told, (credits(bought), credits(paid), discount.to_owned()));
    }
}

#[test]
fn a_text_that_is_no_amount_or_no_share_is_told_what_one_is() {
    let most = Credits::MAX.to_string();
    for (text, said) in [
        ("", "expected an exact decimal in quotes such as `\"3.75\"`"),
        ("1,5", "expected an exact decimal in quotes such as `\"3.75\"`"),
        (".5", "expected an exact decimal in quotes such as `\"3.75\"`"),
        ("5.", "expected an exact decimal in quotes such as `\"3.75\"`"),
        ("-1", "expected an amount of 0 or more"),
        ("1.0000000", "expected at most 6 digits after the point"),
        ("1000000000000.000001", "expected at most 1000000000000"),
        ("99999999999999999999", "expected at most 1000000000000"),
    ] {
        assert_eq!(text.parse::<Credits>().unwrap_err().to_string(), said, "{text}");
    }
    assert_eq!((credits(&most), credits("0001.500000")), (Credits::MAX, credits("1.5")));
    for (parts, text) in [
        (0, "0%"),
        (1, "0.0001%"),
        (9_999, "0.9999%"),
        (10_000, "1%"),
        (125_000, "12.5%"),
        (1_000_000, "100%"),
    ] {
        let share = Share::of_parts(parts).unwrap();
        assert_eq!((share.to_string(), text.parse()), (text.to_owned(), Ok(share)));
        assert_eq!((share.parts(), share.rest()), (parts, 1_000_000 - parts));
    }
    assert_eq!(Share::of_parts(1_000_001), None);
    for text in ["", "%", "20", "-1%", "1.%", ".5%", "1.00000%", "100.0001%", "1e1%", "1 %"] {
        let said = text.parse::<Share>().unwrap_err().to_string();
        assert_eq!(said, "expected a percentage from `0%` to `100%` such as `12.5%`", "{text}");
    }
}
