//! Attempts that end without an answer: what each is taken for, and whether its model is asked once
//! more.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::borrow::Cow;

use tradewind::exchange::{NEXT, PLAN, Plan, Report};

use super::support::{Filter, Gateway, IDLE_TIMEOUT_MS, Piece, Way, World};

const POLICY: &str = include_str!("../../corpus/exchange/policy/usual.json");
const BODY: &[u8] = br#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#;

/// This side's address of a connection that has served, and of one that has not.
const KEPT: &str = "127.0.0.1:40000";
const NEW: &str = "127.0.0.1:40001";

/// How an attempt of `claude` was lost.
struct Lost {
    /// The address of its connection; none where there was none.
    connected: Option<&'static str>,
    /// How long it took in all, in milliseconds.
    took: u64,
    /// The headers of an answer had come.
    begun: bool,
    /// It was the second try already.
    again: bool,
}

const STALE: Lost = Lost { connected: Some(KEPT), took: 1, begun: false, again: false };

/// Its word in the log, and the model of the next attempt; `claude` may be the chain's last.
fn follows(lost: &Lost, chain: &[&'static str]) -> (&'static str, String) {
    let gateway = Gateway::new(POLICY).unwrap();
    gateway.connections.served(KEPT.as_bytes().to_vec());
    let mut world = World { connected: lost.connected, ..World::default() };
    let plan = Plan {
        request_id: "r".into(),
        app: "openai".into(),
        tenant: "t".into(),
        route: "auto".into(),
        stream: false,
        stream_usage: false,
        chain: chain.iter().copied().map(Cow::Borrowed).collect(),
        skipped: Vec::new(),
        edits: Vec::new(),
        carried: Vec::new(),
        meter: None,
        again: lost.again.then_some("claude".into()),
    };
    world.state.insert(PLAN.to_owned(), plan.encode());
    world.state.insert(NEXT.to_owned(), b"claude".to_vec());
    let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
    filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
    filter.turn(&mut world, Way::Request, Piece::Body(BODY, true));
    if lost.begun {
        world.response = vec![(":status".to_owned(), b"200".to_vec())];
        filter.turn(&mut world, Way::Response, Piece::Headers { end: false });
    }
    world.common.pass(lost.took);
    filter.done(&mut world);
    assert!(world.refused.is_empty(), "{:?}", world.refused);
    let report = Report::of(&world.view(), "claude").unwrap();
    assert_eq!(report.tries, if lost.again { 2 } else { 1 });
    (report.word(), String::from_utf8(world.state.remove(NEXT).unwrap()).unwrap())
}

#[test]
fn only_a_stale_connection_is_tried_again() {
    let table = [
        (STALE, "failed", true),
        (Lost { connected: Some(NEW), ..STALE }, "failed", false),
        (Lost { connected: None, ..STALE }, "unreached", false),
        (Lost { took: 999, ..STALE }, "failed", true),
        (Lost { took: 1_000, ..STALE }, "failed", false),
        (Lost { took: IDLE_TIMEOUT_MS / 20 * 19 - 1, ..STALE }, "failed", false),
        (Lost { took: IDLE_TIMEOUT_MS / 20 * 19, ..STALE }, "timed_out", false),
        (Lost { begun: true, ..STALE }, "failed", false),
        (Lost { again: true, ..STALE }, "failed", false),
    ];
    for (index, (lost, word, again)) in table.into_iter().enumerate() {
        for (chain, next) in [(&["claude", "gpt"][..], "gpt"), (&["claude"], "")] {
            let next = if again { "claude" } else { next };
            assert_eq!(follows(&lost, chain), (word, next.to_owned()), "row {index}");
        }
    }
}

/// Which cluster runs the role decides whose turn it was, not what the role takes itself for.
#[test]
fn a_role_that_cannot_read_the_plan_reports_for_the_model_whose_turn_it_is() {
    let gateway = Gateway::new(POLICY).unwrap();
    let mut world = World::default();
    world.state.insert(NEXT.to_owned(), b"gpt".to_vec());
    let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
    filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
    filter.turn(&mut world, Way::Request, Piece::Body(BODY, true));
    assert_eq!(Report::of(&world.view(), "claude"), None);
    assert_eq!(Report::of(&world.view(), "gpt").unwrap().word(), "misconfigured");
}
