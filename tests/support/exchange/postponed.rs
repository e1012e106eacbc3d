//! What a ledger cannot take alone of its batch: nobody else's settlements wait for it.
use super::*;

/// What is counted of these.
fn counted(words: &[&str]) -> Vec<String> {
    let outcome = |word: &&str| match *word {
        "unavailable" => "tradewind_settlements_retried_total".to_owned(),
        word => format!("tradewind_settlements_total.outcome.{word}"),
    };
    words.iter().map(outcome).collect()
}

#[test]
fn one_that_cannot_be_taken_goes_again_later_and_alone() {
    let (mut worker, ledger) = (Worker::default(), usual());
    (1..=4).for_each(|id| drop(worker.settle(&ledger, id)));
    let call = worker.sends();
    worker.settle(&ledger, 5);
    let words = ["settled", "unavailable", "settled", "unavailable"];
    let done = worker.answers(&call, 200, results(&words));
    assert_eq!(done.counted, counted(&words));
    // Those that came meanwhile do not wait, and those that are done with are not sent again.
    let next = worker.sends();
    assert_eq!(text(&next), r#"{"settlements":[{"hold_id":"h5"}]}"#);
    worker.answers(&next, 200, results(&["settled"]));
    assert_eq!(worker.outboxes.waiting(), 2);
    for _ in 0..3 {
        let (waited, again) = worker.waits();
        assert_eq!(waited, 2_000);
        assert_eq!(text(&again), r#"{"settlements":[{"hold_id":"h2"},{"hold_id":"h4"}]}"#);
        worker.answers(&again, 200, results(&["unavailable"; 2]));
    }
    let (_, again) = worker.waits();
    let done = worker.answers(&again, 200, results(&["settled_before", "settled"]));
    assert_eq!(done.counted, counted(&["settled_before", "settled"]));
    assert!(worker.outboxes.is_empty());
}

#[test]
fn a_worker_that_ends_sends_those_too() {
    let (mut worker, ledger) = (Worker::default(), usual());
    (1..=2).for_each(|id| drop(worker.settle(&ledger, id)));
    let call = worker.sends();
    worker.answers(&call, 200, results(&["unavailable", "settled"]));
    worker.settle(&ledger, 3);
    let hurried = Done::from(worker.outboxes.send_now()).calls;
    assert_eq!(text(&hurried[0]), r#"{"settlements":[{"hold_id":"h3"},{"hold_id":"h1"}]}"#);
}

#[test]
fn when_there_is_no_room_they_are_the_first_to_go() {
    let (mut worker, ledger) = (Worker::default(), usual());
    (1..=2).for_each(|id| drop(worker.settle(&ledger, id)));
    let call = worker.sends();
    worker.answers(&call, 200, results(&["settled", "unavailable"]));
    for id in 3..=20_001 {
        assert_eq!(worker.settle(&ledger, id), Done::default(), "{id}");
    }
    let done = worker.settle(&ledger, 20_002);
    assert_eq!(done.counted, ["tradewind_settlements_dropped_total"]);
    let next = worker.sends();
    assert!(text(&next).starts_with(r#"{"settlements":[{"hold_id":"h3"}"#));
    worker.pass(2_000);
    assert_eq!(worker.outboxes.waiting(), 20_000);
}
