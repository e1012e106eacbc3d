//! How long an answer is waited for, how much of it is held until it is judged, and how often its
//! attempt tells of itself meanwhile: each bound where it lies.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers that fail fail their tests")]
use std::borrow::Cow;

use tradewind::dialect::Event;
use tradewind::exchange::filter_state::{NEXT, PLAN};
use tradewind::exchange::{CreditTerms, Plan, Progress, Report, StreamBuffer, Used};

use super::support::{Filter, Gateway, Piece, Step, Way, World};

const POLICY: &str = include_str!("../../corpus/exchange/policy/usual.json");
const BODY: &[u8] = br#"{"model":"gpt","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;

/// A gateway whose providers may be silent for so long, in milliseconds.
fn patient(idle_timeout_ms: u64) -> Gateway {
    let resilience = format!("{{\"resilience\":{{\"idle_timeout\":\"{idle_timeout_ms}ms\"}},");
    Gateway::new(&POLICY.replacen('{', &resilience, 1)).unwrap()
}

/// An attempt of `gpt`, whose answer is read.
struct One {
    filter: Filter,
    world: World,
}

impl One {
    /// The answer's headers are here.
    fn answered(gateway: &Gateway, plan: &Plan<'_>, status: &str, kind: &str) -> Self {
        let mut world = World::default();
        world.state.insert(PLAN.to_owned(), plan.encode());
        world.state.insert(NEXT.to_owned(), b"gpt".to_vec());
        let mut filter = Filter::new(gateway.provider_role("gpt").unwrap(), gateway.buffer);
        filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
        filter.turn(&mut world, Way::Request, Piece::Body(BODY, true));
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        world.response = vec![header(":status", status), header("content-type", kind)];
        let step = filter.turn(&mut world, Way::Response, Piece::Headers { end: false });
        assert!(matches!(step, Step::Wait), "{step:?}");
        Self { filter, world }
    }

    fn stream(gateway: &Gateway, plan: &Plan<'_>) -> Self {
        Self::answered(gateway, plan, "200", "text/event-stream")
    }

    fn chunk(&mut self, bytes: &[u8]) -> Step {
        self.filter.turn(&mut self.world, Way::Response, Piece::Body(bytes, false))
    }

    /// How often it is woken until it waits no longer, and what it does then.
    fn wakes(&mut self) -> (usize, Step) {
        for times in 1..100 {
            assert!(self.filter.sleeps(&self.world).is_some(), "it is not woken again");
            let step = self.filter.woken(&mut self.world);
            if !matches!(step, Step::Wait) || self.filter.closed() {
                return (times, step);
            }
        }
        panic!("it waits for ever")
    }

    fn report(&self) -> Report {
        Report::of(&self.world.view(), "gpt").unwrap()
    }
}

fn says(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}

fn uses(output: u64) -> String {
    let usage = format!("{{\"prompt_tokens\":3,\"completion_tokens\":{output}}}");
    format!("data: {{\"choices\":[],\"usage\":{usage}}}\n\n")
}

const STOPS: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

/// So often it is woken at most, and within the time in which Envoy wants to hear of it.
#[test]
fn an_end_that_does_not_come_is_waited_for_within_the_time_that_envoy_allows() {
    for (idle_timeout_ms, errors, usage) in
        [(1, 1, 1), (1_299, 1, 1), (2_399, 1, 1), (2_400, 2, 2), (3_500, 3, 3), (60_000, 3, 5)]
    {
        let gateway = patient(idle_timeout_ms);
        let plan = gateway.plan(&["gpt"]);
        let mut error = One::answered(&gateway, &plan, "500", "application/json");
        assert!(matches!(error.chunk(b"{\"error\":"), Step::Wait));
        let (times, step) = error.wakes();
        assert!(matches!(step, Step::Reply(_)), "{step:?}");
        assert_eq!(times, errors, "{idle_timeout_ms}");

        let mut whole = One::stream(&gateway, &plan);
        assert!(matches!(whole.chunk(says("Hi").as_bytes()), Step::Pass { .. }));
        assert!(matches!(whole.chunk(STOPS.as_bytes()), Step::Wait));
        let (times, step) = whole.wakes();
        let Step::Pass { body, .. } = step else { panic!("{step:?}") };
        assert_eq!(String::from_utf8_lossy(&body), format!("{STOPS}data: [DONE]\n\n"));
        assert_eq!(times, usage, "{idle_timeout_ms}");
        // Its provider is let go after the tenth time that nothing has come since, and a moment.
        assert_eq!(whole.wakes().0, 11);
        assert!(error.world.refused.is_empty() && whole.world.refused.is_empty());
    }
}

/// An error is judged at once when it says all that it can, though its provider has not ended it:
/// when it is JSON, an object.
#[test]
fn an_error_that_is_whole_is_not_waited_for() {
    let gateway = Gateway::new(POLICY).unwrap();
    for (body, whole) in [
        (r#"{"error":{"message":"no"}"#, false),
        (r#"{"error":{"message":"no"}}"#, true),
        ("{\"error\":{\"message\":\"no\"}}\n", true),
        (r#"["no"]"#, false),
        (r#"{"error":"in {braces}"#, false),
        ("<p>no</p>", false),
    ] {
        let plan = gateway.plan(&["gpt"]);
        let mut one = One::answered(&gateway, &plan, "500", "application/json");
        let step = one.chunk(body.as_bytes());
        assert_eq!(matches!(step, Step::Reply(_)), whole, "{body}: {step:?}");
    }
}

/// Where nobody wants the usage it is not waited for; one that has ended itself is let go at once.
#[test]
fn an_end_is_waited_for_no_longer_than_somebody_wants_of_it() {
    let gateway = Gateway::new(POLICY).unwrap();
    let plan = Plan { stream_usage: false, ..gateway.plan(&["gpt"]) };
    let mut unwanted = One::stream(&gateway, &plan);
    unwanted.chunk(format!("{}{STOPS}", says("Hi")).as_bytes());
    assert_eq!(unwanted.wakes().0, 1);

    let mut reported = One::stream(&gateway, &gateway.plan(&["gpt"]));
    reported.chunk(format!("{}{STOPS}{}", says("Hi"), uses(1)).as_bytes());
    assert_eq!(reported.wakes().0, 1);

    let mut ended = One::stream(&gateway, &gateway.plan(&["gpt"]));
    let step = ended.chunk(format!("{}{STOPS}data: [DONE]\n\n", says("Hi")).as_bytes());
    assert!(matches!(step, Step::Pass { .. }), "{step:?}");
    assert_eq!(ended.wakes().0, 11, "what has come by then is read first");
    assert!(ended.filter.closed());

    // Where its provider has ended it too, there is nothing to wait for.
    let mut over = One::stream(&gateway, &gateway.plan(&["gpt"]));
    let all = format!("{}{STOPS}data: [DONE]\n\n", says("Hi"));
    over.filter.turn(&mut over.world, Way::Response, Piece::Body(all.as_bytes(), true));
    assert_eq!(over.filter.sleeps(&over.world), None);
    // And where it does so a little later, it is not reset when the moment comes.
    let mut later = One::stream(&gateway, &gateway.plan(&["gpt"]));
    later.chunk(all.as_bytes());
    later.filter.turn(&mut later.world, Way::Response, Piece::Body(b"", true));
    later.filter.woken(&mut later.world);
    assert!(!later.filter.closed());
}

/// What comes meanwhile puts nothing off, and what is not whole is not held back.
#[test]
fn a_whole_answer_is_let_go_at_its_time_whatever_comes() {
    let gateway = Gateway::new(POLICY).unwrap();
    let mut one = One::stream(&gateway, &gateway.plan(&["gpt"]));
    one.chunk(format!("{}{STOPS}", says("Hi")).as_bytes());
    assert_eq!(one.filter.sleeps(&one.world), Some(1_000));
    one.world.common.pass(400);
    one.chunk(b":\n\n");
    assert_eq!(one.filter.sleeps(&one.world), Some(600));
    // An event that is too long and not over is closed before the mark.
    one.chunk(&[b"data: ".as_slice(), &[b'x'; 300_000]].concat());
    let Step::Pass { body, .. } = one.wakes().1 else { panic!("it is held") };
    assert!(body.ends_with(b"xxx\n\ndata: [DONE]\n\n"));

    let second = STOPS.replace("\"index\":0", "\"index\":1").replace("\"stop\"", "null");
    let mut open = One::stream(&gateway, &gateway.plan(&["gpt"]));
    let step = open.chunk(format!("{second}{}{STOPS}", says("Hi")).as_bytes());
    assert!(matches!(step, Step::Pass { .. }), "another answer has not ended: {step:?}");
}

/// What is held of an answer that is not judged yet, by its kind: more of it is judged as it is.
/// So many bytes that say nothing.
type Bytes = dyn Fn(usize) -> Vec<u8>;

#[test]
fn so_much_of_an_answer_is_held_until_it_is_judged() {
    let comments = |size: usize| [b":\n\n".repeat(size / 3), vec![b'\n'; size % 3]].concat();
    let spaces = |size: usize| vec![b' '; size];
    let gateway = Gateway::new(POLICY).unwrap();
    let small = Gateway::with_buffer(POLICY, |_| StreamBuffer::of(40_000)).unwrap();
    for (gateway, [error, whole, stream]) in
        [(&gateway, [65_536, 12 << 20, 1 << 20]), (&small, [40_000; 3])]
    {
        let plan = gateway.plan(&["gpt"]);
        let (blank, silent): (&Bytes, &Bytes) = (&spaces, &comments);
        let table = [
            ("500", "application/json", error, blank, 500),
            ("200", "application/json", whole, blank, 502),
            ("200", "text/event-stream", stream, silent, 502),
        ];
        for (status, kind, most, bytes, told) in table {
            for (size, held) in [(most - 1, true), (most, true), (most + 1, false)] {
                let mut one = One::answered(gateway, &plan, status, kind);
                match one.chunk(&bytes(size)) {
                    Step::Wait => assert!(held, "{status} {kind} {size}"),
                    Step::Reply(reply) => {
                        assert!(!held, "{status} {kind} {size}");
                        assert_eq!(reply.status, told);
                    }
                    step @ Step::Pass { .. } => panic!("{step:?}"),
                }
                assert_eq!(one.world.refused, [""; 0]);
            }
        }
    }
}

/// While an answer that is whole waits for its mark it is held back, up to a megabyte and half of
/// the buffer; a longer one goes on.
#[test]
fn so_much_of_a_whole_answer_is_held_back_for_its_mark() {
    let small = |_: &_| StreamBuffer::of(100_000);
    let small = Gateway::with_buffer(POLICY, small).unwrap();
    for (gateway, most) in [(Gateway::new(POLICY).unwrap(), 1 << 20), (small, 50_000)] {
        let plan = gateway.plan(&["gpt"]);
        for (size, held) in [(most - 1, true), (most, true), (most + 1, false)] {
            let mut one = One::stream(&gateway, &plan);
            // Several events: one alone would be too long.
            let around = says("").len();
            let rest = size - STOPS.len() - 5 * around;
            let mut chunk: String = (0..5).map(|_| says(&"x".repeat(rest / 5))).collect();
            chunk = chunk.replacen('x', &"x".repeat(rest % 5 + 1), 1);
            let step = one.chunk(format!("{chunk}{STOPS}").as_bytes());
            assert_eq!(matches!(step, Step::Wait), held, "{size} of {most}: {step:?}");
            assert_eq!(one.world.refused, [""; 0]);
        }
    }
}

fn metered<'p>(gateway: &'p Gateway, model: &'static str) -> Plan<'p> {
    let mut plan = gateway.plan(&[model]);
    plan.counted = 1;
    plan.meter = Some(CreditTerms { stop: false, left: None });
    plan.legs.iter_mut().for_each(|leg| (leg.max_output_tokens, leg.is_paid) = (5_000, true));
    plan
}

/// An app that leaves is charged by what was published last: when twice as much has come, when a
/// second has passed, and when its provider reports something else.
#[test]
fn what_is_known_of_a_stream_is_published_as_it_grows() {
    let gateway = Gateway::new(POLICY).unwrap();
    let mut one = One::stream(&gateway, &metered(&gateway, "gpt"));
    let mut published = |ms: u64, chunk: &str| {
        let before = one.report();
        one.world.common.pass(ms);
        one.chunk(chunk.as_bytes());
        let after = one.report();
        assert_eq!(after.progress, Progress::Running);
        (before != after).then_some(after.bytes)
    };
    let event = says("one");
    let (length, around) = (event.len(), says("").len());
    let wide = |bytes: usize| u64::try_from(bytes).ok();
    assert_eq!(published(0, &event), wide(length));
    assert_eq!(published(0, &says(&"x".repeat(length - around - 1))), None, "one byte too few");
    assert_eq!(published(0, ":\n\n"), wide(2 * length + 2), "more than twice of it");
    assert_eq!(published(0, &says(&"x".repeat(length + 2 - around))), None);
    assert_eq!(published(0, &says(&"x".repeat(length - around))), wide(4 * length + 4), "twice");
    assert_eq!(published(999, ":\n\n"), None);
    assert_eq!(published(1, ":\n\n"), wide(4 * length + 10), "a second later");
    let both = 4 * length + 10 + uses(1).len();
    assert_eq!(published(1, &uses(1)), wide(both), "it reports what it has used");
    assert_eq!(published(1, &uses(1)), None, "the same again");
    assert_eq!(published(1, &uses(2)), wide(both + 2 * uses(1).len()));
    assert_eq!(one.report().used.reported.unwrap().output, 2);
    assert_eq!(one.world.refused, [""; 0]);
}

/// Where nobody pays nothing is told on the way, and nothing is counted.
#[test]
fn what_nobody_pays_for_is_published_at_its_end() {
    let gateway = Gateway::new(POLICY).unwrap();
    let mut one = One::stream(&gateway, &gateway.plan(&["gpt"]));
    one.chunk(says("one").as_bytes());
    let first = one.report();
    one.world.common.pass(5_000);
    one.chunk(says(&"word ".repeat(100)).as_bytes());
    one.chunk(&[b"data: ".as_slice(), &[b'x'; 300_000]].concat());
    assert_eq!(one.report(), first);
    one.chunk(format!("\n\n{STOPS}data: [DONE]\n\n").as_bytes());
    let last = one.report();
    assert_eq!((last.progress, last.used.seen()), (Progress::Answered, 0));
    assert!(last.bytes > 300_000);
}

/// Before the first content the usage alone is published, where somebody pays and about once a
/// second.
#[test]
fn usage_without_an_answer_is_published() {
    let gateway = Gateway::new(POLICY).unwrap();
    for pays in [true, false] {
        let free = gateway.plan(&["gpt"]);
        let plan = if pays { metered(&gateway, "gpt") } else { free };
        let mut one = One::stream(&gateway, &plan);
        let mut known = |ms: u64, output: u64| {
            one.world.common.pass(ms);
            let step = one.chunk(uses(output).as_bytes());
            assert!(matches!(step, Step::Wait), "{step:?}");
            let Used { reported, text_estimate: 0, reasoning_estimate: 0 } = one.report().used
            else {
                panic!("said")
            };
            reported.map(|usage| usage.output)
        };
        let told = |output: u64| pays.then_some(output);
        assert_eq!(known(0, 1), told(1));
        assert_eq!(known(999, 2), told(1), "it is not old enough");
        assert_eq!(known(1, 3), told(3));
        assert_eq!(known(5_000, 3), told(3));
        assert_eq!(known(1, 4), told(4), "nothing new was published in between");
    }
}

/// Of what is too long to be read four bytes are a token.
#[test]
fn an_event_that_nobody_can_read_is_counted_by_its_bytes() {
    let gateway = Gateway::new(POLICY).unwrap();
    let mut one = One::stream(&gateway, &metered(&gateway, "gpt"));
    one.chunk(says("Hi").as_bytes());
    let said = one.report().used.text_estimate;
    one.chunk(&[b"data: ".as_slice(), &[b'x'; 399_994]].concat());
    assert_eq!(one.report().used.text_estimate, said + 100_000);
    one.chunk(&[b'x'; 500_002]);
    assert_eq!(one.report().used.text_estimate, said + 225_000);
}

/// A text of so many tokens by our estimate.
fn text(tokens: u64) -> String {
    let texts = (1..).map(|words| "word ".repeat(words));
    let counted = |text: &String| Event::Text(Cow::Borrowed(text)).tokens();
    texts.take_while(|text| counted(text) <= tokens).find(|text| counted(text) == tokens).unwrap()
}

/// An estimate may be wrong by a quarter and some tokens, and by as much again where one answer is
/// read for several: only what is surely beyond what was paid for is ended.
#[test]
fn an_answer_is_ended_where_it_is_surely_longer_than_was_paid_for() {
    let gateway = Gateway::new(POLICY).unwrap();
    // What was paid for of each, and what is read of one at the most.
    for (choices, bound, most) in [(1, 100, 100 + 25 + 16), (3, 100, (300 + 300 + 48) / 3)] {
        let mut plan = metered(&gateway, "gpt");
        plan.counted = choices;
        plan.meter = Some(CreditTerms { stop: true, left: None });
        plan.legs.iter_mut().for_each(|leg| (leg.max_output_tokens, leg.is_paid) = (bound, true));
        for (tokens, ends) in [(most, false), (most + 1, true)] {
            let mut one = One::stream(&gateway, &plan);
            let Step::Pass { body, .. } = one.chunk(says(&text(tokens)).as_bytes()) else {
                panic!("it is held")
            };
            let body = String::from_utf8(body).unwrap();
            assert_eq!(body.ends_with("data: [DONE]\n\n"), ends, "{choices} {tokens}");
            assert_eq!(body.contains(r#""finish_reason":"length""#), ends);
            let progress = if ends { Progress::Answered } else { Progress::Running };
            assert_eq!(one.report().progress, progress);
            assert_eq!(one.report().used.text_estimate, (tokens * choices).min(bound * choices));
        }
    }
}
