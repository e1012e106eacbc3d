//! Calls of several purposes that are open at once: each answer is taken by whom it is for.
use std::collections::BTreeSet;

use tradewind::exchange::Purpose;

use super::*;

const RENEWED: &str = r#"{"renewals":[{"hold_id":"h1","outcome":"renewed"}]}"#;

/// A worker whose ledger has been asked to charge a request, and to keep the hold of another.
fn asking() -> (Worker, Call, Call) {
    let mut worker = Worker::default();
    worker.open("h1", 60, 60);
    worker.pass(30_000);
    worker.settle(&usual(), 2);
    let calls: [Call; 2] = worker.tick().calls.try_into().unwrap();
    let [settlements, renewals] = calls;
    let purposes = [settlements.id.purpose, renewals.id.purpose];
    assert_eq!(purposes, [Purpose::Settlements, Purpose::Renewals]);
    (worker, settlements, renewals)
}

#[test]
fn two_open_calls_may_be_answered_in_any_order() {
    let settled = results(&["settled"]);
    for reversed in [false, true] {
        let (mut worker, settlements, renewals) = asking();
        let mut answers = vec![(&settlements, settled.as_slice()), (&renewals, RENEWED.as_bytes())];
        if reversed {
            answers.reverse();
        }
        let done = answers.into_iter().map(|(call, body)| worker.answers(call, 200, body));
        let counted: BTreeSet<String> = done.flat_map(|done| done.counted).collect();
        let expected = [
            "tradewind_renewals_total.outcome.renewed".to_owned(),
            "tradewind_settlements_total.outcome.settled".to_owned(),
        ];
        assert_eq!(counted, BTreeSet::from(expected), "reversed: {reversed}");
        worker.close("h1");
        assert!(worker.outboxes.is_empty(), "reversed: {reversed}");
    }
}

/// Two calls have the numbers of one another: what they are for tells them apart.
#[test]
fn an_answer_is_taken_by_purpose_and_not_by_number_alone() {
    let (mut worker, settlements, renewals) = asking();
    for (call, other) in [(&settlements, &renewals), (&renewals, &settlements)] {
        let crossed = CallId { number: other.id.number, ..call.id };
        let crossed = Call { id: crossed, ..call.clone() };
        assert_eq!(worker.answers(&crossed, 200, RENEWED), Done::default());
    }
    assert!(!worker.outboxes.is_empty());
}
