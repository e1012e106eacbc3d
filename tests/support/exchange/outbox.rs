//! What outlives a request: batches that are sent until they are taken, each to its own ledger.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a helper that fails fails its test"
)]
mod bounds;
mod hurried;
mod open_calls;
mod postponed;
mod renewals;

use std::rc::Rc;

use tradewind::exchange::{Call, CallId, Effect, Item, Ledger, OutboxItem, Outboxes};
use tradewind::policy::Policy;

use super::support::World;

/// A ledger, as a policy names it.
fn ledger(cluster: &str, endpoint: &str) -> Rc<Ledger> {
    let text = include_str!("../../corpus/exchange/policy/lease.json");
    let text = text.replace(
        r#""endpoint": "http://ledger.test:8700/base""#,
        &format!(r#""cluster": "{cluster}", "endpoint": "{endpoint}", "secret": "ledger-token""#),
    );
    let policy = Policy::from_json(text.as_bytes()).unwrap();
    Ledger::of(policy.credits().unwrap())
}

fn usual() -> Rc<Ledger> {
    ledger("ledger", "http://ledger.test:8700/base")
}

/// The outboxes of one worker, and their world.
#[derive(Default)]
struct Worker {
    world: World,
    outboxes: Outboxes,
}

/// What is sent, and what is counted and logged beside that.
#[derive(Debug, Default, PartialEq, Eq)]
struct Done {
    calls: Vec<Call>,
    counted: Vec<String>,
    logged: Vec<String>,
}

impl From<Vec<Effect>> for Done {
    fn from(effects: Vec<Effect>) -> Self {
        let mut done = Self::default();
        for effect in effects {
            match effect {
                Effect::Call(call) => done.calls.push(call),
                Effect::Count(name) => done.counted.push(name),
                Effect::Log(line) => done.logged.push(line),
                other => panic!("{other:?}"),
            }
        }
        done
    }
}

impl Worker {
    fn queue(&mut self, ledger: &Rc<Ledger>, item: Item) -> Done {
        self.outboxes.queue(OutboxItem { ledger: Rc::clone(ledger), item }).into()
    }

    fn settle(&mut self, ledger: &Rc<Ledger>, id: u32) -> Done {
        let json = format!(r#"{{"hold_id":"h{id}"}}"#).into_bytes();
        self.queue(ledger, Item::Settlement { json, owed: None })
    }

    fn open(&mut self, id: &str, expires_in: u64, seconds: u64) {
        let expires_ms = self.world.common.now_ms() + expires_in * 1000;
        let (tenant, id) = ("acme".to_owned(), id.to_owned());
        let item = Item::Opened { tenant, id, expires_ms, seconds };
        assert_eq!(self.queue(&usual(), item), Done::default());
    }

    fn close(&mut self, id: &str) {
        self.queue(&usual(), Item::Closed { id: id.to_owned() });
    }

    fn tick(&mut self) -> Done {
        self.outboxes.tick(&self.world.view()).into()
    }

    /// The one call that a tick makes.
    fn sends(&mut self) -> Call {
        let calls = self.tick().calls;
        assert_eq!(calls.len(), 1, "{calls:?}");
        calls.into_iter().next().unwrap()
    }

    fn answers(&mut self, call: &Call, status: u16, body: impl AsRef<[u8]>) -> Done {
        self.outboxes.answered(call.id, (status, body.as_ref()), &self.world.view()).into()
    }

    fn pass(&mut self, ms: u64) {
        self.world.common.pass(ms);
    }

    /// Ticks until something is sent; how long that took, in milliseconds.
    fn waits(&mut self) -> (u64, Call) {
        let mut waited = 0;
        loop {
            if let Some(call) = self.tick().calls.into_iter().next() {
                return (waited, call);
            }
            self.pass(100);
            waited += 100;
            assert!(waited < 100_000, "nothing is ever sent");
        }
    }
}

fn text(call: &Call) -> &str {
    core::str::from_utf8(&call.body).unwrap()
}

fn results(words: &[&str]) -> Vec<u8> {
    let items: Vec<String> = words.iter().map(|word| format!(r#"{{"state":"{word}"}}"#)).collect();
    format!(r#"{{"results":[{}]}}"#, items.join(",")).into_bytes()
}

#[test]
fn a_batch_goes_again_with_the_same_ids_until_it_is_taken() {
    let (mut worker, ledger) = (Worker::default(), usual());
    assert_eq!(worker.tick(), Done::default(), "nothing waits");
    for id in 1..=2 {
        assert_eq!(worker.settle(&ledger, id), Done::default());
    }
    let mut call = worker.sends();
    let first = text(&call).to_owned();
    assert_eq!(first, r#"{"settlements":[{"hold_id":"h1"},{"hold_id":"h2"}]}"#);
    let (cluster, authority) = (call.cluster.as_str(), call.authority.as_str());
    assert_eq!((cluster, authority), ("ledger", "ledger.test:8700"));
    assert_eq!(call.path, "/base/v1/settlements");

    // One batch at a time; what comes meanwhile waits for the next.
    worker.settle(&ledger, 3);
    assert_eq!(worker.tick(), Done::default());
    let unknown = Call { id: CallId { number: 99, ..call.id }, ..call.clone() };
    assert_eq!(worker.answers(&unknown, 200, ""), Done::default());

    // A failure, whatever it looks like, is a pause and the same again.
    let (mut pauses, half) = (Vec::new(), r#"{"results":[{"state":"settled"}]}"#);
    for (status, body) in [(503, "no healthy upstream"), (0, ""), (200, "<html>"), (200, half)] {
        let done = worker.answers(&call, status, body);
        assert_eq!(done.counted, ["tradewind_settlements_retried_total"], "{status}");
        assert_eq!(done.logged, [""; 0], "{status}");
        let (waited, again) = worker.waits();
        assert!(text(&again).starts_with(first.strip_suffix("]}").unwrap()), "{status}");
        pauses.push(waited);
        call = again;
    }
    assert_eq!(pauses, [200, 400, 800, 800], "a service that is back is found within a second");

    // Each is answered for itself, and none is sent again.
    let done = worker.answers(&call, 200, results(&["settled", "unknown_hold", "settled_late"]));
    assert_eq!(
        done.counted,
        ["settled", "unknown_hold", "settled_late"]
            .map(|word| format!("tradewind_settlements_total.outcome.{word}"))
    );
    assert!(worker.outboxes.is_empty());
    assert_eq!(worker.tick(), Done::default());
}

#[test]
fn settlements_go_to_the_ledger_that_holds_them() {
    let mut worker = Worker::default();
    let (a, b) = (usual(), ledger("other", "http://ledger.test:8700/base"));
    // Another path or another host is another ledger too.
    let (c, d) = (ledger("ledger", "http://ledger.test:8700"), ledger("ledger", "http://l:8700"));
    for (id, ledger) in (1..).zip([&a, &b, &c, &d, &a]) {
        worker.settle(ledger, id);
    }
    let calls = worker.tick().calls;
    let told: Vec<_> = calls
        .iter()
        .map(|call| format!("{} {}{} {}", call.cluster, call.authority, call.path, text(call)))
        .collect();
    assert_eq!(
        told,
        [
            concat!(
                "ledger ledger.test:8700/base/v1/settlements ",
                r#"{"settlements":[{"hold_id":"h1"},{"hold_id":"h5"}]}"#
            ),
            r#"other ledger.test:8700/base/v1/settlements {"settlements":[{"hold_id":"h2"}]}"#,
            r#"ledger ledger.test:8700/v1/settlements {"settlements":[{"hold_id":"h3"}]}"#,
            r#"ledger l:8700/v1/settlements {"settlements":[{"hold_id":"h4"}]}"#,
        ]
    );
    // What one of them answers is nothing to the others.
    worker.answers(&calls[1], 200, results(&["settled"]));
    worker.answers(&calls[0], 503, "");
    assert_eq!(worker.outboxes.waiting(), 4);
    worker.answers(&calls[2], 200, results(&["settled"]));
    worker.answers(&calls[3], 200, results(&["settled"]));
    let (_, again) = worker.waits();
    assert_eq!((again.cluster.as_str(), text(&again)), ("ledger", text(&calls[0])));
    worker.answers(&again, 200, results(&["settled"; 2]));
    assert!(worker.outboxes.is_empty());
}

#[test]
fn a_ledger_whose_cluster_is_gone_ends_in_a_line_and_a_counter() {
    let (mut worker, ledger) = (Worker::default(), usual());
    (1..=3).for_each(|id| drop(worker.settle(&ledger, id)));
    let (mut tries, mut waited) = (0, 0);
    let end = loop {
        let (ms, call) = worker.waits();
        (tries, waited) = (tries + 1, waited + ms);
        let done: Done = worker.outboxes.no_cluster(call.id, &worker.world.view()).into();
        if !done.logged.is_empty() {
            break done;
        }
        assert_eq!(done.counted, ["tradewind_settlements_retried_total"]);
    };
    assert!((60_000..62_000).contains(&waited), "given up after {waited} ms and {tries} tries");
    assert_eq!(
        end.logged,
        ["the ledger `ledger` (ledger.test:8700/base) is gone, its cluster is missing, and 3 \
          settlements wait for it: they are dropped, and their holds expire"]
    );
    assert_eq!(end.counted, ["tradewind_settlements_dropped_total"; 3]);
    assert!(worker.outboxes.is_empty());
    // A cluster that only came late has lost nothing.
    worker.settle(&ledger, 4);
    worker.pass(1_000);
    let call = worker.sends();
    worker.answers(&call, 200, results(&["settled"]));
    worker.settle(&ledger, 5);
    let call = worker.sends();
    assert_eq!(worker.outboxes.no_cluster(call.id, &worker.world.view()).len(), 1);
    assert_eq!(worker.outboxes.waiting(), 1);
}

#[test]
fn a_refused_token_is_named_once_in_a_while() {
    let (mut worker, ledger) = (Worker::default(), usual());
    worker.settle(&ledger, 1);
    let mut logged = Vec::new();
    for status in [401, 403, 401] {
        let (_, call) = worker.waits();
        let done = worker.answers(&call, status, "{}");
        assert_eq!(done.counted, ["tradewind_settlements_retried_total"]);
        logged.extend(done.logged);
    }
    let line = "the ledger `ledger` (ledger.test:8700/base) refuses the token in the secret \
                `ledger-token` with 401: replace it";
    assert_eq!(logged, [line]);
    worker.pass(60_000);
    let (_, call) = worker.waits();
    assert_eq!(worker.answers(&call, 401, "{}").logged, [line]);
    assert_eq!(worker.outboxes.waiting(), 1, "it is kept until the token is right");
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for_for_ever() {
    let mut worker = Worker::default();
    worker.settle(&usual(), 1);
    let first = worker.sends();
    worker.pass(4000);
    assert_eq!(worker.tick(), Done::default());
    worker.pass(1);
    let again = worker.sends();
    assert_eq!(first.body, again.body);
    // One that comes after all is of a call that is forgotten.
    assert_eq!(worker.answers(&first, 200, results(&["settled"])), Done::default());
    assert_eq!(worker.outboxes.waiting(), 1);
}

#[test]
fn what_the_ledger_will_never_take_is_dropped_and_counted() {
    let mut worker = Worker::default();
    worker.settle(&usual(), 1);
    let call = worker.sends();
    let done = worker.answers(&call, 400, b"{}");
    assert_eq!(done.logged.len(), 1, "{done:?}");
    assert_eq!(done.counted, ["tradewind_settlements_dropped_total"]);
    assert!(worker.outboxes.is_empty());
}

#[test]
fn what_waits_is_bounded_for_all_ledgers_together_and_the_oldest_goes() {
    let mut worker = Worker::default();
    let (a, b) = (usual(), ledger("other", "http://b:1"));
    for id in 0..15_000 {
        assert_eq!(worker.settle(&a, id), Done::default());
    }
    let sent = worker.sends();
    for id in 15_000..20_000 {
        assert_eq!(worker.settle(&b, id), Done::default());
    }
    let done = worker.settle(&b, 20_000);
    assert_eq!(done.counted, ["tradewind_settlements_dropped_total"]);
    assert_eq!(worker.outboxes.waiting(), 20_000);
    // What is on its way is not what was dropped: its answers still fit.
    let done = worker.answers(&sent, 200, results(&["settled"; 1000]));
    assert_eq!(done.counted.len(), 1000);
    assert_eq!(worker.outboxes.waiting(), 19_000);
    let next = worker.tick().calls;
    assert!(
        next.iter().any(|call| text(call).starts_with(r#"{"settlements":[{"hold_id":"h1001"}"#))
    );
}

#[test]
fn the_bytes_that_wait_are_bounded_too() {
    let mut worker = Worker::default();
    let large = || Item::Settlement { json: vec![b' '; 1 << 20], owed: None };
    for _ in 0..16 {
        assert_eq!(worker.queue(&usual(), large()), Done::default());
    }
    let done = worker.queue(&usual(), large());
    assert_eq!(done.counted, ["tradewind_settlements_dropped_total"]);
    assert_eq!(worker.outboxes.waiting(), 16);
    // What was taken has made room.
    let call = worker.sends();
    worker.answers(&call, 200, results(&["settled"]));
    assert_eq!(worker.queue(&usual(), large()), Done::default());
    assert_eq!(worker.outboxes.waiting(), 16);
}

#[test]
fn what_is_on_its_way_is_not_dropped() {
    let (mut worker, ledger) = (Worker::default(), usual());
    (0..2_000).for_each(|id| drop(worker.settle(&ledger, id)));
    let sent = worker.sends();
    (2_000..20_001).for_each(|id| drop(worker.settle(&ledger, id)));
    worker.answers(&sent, 503, "");
    let (_, again) = worker.waits();
    assert_eq!(again.body, sent.body);
    worker.answers(&again, 200, results(&["settled"; 1000]));
    let next = worker.sends();
    assert!(text(&next).starts_with(r#"{"settlements":[{"hold_id":"h1001"}"#), "the oldest went");
}

#[test]
fn a_batch_is_no_larger_than_a_ledger_takes() {
    let (mut worker, ledger) = (Worker::default(), usual());
    for id in 0..1001 {
        worker.settle(&ledger, id);
    }
    let sent = worker.sends();
    assert_eq!(text(&sent).matches("hold_id").count(), 1000);
    worker.answers(&sent, 200, results(&["settled"; 1000]));
    assert_eq!(worker.outboxes.waiting(), 1);
}

#[test]
fn a_lease_that_nobody_took_over_ends_in_silence() {
    let mut worker = Worker::default();
    let lease = Item::Lease {
        payer: "acme\u{1f}\u{1f}".to_owned(),
        tenant: "acme".to_owned(),
        id: "lease-1".to_owned(),
        until_ms: 1_700_000_000_500,
    };
    worker.queue(&usual(), lease);
    assert!(!worker.outboxes.is_empty(), "there is something to end");
    worker.pass(1000);
    // Its record is not there, or is another lease's: the ledger lets it expire.
    assert_eq!(worker.tick(), Done::default());
    assert!(worker.outboxes.is_empty());
}

#[test]
fn a_worker_that_ends_sends_all_once_and_waits_for_nothing() {
    let (mut worker, ledger) = (Worker::default(), usual());
    worker.settle(&ledger, 1);
    let on_its_way = worker.sends();
    worker.settle(&ledger, 2);
    let hurried = Done::from(worker.outboxes.send_now()).calls;
    assert_eq!(hurried.len(), 1);
    assert_eq!(
        (hurried[0].id.is_awaited(), text(&hurried[0])),
        (false, r#"{"settlements":[{"hold_id":"h1"},{"hold_id":"h2"}]}"#)
    );
    worker.settle(&ledger, 3);
    let hurried = Done::from(worker.outboxes.send_now()).calls;
    assert_eq!(text(&hurried[0]), r#"{"settlements":[{"hold_id":"h3"}]}"#);
    assert_eq!(worker.outboxes.send_now().len(), 0);
    // Should it live on, everything is sent until it is taken.
    worker.answers(&on_its_way, 200, results(&["settled"]));
    let call = worker.sends();
    assert_eq!(text(&call), r#"{"settlements":[{"hold_id":"h2"},{"hold_id":"h3"}]}"#);
    worker.answers(&call, 200, results(&["settled_before"; 2]));
    worker.settle(&ledger, 4);
    assert_eq!(
        text(&Done::from(worker.outboxes.send_now()).calls[0]),
        r#"{"settlements":[{"hold_id":"h4"}]}"#
    );
}
