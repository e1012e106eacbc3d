//! What streams hold is bounded, each alone and all together; who holds little is left alone.
#![expect(clippy::unwrap_used, reason = "helpers that fail fail their tests")]
use tradewind::exchange::{ALLOWANCE, Effect, Event, Flow, NEXT, PLAN, Stream};

use super::support::{Gateway, View, World};

const POLICY: &str = include_str!("../../corpus/exchange/policy/usual.json");
const BODY: &[u8] = br#"{"model":"gpt","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;

/// A stream of the provider role, as far as its answer's headers.
struct One {
    stream: Stream,
    world: World,
    body: Vec<u8>,
}

impl One {
    fn begin(gateway: &Gateway) -> Self {
        let mut world = World::default();
        world.state.insert(PLAN.to_owned(), gateway.plan(&["gpt"]).encode());
        world.state.insert(NEXT.to_owned(), b"gpt".to_vec());
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        world.response =
            vec![header(":status", "200"), header("content-type", "text/event-stream")];
        let stream = gateway.providers.get("openai").unwrap().stream();
        let mut one = Self { stream, world, body: Vec::new() };
        one.on(Event::RequestHeaders { end: false });
        one.on(Event::RequestBody { size: BODY.len(), end: true });
        one.on(Event::ResponseHeaders { end: false });
        one
    }

    /// A callback; what Envoy is to count, and whether it answers or goes on.
    fn on(&mut self, event: Event) -> (Vec<String>, bool) {
        let view = View { world: &self.world, request: BODY, response: &self.body, call: &[] };
        let effects = self.stream.on(event, &view);
        let ends = |effect: &Effect| matches!(effect, Effect::Reply(_));
        let over = effects.list.iter().any(ends) || effects.flow == Flow::Continue;
        let counted = effects.list.into_iter().filter_map(|effect| match effect {
            Effect::Count(name) => Some(name),
            _ => None,
        });
        (counted.collect(), over)
    }

    fn chunk(&mut self, chunk: &[u8]) -> (Vec<String>, bool) {
        self.body.extend_from_slice(chunk);
        self.on(Event::ResponseBody { size: self.body.len(), end: false })
    }
}

const COUNTER: &str = "tradewind_streams_too_large_total.model.gpt";

#[test]
fn unfinished_events_are_bounded_and_ordinary_streams_go_on() {
    let gateway = Gateway::new(POLICY).unwrap();
    let all = gateway.memory.left();
    let mut greedy: Vec<One> = (0..400).map(|_| One::begin(&gateway)).collect();
    let mut failed = 0;
    for one in &mut greedy {
        for _ in 0..25 {
            let (counted, over) = one.chunk(&[b'x'; 10_000]);
            if over {
                assert_eq!(counted, [COUNTER]);
                failed += 1;
                break;
            }
        }
    }
    assert!((100..200).contains(&failed), "{failed} of 400 failed: the others fill what there is");
    assert!(gateway.memory.left() < 300_000);
    // Whoever holds no more than its allowance is not concerned.
    let mut modest = One::begin(&gateway);
    let event = r#"data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    for byte in event.bytes() {
        assert_eq!(modest.chunk(&[byte]), (Vec::new(), false));
    }
    assert_eq!(modest.chunk(b"\n\n"), (Vec::new(), true));
    drop(greedy);
    drop(modest);
    assert_eq!(gateway.memory.left(), all, "what was held is given back");
}

#[test]
fn comments_are_not_held() {
    let gateway = Gateway::new(POLICY).unwrap();
    let all = gateway.memory.left();
    let mut one = One::begin(&gateway);
    let comments = b": ping\n\n".repeat(1_000);
    for _ in 0..120 {
        assert_eq!(one.chunk(&comments), (Vec::new(), false));
        assert_eq!(gateway.memory.left(), all, "Envoy holds them, and nobody else");
    }
    let over = (0..20).any(|_| one.chunk(&comments).1);
    assert!(over, "a megabyte without an answer is a failure");
}

#[test]
fn what_comes_after_the_end_is_counted_too() {
    const EVENT: &[u8] = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\
        \"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let gateway = Gateway::new(POLICY).unwrap();
    let all = gateway.memory.left();
    let mut one = One::begin(&gateway);
    assert!(one.chunk(EVENT).1);
    let mut late = |size: usize| {
        one.body = vec![b'x'; size];
        one.on(Event::ResponseBody { size, end: false });
        gateway.memory.left()
    };
    assert!(late(100_000) <= all - (100_000 - ALLOWANCE));
    assert_eq!(late(300_000), all, "and read no further where it is too much");
}
