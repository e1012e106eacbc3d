//! What goes on holding: renewals of the holds of requests that still run, and of leases.
use super::*;

fn renewals(list: &[(&str, &str)]) -> String {
    let item = |(id, word): &(&str, &str)| format!(r#"{{"hold_id":"{id}","outcome":"{word}"}}"#);
    format!(r#"{{"renewals":[{}]}}"#, list.iter().map(item).collect::<Vec<_>>().join(","))
}

#[test]
fn holds_are_renewed_at_half_their_life_for_as_long_as_they_are_open() {
    let mut worker = Worker::default();
    worker.open("h1", 60, 60);
    worker.open("h2", 60, 60);
    worker.pass(10_000);
    // The first call keeps the connection warm, and may as well renew one.
    let warm = worker.sends();
    assert_eq!(warm.path, "/base/v1/renewals");
    let one = r#"{"holds":[{"tenant":"acme","hold_id":"h1","expires_in":60}]}"#;
    assert_eq!(text(&warm), one);
    worker.answers(&warm, 200, renewals(&[("h1", "renewed")]));
    let (waited, call) = worker.waits();
    assert_eq!((waited, text(&call)), (10_000, one), "kept warm every ten seconds");
    worker.answers(&call, 200, renewals(&[("h1", "renewed")]));
    worker.pass(9_900);
    assert_eq!(worker.tick(), Done::default());
    worker.pass(100);
    // Half of the life of the other has passed.
    let call = worker.sends();
    assert_eq!(text(&call), r#"{"holds":[{"tenant":"acme","hold_id":"h2","expires_in":60}]}"#);
    // An answer that is lost is asked for again before the hold expires.
    worker.answers(&call, 504, "");
    let (waited, call) = worker.waits();
    assert_eq!((waited, text(&call).contains("h2")), (1_000, true));
    let done = worker.answers(&call, 200, renewals(&[("h2", "settled")]));
    assert_eq!(done.counted, ["tradewind_renewals_total.outcome.ended"]);
    worker.close("h1");
    worker.close("h2");
    worker.pass(60_000);
    assert_eq!(worker.tick(), Done::default());
    assert!(worker.outboxes.is_empty());
}

#[test]
fn a_hold_that_cannot_be_renewed_now_is_asked_for_again_and_alone() {
    let mut worker = Worker::default();
    worker.open("h1", 60, 60);
    worker.open("h2", 60, 60);
    worker.pass(30_000);
    let both = worker.sends();
    let said = renewals(&[("h1", "unavailable"), ("h2", "renewed")]);
    let done = worker.answers(&both, 200, said);
    let count = |word: &str| format!("tradewind_renewals_total.outcome.{word}");
    assert_eq!(done.counted, [count("unanswered"), count("renewed")]);
    let (waited, again) = worker.waits();
    let one = r#"{"holds":[{"tenant":"acme","hold_id":"h1","expires_in":60}]}"#;
    assert_eq!((waited, text(&again)), (1_000, one));
    worker.answers(&again, 200, renewals(&[("h1", "renewed")]));
    assert_eq!(worker.waits().0, 10_000, "nothing but a call that keeps the connection warm");
}

#[test]
fn a_lease_is_renewed_until_the_last_request_that_drew_on_it_is_over() {
    let mut worker = Worker::default();
    worker.open("lease-1", 30, 30);
    worker.open("lease-1", 30, 30);
    worker.close("lease-1");
    worker.pass(15_000);
    assert!(text(&worker.sends()).contains("lease-1"));
    worker.close("lease-1");
    worker.pass(15_000);
    assert_eq!(worker.tick(), Done::default());
}

#[test]
fn a_ledger_without_renewals_is_told_of_once_and_left_in_peace() {
    let mut worker = Worker::default();
    worker.open("h1", 2, 2);
    worker.pass(1_000);
    let call = worker.sends();
    let done = worker.answers(&call, 404, "no such path");
    assert_eq!(done.logged.len(), 1, "{done:?}");
    worker.pass(59_000);
    assert_eq!(worker.tick(), Done::default());
}

#[test]
fn a_renewed_hold_is_renewed_again_at_half_its_new_life() {
    let mut worker = Worker::default();
    worker.open("h1", 8, 8);
    // The first call only keeps the connection warm.
    for half in [0, 4_000, 4_000] {
        let (waited, call) = worker.waits();
        assert_eq!(waited, half);
        worker.answers(&call, 200, renewals(&[("h1", "renewed")]));
    }
}

#[test]
fn no_more_holds_are_renewed_than_there_is_room_for() {
    const MOST: usize = 50_000;
    let mut worker = Worker::default();
    let ledger = usual();
    let hold = |number: usize| {
        let (tenant, id) = ("acme".to_owned(), format!("h{number}"));
        Item::Opened { tenant, id, expires_ms: u64::MAX, seconds: 60 }
    };
    let mut open = |number: usize| worker.queue(&ledger, hold(number));
    for number in 0..MOST {
        assert_eq!(open(number), Done::default());
    }
    assert_eq!(open(MOST).counted, ["tradewind_renewals_total.outcome.none"]);
    // One more request on a hold that is renewed takes no room, and one that is over makes some.
    assert_eq!(open(0), Done::default());
    worker.close("h0");
    assert_eq!(worker.queue(&ledger, hold(MOST)).counted.len(), 1, "the other still runs on it");
    worker.close("h0");
    assert_eq!(worker.queue(&ledger, hold(MOST)), Done::default());
}

/// A ledger that has no such call, or not in these words, is asked again after a minute; one that
/// has some trouble after a second.
#[test]
fn a_status_says_when_renewals_are_tried_again() {
    let fine = renewals(&[("h1", "renewed")]);
    let minute = [400, 404, 405, 413, 422, 501].map(|status| (status, 60_000));
    let second = [0, 201, 204, 401, 403, 429, 500, 502, 503, 504].map(|status| (status, 1_000));
    for (status, ms) in minute.into_iter().chain(second) {
        let mut worker = Worker::default();
        worker.open("h1", 2, 2);
        worker.pass(1_000);
        let call = worker.sends();
        let done = worker.answers(&call, status, &fine);
        let unanswered = vec!["tradewind_renewals_total.outcome.unanswered".to_owned()];
        let expected = if ms == 1_000 { (unanswered, 0) } else { (Vec::new(), 1) };
        assert_eq!((done.counted, done.logged.len()), expected, "{status}");
        worker.pass(ms - 1);
        assert_eq!(worker.tick(), Done::default(), "{status}");
        worker.pass(1);
        assert_eq!(worker.sends().path, "/base/v1/renewals", "{status}");
    }
}

#[test]
fn an_answer_to_a_renewal_that_never_comes_is_not_waited_for_for_ever() {
    let mut worker = Worker::default();
    worker.open("h1", 60, 60);
    worker.pass(30_000);
    let call = worker.sends();
    worker.pass(4_000);
    assert_eq!(worker.tick(), Done::default());
    worker.pass(1);
    let again = worker.sends();
    assert_eq!(again.body, call.body);
    let late = worker.answers(&call, 200, renewals(&[("h1", "renewed")]));
    assert_eq!(late, Done::default(), "it is of a call that is forgotten");
    let done = worker.answers(&again, 200, renewals(&[("h9", "renewed"), ("h1", "renewed")]));
    assert_eq!(done.counted, ["tradewind_renewals_total.outcome.renewed"], "nobody has the other");
}

#[test]
fn a_hold_that_an_answer_does_not_name_is_asked_for_again_after_a_second() {
    let mut worker = Worker::default();
    worker.open("h1", 8, 8);
    let call = worker.sends();
    assert_eq!(worker.answers(&call, 200, renewals(&[])), Done::default());
    let (waited, again) = worker.waits();
    assert_eq!((waited, again.body), (1_000, call.body));
}

#[test]
fn a_renewed_hold_lives_from_when_it_was_asked_for() {
    let mut worker = Worker::default();
    worker.open("h1", 8, 8);
    let call = worker.sends();
    worker.pass(1_000);
    worker.answers(&call, 200, renewals(&[("h1", "renewed")]));
    assert_eq!(worker.waits().0, 3_000);
}

#[test]
fn what_has_ended_is_not_renewed_and_what_lives_a_second_not_more_often() {
    let mut worker = Worker::default();
    worker.open("h1", 1, 1);
    worker.open("h2", 1, 1);
    worker.pass(500);
    let call = worker.sends();
    assert_eq!(text(&call).matches("hold_id").count(), 2);
    let said = renewals(&[("h1", "hold_ended"), ("h2", "insufficient")]);
    let count = |word: &str| format!("tradewind_renewals_total.outcome.{word}");
    let done = worker.answers(&call, 200, said);
    assert_eq!(done.counted, [count("ended"), count("insufficient")]);
    let (waited, call) = worker.waits();
    assert_eq!(waited, 1_000);
    assert_eq!(text(&call), r#"{"holds":[{"tenant":"acme","hold_id":"h2","expires_in":1}]}"#);
}

#[test]
fn a_hold_that_could_not_be_renewed_for_want_of_credits_is_tried_again() {
    let mut worker = Worker::default();
    worker.open("h1", 8, 8);
    for (half, word) in [(0, "insufficient"), (4_000, "budget_exceeded"), (4_000, "renewed")] {
        let (waited, call) = worker.waits();
        assert_eq!(waited, half);
        let done = worker.answers(&call, 200, renewals(&[("h1", word)]));
        let word = if word == "renewed" { word } else { "insufficient" };
        assert_eq!(done.counted, [format!("tradewind_renewals_total.outcome.{word}")]);
    }
}

#[test]
fn no_empty_batch_is_sent_when_what_was_due_is_over() {
    let mut worker = Worker::default();
    worker.open("h1", 6, 6);
    worker.open("h2", 60, 60);
    let warm = worker.sends();
    assert_eq!(text(&warm), r#"{"holds":[{"tenant":"acme","hold_id":"h1","expires_in":6}]}"#);
    worker.answers(&warm, 200, renewals(&[("h1", "renewed")]));
    worker.close("h1");
    worker.pass(3_000);
    assert_eq!(worker.tick(), Done::default());
    let (waited, call) = worker.waits();
    assert_eq!((waited, text(&call).contains("h2")), (7_000, true), "to keep it warm");
}

/// Each of two calls that cannot be made is tried again in its own time.
#[test]
fn a_renewal_whose_cluster_is_missing_is_tried_again() {
    let mut worker = Worker::default();
    worker.open("h1", 2, 2);
    worker.settle(&usual(), 1);
    worker.pass(1_000);
    let calls = worker.tick().calls;
    let [settlements, own] = calls.try_into().unwrap();
    assert_eq!(
        (settlements.path.as_str(), own.path.as_str()),
        ("/base/v1/settlements", "/base/v1/renewals")
    );
    let mut gone =
        |call: &Call| -> Done { worker.outboxes.no_cluster(call.id, &worker.world.view()).into() };
    assert_eq!(gone(&settlements).counted, ["tradewind_settlements_retried_total"]);
    assert_eq!(gone(&own), Done::default());
    assert_eq!(gone(&own), Done::default(), "nobody waits for it any more");
    let (waited, again) = worker.waits();
    assert_eq!((waited, again.path), (200, settlements.path));
    let (waited, again) = worker.waits();
    assert_eq!((waited, again.path), (800, own.path));
}

#[test]
fn an_operator_is_told_one_thing_of_a_ledger_in_a_minute() {
    let mut worker = Worker::default();
    worker.settle(&usual(), 1);
    let settlements = worker.sends();
    assert_eq!(worker.answers(&settlements, 401, "").logged.len(), 1);
    worker.open("h1", 2, 2);
    worker.pass(1_000);
    let calls = worker.tick().calls;
    let own = calls.iter().find(|call| call.path == "/base/v1/renewals").unwrap();
    assert_eq!(worker.answers(own, 404, ""), Done::default());
}

/// A ledger that answers renewals is there, whatever became of settlements before: they are not
/// dropped at the first miss after that.
#[test]
fn a_ledger_whose_cluster_was_missing_is_there_when_it_renews() {
    for (status, dropped) in [(200, 0), (0, 1)] {
        let mut worker = Worker::default();
        let gone = |call: &Call, worker: &mut Worker| -> Done {
            worker.outboxes.no_cluster(call.id, &worker.world.view()).into()
        };
        worker.settle(&usual(), 1);
        let first = worker.sends();
        gone(&first, &mut worker);
        worker.open("h1", 60, 60);
        worker.pass(30_000);
        let [again, renewal] = worker.tick().calls.try_into().unwrap();
        gone(&again, &mut worker);
        worker.answers(&renewal, status, renewals(&[("h1", "renewed")]));
        worker.pass(35_000);
        let last = worker.tick().calls.into_iter().find(|call| call.path == again.path);
        assert_eq!(gone(&last.unwrap(), &mut worker).logged.len(), dropped, "{status}");
    }
}
