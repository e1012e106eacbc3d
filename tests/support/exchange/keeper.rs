//! What outlives a request: batches that are sent until they are taken, and leases that end.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]
use tradewind::exchange::{Call, Effect, Keeper, Note, vocabulary};
use tradewind::policy::{CreditPolicy, Policy};

use super::support::World;

fn policy() -> CreditPolicy {
    let text = include_str!("../../corpus/exchange/policy/lease.json");
    Policy::from_json(text.as_bytes(), vocabulary()).unwrap().credits().cloned().unwrap()
}

fn settlement(id: u32) -> Note {
    Note::Settlement { json: format!(r#"{{"hold_id":"h{id}"}}"#).into_bytes(), owed: None }
}

/// What the keeper sends, and what it counts beside that.
fn split(effects: Vec<Effect>) -> (Option<Call>, Vec<String>) {
    let (mut call, mut counted) = (None, Vec::new());
    for effect in effects {
        match effect {
            Effect::Call(sent) => call = Some(sent),
            Effect::Count(name) => counted.push(name),
            other => panic!("{other:?}"),
        }
    }
    (call, counted)
}

fn results(words: &[&str]) -> Vec<u8> {
    let items: Vec<String> = words.iter().map(|word| format!(r#"{{"state":"{word}"}}"#)).collect();
    format!(r#"{{"results":[{}]}}"#, items.join(",")).into_bytes()
}

fn pass(world: &World, ms: u64) {
    world.common.pass(ms);
}

#[test]
fn a_batch_goes_again_with_the_same_ids_until_it_is_taken() {
    let (policy, world, mut keeper) = (policy(), World::default(), Keeper::default());
    assert_eq!(split(keeper.tick(&policy, &world.view())).0, None, "nothing waits");
    for id in 1..=2 {
        assert!(keeper.keep(settlement(id)).is_empty());
    }
    let first = split(keeper.tick(&policy, &world.view())).0.unwrap();
    let body = r#"{"settlements":[{"hold_id":"h1"},{"hold_id":"h2"}]}"#;
    assert_eq!(String::from_utf8_lossy(&first.body), body);
    assert_eq!((first.cluster.as_str(), first.path.as_str()), ("ledger", "/base/v1/settlements"));

    // One batch at a time; what comes meanwhile waits for the next.
    assert!(keeper.keep(settlement(3)).is_empty());
    assert_eq!(split(keeper.tick(&policy, &world.view())).0, None);

    // A failure, whatever it looks like, is a pause and the same again.
    let mut pauses = Vec::new();
    for (status, body) in [(503, "no healthy upstream"), (0, ""), (200, "<html>"), (401, "{}")] {
        let counted = split(keeper.answered(status, body.as_bytes(), &world.view())).1;
        assert_eq!(counted, ["tradewind_settlements_retried_total"], "{status}");
        let mut waited = 0;
        let again = loop {
            if let Some(call) = split(keeper.tick(&policy, &world.view())).0 {
                break call;
            }
            pass(&world, 100);
            waited += 100;
        };
        assert!(again.body.starts_with(first.body.strip_suffix(b"]}").unwrap()), "{status}");
        pauses.push(waited);
    }
    assert_eq!(pauses, [200, 400, 800, 800], "a service that is back is found within a second");

    // Each is answered for itself, and none is sent again.
    let body = results(&["settled", "unknown_hold", "settled_late"]);
    assert_eq!(
        split(keeper.answered(200, &body, &world.view())).1,
        ["settled", "unknown_hold", "settled_late"]
            .map(|word| format!("tradewind_settlements_total.outcome.{word}"))
    );
    assert_eq!(keeper.waiting(), 0);
    assert_eq!(split(keeper.tick(&policy, &world.view())).0, None);
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for_for_ever() {
    let (policy, world, mut keeper) = (policy(), World::default(), Keeper::default());
    keeper.keep(settlement(1));
    assert!(split(keeper.tick(&policy, &world.view())).0.is_some());
    pass(&world, 4000);
    assert_eq!(split(keeper.tick(&policy, &world.view())).0, None);
    pass(&world, 1);
    assert!(split(keeper.tick(&policy, &world.view())).0.is_some());
}

#[test]
fn what_the_ledger_will_never_take_is_dropped_and_counted() {
    let (policy, world, mut keeper) = (policy(), World::default(), Keeper::default());
    keeper.keep(settlement(1));
    keeper.tick(&policy, &world.view());
    let effects = keeper.answered(400, b"{}", &world.view());
    assert!(matches!(effects.first(), Some(Effect::Log(_))), "{effects:?}");
    assert!(matches!(effects.get(1), Some(Effect::Count(name))
        if name == "tradewind_settlements_dropped_total"));
    assert_eq!(keeper.waiting(), 0);
}

#[test]
fn what_waits_is_bounded() {
    let mut keeper = Keeper::default();
    for id in 0..20_000 {
        assert!(keeper.keep(settlement(id)).is_empty());
    }
    let counted = split(keeper.keep(settlement(20_000))).1;
    assert_eq!(counted, ["tradewind_settlements_dropped_total"]);
    assert_eq!(keeper.waiting(), 20_000);
}

#[test]
fn a_batch_is_no_larger_than_a_ledger_takes() {
    let (policy, world, mut keeper) = (policy(), World::default(), Keeper::default());
    for id in 0..1001 {
        keeper.keep(settlement(id));
    }
    let sent = split(keeper.tick(&policy, &world.view())).0.unwrap();
    assert_eq!(String::from_utf8_lossy(&sent.body).matches("hold_id").count(), 1000);
    keeper.answered(200, &results(&["settled"; 1000]), &world.view());
    assert_eq!(keeper.waiting(), 1);
}

#[test]
fn a_lease_that_nobody_took_over_ends_in_silence() {
    let (policy, world, mut keeper) = (policy(), World::default(), Keeper::default());
    let lease = Note::Lease {
        payer: "acme\u{1f}\u{1f}".to_owned(),
        tenant: "acme".to_owned(),
        id: "lease-1".to_owned(),
        until_ms: 1_700_000_000_500,
    };
    keeper.keep(lease);
    pass(&world, 1000);
    // Its record is not there, or is another lease's: the ledger lets it expire.
    assert_eq!(split(keeper.tick(&policy, &world.view())), (None, Vec::new()));
    assert_eq!(keeper.waiting(), 0);
}
