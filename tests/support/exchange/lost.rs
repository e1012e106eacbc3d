//! Attempts that end without an answer: what each is taken for, and whether its model is asked once
//! more.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use tradewind::exchange::filter_state::{NEXT, PLAN};
use tradewind::exchange::{Effect, First, Plan, Report, Turn};

use super::support::{Filter, Gateway, Piece, Step, Way, World};

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
    /// Which try it was.
    tries: u64,
}

const STALE: Lost = Lost { connected: Some(KEPT), took: 1, begun: false, tries: 1 };

/// Its word in the log, and the model of the next attempt; `claude` may be the chain's last.
fn follows(lost: &Lost, chain: &[&'static str]) -> (&'static str, String) {
    follows_in(POLICY, lost, chain)
}

fn follows_in(policy: &str, lost: &Lost, chain: &[&'static str]) -> (&'static str, String) {
    let gateway = Gateway::new(policy).unwrap();
    gateway.connections.served(format!("{KEPT} anthropic.test").into_bytes());
    let mut world = World { connected: lost.connected, ..World::default() };
    let turn = Turn { tries: lost.tries, ..Turn::FIRST };
    let plan = Plan { stream: false, stream_usage: false, turn, ..gateway.plan(chain) };
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
    assert_eq!(report.tries, lost.tries);
    (report.word(), String::from_utf8(world.state.remove(NEXT).unwrap()).unwrap())
}

#[test]
fn only_a_stale_connection_is_tried_again_and_twice_at_most() {
    let idle_timeout_ms = Gateway::new(POLICY).unwrap().policy.resilience().idle_timeout_ms;
    let table = [
        (STALE, "reset", true),
        (Lost { connected: Some(NEW), ..STALE }, "reset", false),
        (Lost { connected: None, ..STALE }, "unreachable", false),
        (Lost { took: 999, ..STALE }, "reset", true),
        (Lost { took: 1_000, ..STALE }, "reset", false),
        (Lost { took: idle_timeout_ms / 20 * 19 - 1, ..STALE }, "reset", false),
        (Lost { took: idle_timeout_ms / 20 * 19, ..STALE }, "silent", false),
        (Lost { begun: true, ..STALE }, "reset", false),
        (Lost { tries: 2, ..STALE }, "reset", true),
        (Lost { tries: 3, ..STALE }, "reset", false),
    ];
    for (index, (lost, word, again)) in table.into_iter().enumerate() {
        for (chain, next) in [(&["claude", "gpt"][..], "gpt"), (&["claude"], "")] {
            let next = if again { "claude" } else { next };
            assert_eq!(follows(&lost, chain), (word, next.to_owned()), "row {index}");
        }
    }
}

/// Of a connection that failed the log says why, in so many of Envoy's own words.
#[test]
fn why_a_connection_failed_is_told() {
    let long: &str = Box::leak("x".repeat(300).into_boxed_str());
    for (failure, length) in [(None, 0), (Some("TLS_error:|1:CERTIFICATE"), 24), (Some(long), 200)]
    {
        let gateway = Gateway::new(POLICY).unwrap();
        let mut world = World { failure, ..World::default() };
        let plan = Plan { stream: false, stream_usage: false, ..gateway.plan(&["claude", "gpt"]) };
        world.state.insert(PLAN.to_owned(), plan.encode());
        world.state.insert(NEXT.to_owned(), b"claude".to_vec());
        let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
        filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
        filter.turn(&mut world, Way::Request, Piece::Body(BODY, true));
        filter.done(&mut world);
        let report = Report::of(&world.view(), "claude").unwrap();
        assert_eq!((report.word(), report.why.len()), ("unreachable", length));
    }
}

/// A provider that may not be silent for long is not taken for a stale connection when it was.
#[test]
fn how_soon_is_stale_depends_on_how_long_a_provider_may_be_silent() {
    for (idle_timeout_ms, stale_ms, silent_ms) in
        [(10, 5, 10), (1_010, 505, 960), (1_998, 999, 1_899), (2_100, 1_000, 1_995)]
    {
        let idle = format!("{{\"resilience\":{{\"idle_timeout\":\"{idle_timeout_ms}ms\"}},");
        let policy = POLICY.replacen('{', &idle, 1);
        for (took, word, again) in [
            (stale_ms - 1, "reset", true),
            (stale_ms, "reset", false),
            (silent_ms - 1, "reset", false),
            (silent_ms, "silent", false),
        ] {
            let found = follows_in(&policy, &Lost { took, ..STALE }, &["claude", "gpt"]);
            let next = if again { "claude" } else { "gpt" };
            assert_eq!(found, (word, next.to_owned()), "{took} of {idle_timeout_ms}");
        }
    }
}

/// Envoy may have no try left, whatever the plan says: then the app gets what stands there.
#[test]
fn a_failure_that_another_model_is_to_answer_is_told_in_the_apps_words_all_the_same() {
    let gateway = Gateway::new(POLICY).unwrap();
    let mut world = World::default();
    let plan = Plan { stream: false, stream_usage: false, ..gateway.plan(&["claude", "gpt"]) };
    world.state.insert(PLAN.to_owned(), plan.encode());
    world.state.insert(NEXT.to_owned(), b"claude".to_vec());
    let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
    filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
    filter.turn(&mut world, Way::Request, Piece::Body(BODY, true));
    world.response = vec![(":status".to_owned(), b"529".to_vec())];
    filter.turn(&mut world, Way::Response, Piece::Headers { end: false });
    let own = br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let told = filter.turn(&mut world, Way::Response, Piece::Body(own, true));
    let Step::Pass { body, .. } = told else { panic!("{told:?}") };
    let length = world.response.iter().find(|(name, _)| name == "content-length");
    assert_eq!(length.unwrap().1, body.len().to_string().into_bytes());
    let body = String::from_utf8(body).unwrap();
    assert!(body.starts_with(r#"{"error":{"message":"claude: Overloaded""#), "{body}");
}

/// Of a failure without a body Envoy holds nothing that could be replaced.
#[test]
fn a_failure_without_a_body_that_another_model_is_to_answer_has_none() {
    let gateway = Gateway::new(POLICY).unwrap();
    let mut world = World::default();
    world.state.insert(PLAN.to_owned(), gateway.plan(&["claude", "gpt"]).encode());
    world.state.insert(NEXT.to_owned(), b"claude".to_vec());
    let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
    filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
    filter.turn(&mut world, Way::Request, Piece::Body(BODY, true));
    world.response = vec![(":status".to_owned(), b"529".to_vec())];
    let told = filter.turn(&mut world, Way::Response, Piece::Headers { end: true });
    assert!(matches!(&told, Step::Pass { headers: true, body } if body.is_empty()), "{told:?}");
    let said = |name: &str| world.response.iter().find(|(own, _)| own == name).unwrap().1.clone();
    assert_eq!((said(":status"), said("content-length")), (b"529".to_vec(), b"0".to_vec()));
    assert_eq!(filter.sleeps(&world), None, "all of it has come");
    assert_eq!(world.refused, [""; 0]);
}

/// What a role of `anthropic` makes of a plan for these models, when it is the turn of that one:
/// the answer's status, and the models that reported.
fn refuses(plan: &[&str], turn: &str) -> (u16, Vec<String>) {
    let gateway = Gateway::new(POLICY).unwrap();
    let mut world = World::default();
    if !plan.is_empty() {
        world.state.insert(PLAN.to_owned(), gateway.plan(plan).encode());
    }
    world.turn_to(turn);
    let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
    let pieces = [Piece::Headers { end: false }, Piece::Body(BODY, true)];
    let reply =
        pieces.into_iter().find_map(|piece| match filter.turn(&mut world, Way::Request, piece) {
            Step::Reply(reply) => Some(reply),
            _ => None,
        });
    let Some(reply) = reply else { return (0, Vec::new()) };
    let models = ["claude", "narrow", "gpt"].into_iter();
    let reports = models.filter_map(|model| Report::of(&world.view(), model));
    let reports = reports.inspect(|report| assert_eq!(report.word(), "misconfigured"));
    (reply.status, reports.map(|report| report.model).collect())
}

/// A role serves the models of its own provider, each in its turn; any other is a mistake of
/// whoever sent it here, and is the report of the model whose turn it was.
#[test]
fn a_turn_that_is_not_this_providers_is_refused_and_reported() {
    for turn in ["claude", "narrow"] {
        assert_eq!(refuses(&["claude", "gpt", "narrow"], turn), (0, vec![]), "{turn}");
    }
    let reported = |model: &str| vec![model.to_owned()];
    let table: [(&[&str], &str, Vec<String>); 6] = [
        // No plan.
        (&[], "gpt", reported("gpt")),
        // Another provider's turn.
        (&["claude", "gpt"], "gpt", reported("gpt")),
        // A model of this provider that the plan does not name.
        (&["gpt", "claude"], "narrow", reported("narrow")),
        // The provider's own name of a model, and its cluster's.
        (&["claude"], "claude-sonnet-4-5", vec![]),
        (&["claude"], "anthropic", vec![]),
        (&["claude"], "", vec![]),
    ];
    for (plan, turn, reports) in table {
        assert_eq!(refuses(plan, turn), (500, reports), "{turn} in {plan:?}");
    }
}

/// A request without a body, which the edge role has refused, reaches no provider either.
#[test]
fn a_request_without_a_body_reaches_no_provider() {
    let gateway = Gateway::new(POLICY).unwrap();
    let mut world = World::default();
    world.state.insert(PLAN.to_owned(), gateway.plan(&["claude"]).encode());
    world.state.insert(NEXT.to_owned(), b"claude".to_vec());
    let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
    let step = filter.turn(&mut world, Way::Request, Piece::Headers { end: true });
    assert!(matches!(&step, Step::Reply(reply) if reply.status == 500), "{step:?}");
}

/// A model that told nothing of itself was not tried.
#[test]
fn as_many_were_tried_as_tell_of_themselves() {
    for (told, tried) in [(false, b"1"), (true, b"2")] {
        let gateway = Gateway::new(POLICY).unwrap();
        let mut world = World::default();
        world.state.insert(PLAN.to_owned(), gateway.plan(&["gpt", "claude"]).encode());
        world.turn_to("claude");
        if told && let Effect::State(key, value) = Report::begin("gpt", 1).publish() {
            world.state.insert(key.into_owned(), value);
        }
        let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
        filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
        filter.turn(&mut world, Way::Request, Piece::Body(BODY, true));
        world.response = vec![(":status".to_owned(), b"400".to_vec())];
        let step = filter.turn(&mut world, Way::Response, Piece::Headers { end: true });
        let Step::Reply(reply) = step else { panic!("{step:?}") };
        let said = reply.headers.iter().find(|(name, _)| *name == "x-tradewind-attempts");
        assert_eq!(said.unwrap().1.as_bytes(), tried);
    }
}

/// The edge role lets no trailers of a request pass: with them the app's own headers and body would
/// go on to a provider.
#[test]
fn a_request_that_ends_with_trailers_reaches_no_provider() {
    for pieces in [0, 1] {
        let gateway = Gateway::new(POLICY).unwrap();
        let mut world = World::default();
        world.state.insert(PLAN.to_owned(), gateway.plan(&["claude"]).encode());
        world.state.insert(NEXT.to_owned(), b"claude".to_vec());
        let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
        filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
        for _ in 0..pieces {
            filter.turn(&mut world, Way::Request, Piece::Body(BODY, false));
        }
        let step = filter.turn(&mut world, Way::Request, Piece::Trailers);
        assert!(matches!(&step, Step::Reply(reply) if reply.status == 500), "{step:?}");
        assert_eq!(world.counted.get("tradewind_plan_mismatch_total"), Some(&1));
    }
}

/// What two requests do next that one kept connection to that authority's provider fails under.
fn both_follow(authority: &str) -> Vec<String> {
    let gateway = Gateway::new(POLICY).unwrap();
    gateway.connections.served(format!("{KEPT} {authority}").into_bytes());
    let open = |_| {
        let mut world = World { connected: Some(KEPT), ..World::default() };
        let plan = Plan { stream: false, stream_usage: false, ..gateway.plan(&["claude"]) };
        world.state.insert(PLAN.to_owned(), plan.encode());
        world.state.insert(NEXT.to_owned(), b"claude".to_vec());
        let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
        filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
        filter.turn(&mut world, Way::Request, Piece::Body(BODY, true));
        world.common.pass(1);
        (filter, world)
    };
    let streams: Vec<_> = (0..2).map(open).collect();
    let next = streams.into_iter().map(|(mut filter, mut world)| {
        filter.done(&mut world);
        String::from_utf8(world.state.remove(NEXT).unwrap()).unwrap()
    });
    next.collect()
}

#[test]
fn all_streams_of_a_stale_connection_are_sent_once_more() {
    assert_eq!(both_follow("anthropic.test"), ["claude", "claude"]);
}

#[test]
fn a_connection_to_another_provider_may_have_the_same_address() {
    assert_eq!(both_follow("openai.test"), ["", ""]);
}

/// A body that the edge role has written goes on as it was announced, to a provider of the format
/// that it is in; where either is not so, another filter or another policy stands between the
/// roles, and nothing is sent.
#[test]
fn a_first_body_is_sent_as_it_was_announced_and_to_whom_it_was_written_for() {
    let gateway = Gateway::new(POLICY).unwrap();
    let long = BODY.len().try_into().unwrap_or(u64::MAX);
    for (format, length, sent) in [
        ("messages", long, true),
        ("chat_completions", long, false),
        ("messages", long + 1, false),
        ("messages", long - 1, false),
        ("messages", 0, false),
    ] {
        let first = First {
            format: format.into(),
            length,
            fits: true,
            dropped: "".into(),
            keeps_original: false,
        };
        let client = "anthropic".into();
        let plan = Plan { first: Some(first), client, ..gateway.plan(&["claude", "gpt"]) };
        let mut world = World::default();
        world.state.insert(PLAN.to_owned(), plan.encode());
        world.state.insert(NEXT.to_owned(), b"claude".to_vec());
        let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
        // The body comes in two pieces: nothing leaves before all of it is there.
        let (start, rest) = BODY.split_at(BODY.len() / 2);
        let mut last = Step::Wait;
        for piece in [Piece::Headers { end: false }, Piece::Body(start, false)] {
            last = match last {
                Step::Wait => filter.turn(&mut world, Way::Request, piece),
                over => over,
            };
        }
        if matches!(last, Step::Wait) {
            last = filter.turn(&mut world, Way::Request, Piece::Body(rest, true));
        }
        let went = match last {
            Step::Pass { headers, body } => headers && body == BODY,
            Step::Reply(reply) => {
                let said = String::from_utf8_lossy(&reply.body);
                assert!(said.starts_with(r#"{"type":"error""#), "not the app's dialect: {said}");
                assert!(said.contains("let no filter between the two roles"), "{said}");
                assert_eq!(reply.status, 500);
                // What it tells is told of the model that was asked, not of the one after it.
                let report = Report::of(&world.view(), "claude").unwrap();
                assert_eq!(report.word(), "misconfigured");
                assert_eq!(Report::of(&world.view(), "gpt"), None);
                false
            }
            Step::Wait => panic!("{format} {length}: it waits for ever"),
        };
        assert_eq!(went, sent, "{format} {length}");
        assert_eq!(world.refused, [""; 0]);
    }
}

/// A request whose second model is asked once more, since a kept connection broke, is there
/// already: another that is on its way to its second model is not there yet.
#[test]
fn a_model_that_is_asked_once_more_takes_nobodys_place_in_the_retry_budget() {
    let gateway = Gateway::new(include_str!("../../corpus/exchange/policy/time.json")).unwrap();
    let ask = |turn: Turn| {
        let mut world = World::default();
        let plan = gateway.plan(&["mini", "large"]);
        let plan = Plan { stream: false, stream_usage: false, turn, ..plan };
        world.state.insert(PLAN.to_owned(), plan.encode());
        if turn.leg > 0
            && let Effect::State(key, value) = Report::begin("mini", 1).publish()
        {
            world.state.insert(key.into_owned(), value);
        }
        let mut filter = Filter::new(gateway.provider_role("mini").unwrap(), gateway.buffer);
        filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
        filter.turn(&mut world, Way::Request, Piece::Body(BODY, true));
        filter.done(&mut world);
        String::from_utf8(world.state.remove(NEXT).unwrap()).unwrap()
    };
    assert_eq!(ask(Turn::FIRST), "large");
    assert_eq!(ask(Turn::of(1).again()), "");
    assert_eq!(ask(Turn::FIRST), "", "one is on its way, and no other may go on");
    assert_eq!(ask(Turn::of(1)), "");
    assert_eq!(ask(Turn::FIRST), "large", "it has come and is over");
}
