//! How much waits, how much goes at once, and for how long a ledger is remembered: at the bounds.
use super::*;

/// A settlement of so many bytes.
fn large(bytes: usize) -> Item {
    Item::Settlement { json: vec![b' '; bytes], owed: None }
}

/// What frames a batch.
const FRAME: usize = br#"{"settlements":["#.len();

#[test]
fn a_batch_ends_before_the_one_that_would_make_it_too_large() {
    const MOST: usize = 512 << 10;
    for (second, together) in [(MOST - FRAME - 1000, 2), (MOST - FRAME - 999, 1)] {
        let mut worker = Worker::default();
        worker.queue(&usual(), large(1000));
        worker.queue(&usual(), large(second));
        worker.queue(&usual(), large(1));
        let batch = worker.sends();
        assert_eq!(text(&batch).matches(',').count() + 1, together, "{second}");
        worker.answers(&batch, 200, results(&vec!["settled"; together]));
        assert_eq!(worker.outboxes.waiting(), 3 - together);
    }
    // One that is too large alone goes alone: the ledger is to say so.
    let mut worker = Worker::default();
    worker.queue(&usual(), large(MOST + 1));
    worker.queue(&usual(), large(1));
    let batch = worker.sends();
    assert_eq!(batch.body.len(), MOST + 1 + FRAME + 2);
    worker.answers(&batch, 413, "");
    assert_eq!(worker.outboxes.waiting(), 1);
}

#[test]
fn bytes_are_counted_until_they_have_gone_whichever_way() {
    const MOST: usize = 16 << 20;
    let mut worker = Worker::default();
    worker.queue(&usual(), large(MOST - 1));
    assert_eq!(worker.queue(&usual(), large(1)), Done::default(), "one byte less than the most");
    let call = worker.sends();
    // The first is on its way, the second goes instead; the third fits though it is all too much.
    assert_eq!(worker.queue(&usual(), large(1)).counted, ["tradewind_settlements_dropped_total"]);
    assert_eq!(worker.outboxes.waiting(), 2);
    // What is to be sent again later still waits, and may go.
    worker.answers(&call, 200, results(&["unavailable"]));
    assert_eq!(worker.queue(&usual(), large(1)).counted, ["tradewind_settlements_dropped_total"]);
    assert_eq!(worker.outboxes.waiting(), 2);
    assert_eq!(worker.queue(&usual(), large(MOST - 3)), Done::default(), "what went is forgotten");
    // All of it on its way: the next is kept beside it.
    let mut worker = Worker::default();
    worker.queue(&usual(), large(MOST));
    worker.sends();
    assert_eq!(worker.queue(&usual(), large(1)), Done::default());
    assert_eq!(worker.outboxes.waiting(), 2);
}

#[test]
fn after_a_batch_that_was_taken_a_failure_waits_as_little_as_the_first() {
    let (mut worker, ledger) = (Worker::default(), usual());
    for _ in 0..2 {
        worker.settle(&ledger, 1);
        let mut call = worker.waits().1;
        for pause in [200, 400] {
            worker.answers(&call, 503, "");
            let (waited, again) = worker.waits();
            assert_eq!(waited, pause);
            call = again;
        }
        worker.answers(&call, 200, results(&["settled"]));
    }
}

#[test]
fn a_ledger_whose_policy_is_written_anew_is_the_same() {
    let mut worker = Worker::default();
    worker.settle(&usual(), 1);
    worker.settle(&usual(), 2);
    let call = worker.sends();
    assert_eq!(text(&call), r#"{"settlements":[{"hold_id":"h1"},{"hold_id":"h2"}]}"#);
}

/// A worker whose ledger has just been given up: its cluster was missing for a minute.
fn given_up(worker: &mut Worker) {
    worker.settle(&usual(), 1);
    let first = worker.sends();
    let gone = |call: &Call, worker: &mut Worker| -> Done {
        worker.outboxes.no_cluster(call.id, &worker.world.view()).into()
    };
    assert_eq!(gone(&first, worker).logged, [""; 0]);
    worker.pass(59_999);
    let last = worker.sends();
    assert_eq!(gone(&last, worker).logged, [""; 0], "a millisecond less than a minute");
    worker.pass(1);
    assert_eq!(worker.tick(), Done::default(), "and a pause");
    worker.pass(400);
    let last = worker.sends();
    assert_eq!(gone(&last, worker).logged.len(), 1);
    assert!(worker.outboxes.is_empty());
}

/// Its cluster is still missing: the next settlement is not kept for another minute. A ledger that
/// had nothing for longer than a minute is one that nobody knows.
#[test]
fn a_ledger_that_nobody_has_used_for_a_minute_is_forgotten() {
    for (idle, known) in [(60_000, true), (60_001, false)] {
        let mut worker = Worker::default();
        given_up(&mut worker);
        worker.pass(idle);
        assert_eq!(worker.tick(), Done::default());
        worker.settle(&usual(), 2);
        let call = worker.sends();
        let done: Done = worker.outboxes.no_cluster(call.id, &worker.world.view()).into();
        let expected = if known { "dropped" } else { "retried" };
        assert_eq!(done.counted, [format!("tradewind_settlements_{expected}_total")], "{idle}");
    }
}

#[test]
fn a_cluster_is_missing_for_a_minute_before_its_ledger_is_given_up() {
    for (ms, given_up) in [(59_999, false), (60_000, true)] {
        let mut worker = Worker::default();
        worker.settle(&usual(), 1);
        for (wait, last) in [(0, false), (ms, true)] {
            worker.pass(wait);
            let call = worker.sends();
            // Those that have come meanwhile wait for it as well.
            worker.settle(&usual(), 2);
            let done: Done = worker.outboxes.no_cluster(call.id, &worker.world.view()).into();
            assert_eq!(done.logged.len(), usize::from(last && given_up), "{ms}");
            let said = done.logged.iter().all(|line| line.contains("and 3 settlements wait"));
            assert!(said, "{:?}", done.logged);
        }
        assert_eq!(worker.outboxes.waiting(), if given_up { 0 } else { 3 });
    }
}
