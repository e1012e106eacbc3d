//! A worker that ends and goes on all the same: what it has sent in a hurry it does not send in a
//! hurry again, whatever has been dropped or taken meanwhile.
use super::*;

/// Most settlements that wait.
const MOST: u32 = 20_000;

/// What is sent in a hurry: the numbers of the settlements, in order.
fn hurried(worker: &mut Worker) -> Vec<u32> {
    let calls = Done::from(worker.outboxes.send_now()).calls;
    let mut ids = Vec::new();
    for call in &calls {
        let own = text(call).split(r#"{"hold_id":"h"#).skip(1);
        let own: Vec<u32> = own.map(|id| id.split('"').next().unwrap().parse().unwrap()).collect();
        assert!((1..=1000).contains(&own.len()), "a batch of {}", own.len());
        ids.extend(own);
    }
    ids
}

#[test]
fn what_was_dropped_does_not_stand_for_what_was_not_sent() {
    let (mut worker, ledger) = (Worker::default(), usual());
    (0..MOST).for_each(|id| drop(worker.settle(&ledger, id)));
    assert_eq!(hurried(&mut worker), Vec::from_iter(0..MOST));
    // The oldest goes for each of these.
    (MOST..MOST + 3).for_each(|id| drop(worker.settle(&ledger, id)));
    assert_eq!(worker.outboxes.waiting(), 20_000);
    assert_eq!(hurried(&mut worker), [MOST, MOST + 1, MOST + 2]);
    assert_eq!(hurried(&mut worker), [0; 0]);
}

#[test]
fn what_is_on_its_way_is_not_sent_twice_because_another_was_dropped() {
    let (mut worker, ledger) = (Worker::default(), usual());
    (0..1000).for_each(|id| drop(worker.settle(&ledger, id)));
    let call = worker.sends();
    assert_eq!(hurried(&mut worker), Vec::from_iter(0..1000));
    (1000..=MOST).for_each(|id| drop(worker.settle(&ledger, id)));
    assert_eq!(hurried(&mut worker), Vec::from_iter(1001..=MOST), "the first that waited went");
    // What is taken is taken from what was sent.
    worker.answers(&call, 200, results(&["settled"; 1000]));
    worker.settle(&ledger, MOST + 1);
    assert_eq!(hurried(&mut worker), [MOST + 1]);
}

#[test]
fn what_was_not_sent_yet_does_not_count_as_sent_when_it_is_dropped() {
    let (mut worker, ledger) = (Worker::default(), usual());
    (0..2).for_each(|id| drop(worker.settle(&ledger, id)));
    assert_eq!(hurried(&mut worker), [0, 1]);
    (2..1000).for_each(|id| drop(worker.settle(&ledger, id)));
    worker.sends();
    (1000..=MOST).for_each(|id| drop(worker.settle(&ledger, id)));
    let expected = Vec::from_iter((2..1000).chain(1001..=MOST));
    assert_eq!(hurried(&mut worker), expected, "those two are still on their way");
}
