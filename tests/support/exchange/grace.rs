//! What runs while a ledger is away, at the bounds of its tenant's grace.
use tradewind::exchange::{Effect, Outboxes};

use super::super::support::World;
use super::*;

/// A policy with so much grace, in seconds too.
fn grace(credits: &str, seconds: u64) -> Desk {
    let own = format!(r#""grace": {{"credits": "{credits}", "seconds": {seconds}}}"#);
    let desk = Desk::new(&CREDITS.replace(r#""grace": {"credits": "0.2", "seconds": 60}"#, &own));
    // It has bought before.
    assert_eq!(outcome(&desk.asks(&[(201, &stands("10", "10", "10"))])), ["held"]);
    desk
}

/// What of a settlement counts against its tenant's grace until the ledger has it.
fn owed(life: &Life) -> Option<String> {
    life.world.queued.iter().find_map(|note| match &note.item {
        Item::Settlement { owed, .. } => owed.as_ref().map(|(_, credits)| credits.to_string()),
        _ => None,
    })
}

#[test]
fn what_runs_in_grace_is_what_all_of_it_may_cost_and_then_what_it_did() {
    for (credits, together) in [("0.040119", 0), (GPT, 1), ("0.080239", 1), ("0.08024", 2)] {
        let desk = grace(credits, 60);
        let run = [(); 3].map(|()| desk.begins(AWAY));
        let words = run.iter().filter(|play| outcome(&play.life) == ["grace"]);
        assert_eq!(words.count(), together, "{credits}");
    }
    // The first cost 0.006, which the ledger has not been told of.
    for (credits, second) in [("0.046119", "denied"), ("0.04612", "grace")] {
        let desk = grace(credits, 60);
        assert_eq!(owed(&desk.asks(AWAY)), Some("0.006".to_owned()));
        assert_eq!(outcome(&desk.asks(AWAY)), [second], "{credits}");
    }
}

#[test]
fn grace_ends_so_many_seconds_after_the_first_failure() {
    for (ms, last) in [(29_999, "grace"), (30_000, "denied"), (30_001, "denied")] {
        let desk = grace("5", 60);
        assert_eq!(outcome(&desk.asks(AWAY)), ["grace"]);
        desk.passes(30_000);
        assert_eq!(outcome(&desk.asks(AWAY)), ["grace"]);
        desk.passes(ms);
        assert_eq!(outcome(&desk.asks(AWAY)), [last], "{ms}");
    }
}

/// What others have found counts as well: an absence has begun when the first of them met it.
#[test]
fn grace_ends_for_all_when_it_ends_for_the_first() {
    let mut asking = asking();
    let key = asking.headers.iter_mut().find(|(name, _)| name == "authorization").unwrap();
    key.1 = b"Bearer other-key".to_vec();
    let other = |desk: &Desk, ledger: Answers<'_>| {
        let mut play = desk.plays(&asking, ledger, &answer());
        play.over();
        outcome(&play.life).join(" ")
    };
    for (ms, last) in [(58_999, "grace"), (59_000, "denied")] {
        let desk = grace("5", 60);
        assert_eq!(other(&desk, &[(201, &stands("10", "10", "10"))]), "held");
        assert_eq!(outcome(&desk.asks(&[(503, "no healthy upstream")])), ["grace"]);
        desk.passes(1_000);
        assert_eq!(other(&desk, AWAY), "grace");
        desk.passes(ms);
        assert_eq!(other(&desk, AWAY), last, "{ms}");
    }
}

/// That a ledger answers gives nobody a second grace; that it has been told does.
#[test]
fn what_was_run_up_counts_until_the_ledger_has_it() {
    let desk = grace(GPT, 60);
    let life = desk.asks(AWAY);
    assert_eq!(outcome(&life), ["grace"]);
    desk.asks(&[(201, &stands("10", "10", "10"))]);
    assert_eq!(outcome(&desk.asks(AWAY)), ["denied"]);
    let (mut outboxes, world) = (Outboxes::default(), World::of(&desk.common));
    life.world.queued.into_iter().for_each(|note| drop(outboxes.queue(note)));
    for (state, next) in [("unavailable", "denied"), ("settled_unheld", "grace")] {
        let calls = outboxes.tick(&world.view()).into_iter().filter_map(|effect| match effect {
            Effect::Call(call) => Some(call.id),
            _ => None,
        });
        let body = format!("{{\"results\":[{{\"state\":\"{state}\"}}]}}");
        let [call] = calls.collect::<Vec<_>>().try_into().unwrap();
        outboxes.answered(call, (200, body.as_bytes()), &world.view());
        assert_eq!(outcome(&desk.asks(AWAY)), [next], "{state}");
        desk.passes(2_000);
    }
}

/// Of what cost more than was set aside no more is taken from the grace than was put there.
#[test]
fn what_cost_more_than_it_might_counts_as_much_as_it_might() {
    for (output, counts) in [(500, "0.006"), (5_000, GPT), (10_000, GPT)] {
        let desk = grace("5", 60);
        let mut play = desk.begins_with(AWAY, &answer_of(output));
        play.over();
        assert_eq!(owed(&play.life), Some(counts.to_owned()), "{output}");
    }
    // A request that has a hold runs up nothing.
    let desk = grace("5", 60);
    assert_eq!(owed(&desk.asks(&[(201, &stands("10", "10", "10"))])), None);
}

/// Who ends a request, in Envoy's words: what a provider ends makes nothing more, what an app or
/// an Envoy that ends leaves was being made.
#[test]
fn who_ended_a_request_says_whether_more_was_made() {
    for (details, makes, hurries) in [
        ("via_upstream", false, false),
        ("upstream_reset_before_response_started{connection_termination}", false, false),
        ("stream_idle_timeout", false, false),
        ("max_duration_timeout", false, false),
        ("overload", false, false),
        ("wasm_fail_stream", false, false),
        ("downstream_local_disconnect(draining)", true, true),
        ("downstream_remote_disconnect", true, false),
        ("http2.remote_reset", true, false),
        ("", true, false),
    ] {
        let desk = Desk::new(CREDITS);
        let mut play = desk.begins_with(&[(201, &stands("10", "10", "10"))], &Answer::Unconnected);
        // It is at work by now.
        play.life.world.connected = Some("127.0.0.1:40000");
        desk.passes(10_000);
        play.life.world.details = details.to_owned();
        play.over();
        let settled = kept(&play.life).pop().unwrap();
        assert_eq!(settled.contains(r#""output":700"#), makes, "{details}: {settled}");
        assert_eq!(play.life.world.hurried, hurries, "{details}");
    }
}

/// What is known of a ledger is every worker's: where nothing of it changes nobody writes it.
#[test]
fn a_ledger_that_answers_is_not_noted_each_time() {
    let desk = Desk::new(CREDITS);
    let said = stands("10", "10", "10");
    let known = || {
        let shared = desk.common.shared.borrow();
        let own = shared.iter().filter(|(key, _)| key.starts_with("tw.ledger."));
        own.map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>()
    };
    desk.asks(&[(201, &said)]);
    assert_eq!(known(), [], "nothing was ever wrong");
    // An operator was told of a refusal, which is remembered.
    desk.asks(&[(400, "")]);
    let told = known();
    assert_eq!(told.len(), 1);
    desk.asks(&[(201, &said)]);
    assert_eq!(known(), told);
}
