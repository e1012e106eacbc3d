//! What was set aside for a request is given back, also where the request ends in an unusual way.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use tradewind::exchange::{CallId, Effect, Item, Outboxes, Purpose};

use super::support::{Filter, Gateway, Piece, Step, Way, World, gateway};

const BODY: &[u8] = br#"{"model":"gpt","messages":[{"role":"user","content":"Hi"}]}"#;
const GRANTED: &[u8] = br#"{"balance":"10","available":"9","last_purchase":"10"}"#;

/// A request that waits for the ledger.
fn asking(policy: &str) -> (Filter, World) {
    let gateway = Gateway::new(policy).unwrap();
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let request = vec![
        header(":method", "POST"),
        header(":path", "/v1/chat/completions"),
        header("authorization", "Bearer app-key"),
    ];
    let mut world = World { request, ..World::default() };
    let mut edge = Filter::new(gateway.edge_role(), gateway.buffer);
    edge.turn(&mut world, Way::Request, Piece::Headers { end: false });
    edge.turn(&mut world, Way::Request, Piece::Body(BODY, true));
    assert_eq!(world.called.len(), 1);
    (edge, world)
}

fn settlements(world: &World) -> Vec<String> {
    let json = world.queued.iter().filter_map(|note| match &note.item {
        Item::Settlement { json, .. } => Some(String::from_utf8(json.clone()).unwrap()),
        _ => None,
    });
    json.collect()
}

#[test]
fn envoy_refuses_a_request_that_waits_for_the_ledger() {
    let (mut edge, mut world) = asking(include_str!("../../corpus/exchange/policy/credits.json"));
    world.details = "request_payload_too_large".to_owned();
    world.response = vec![(":status".to_owned(), b"413".to_vec())];
    edge.turn(&mut world, Way::Response, Piece::Headers { end: false });
    let told = edge.turn(&mut world, Way::Response, Piece::Body(b"Payload Too Large", true));
    let Step::Pass { body, .. } = told else { panic!("{told:?}") };
    assert!(String::from_utf8(body).unwrap().contains("larger than the gateway's buffers"));
    // The ledger's answer comes all the same: the request does not go on.
    let hold = world.open[0];
    let late = edge.called(&mut world, hold, (201, GRANTED));
    assert!(matches!(late, Step::Wait), "{late:?}");
    edge.over(&mut world);
    let kept = settlements(&world);
    assert_eq!(kept.len(), 1, "once: {kept:?}");
    assert!(kept[0].contains(r#""outcome":"abandoned""#), "{kept:?}");
    assert!(world.refused.is_empty(), "{:?}", world.refused);
}

/// Who takes an answer is found by what the call was for and by its number: an answer to another
/// call lets nothing go, though it come first.
#[test]
fn a_request_waits_for_the_answer_to_its_own_call() {
    let (mut edge, mut world) = asking(include_str!("../../corpus/exchange/policy/credits.json"));
    let hold = world.open[0];
    let others = [
        CallId { purpose: Purpose::Settlements, ..hold },
        CallId { purpose: Purpose::Renewals, ..hold },
        CallId { number: hold.number + 1, ..hold },
    ];
    for other in others {
        let step = edge.called(&mut world, other, (201, GRANTED));
        assert!(matches!(step, Step::Wait), "{other:?}: {step:?}");
        assert_eq!(world.open, [hold]);
    }
    let step = edge.called(&mut world, hold, (201, GRANTED));
    assert!(matches!(step, Step::Pass { .. }), "{step:?}");
    assert!(world.open.is_empty());
}

/// A lease that has ended takes nothing back: what was reserved of it is told to the ledger.
#[test]
fn a_worker_ends_its_leases_while_a_request_runs_on_one() {
    let (mut edge, mut world) = asking(include_str!("../../corpus/exchange/policy/lease.json"));
    let hold = world.open[0];
    edge.called(&mut world, hold, (201, GRANTED));
    let mut outboxes = Outboxes::default();
    for note in core::mem::take(&mut world.queued) {
        assert!(outboxes.queue(note).is_empty());
    }
    outboxes.end_leases(&world.view());
    let sent = outboxes.send_now();
    let [Effect::Call(call)] = sent.as_slice() else { panic!("{sent:?}") };
    let text = String::from_utf8(call.body.clone()).unwrap();
    assert!(text.contains(r#""draw":"remainder","releases":"0.959882""#), "{text}");
    edge.over(&mut world);
    let kept = settlements(&world);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].contains(r#""releases":"0.040118""#), "{kept:?}");
}

/// The worker of a role that spends nothing has nothing to send and no clock to keep.
#[test]
fn only_the_edge_role_counts_credits_and_only_where_the_policy_does() {
    for (policy, counts) in [("credits", true), ("usual", false)] {
        let gateway = gateway(policy).unwrap();
        assert_eq!(gateway.edge.credits().is_some(), counts);
        assert!(gateway.providers.values().all(|provider| provider.credits().is_none()));
    }
}
