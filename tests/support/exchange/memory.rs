//! What streams hold is bounded, each alone and all together; who holds little is left alone.
#![expect(clippy::unwrap_used, reason = "helpers that fail fail their tests")]
use tradewind::exchange::filter_state::{NEXT, PLAN};
use tradewind::exchange::{ALLOWANCE, Callback, Effect, Flow, Hearing, Plan, STREAM_MOST, Stream};

use super::support::{Gateway, View, World};

const POLICY: &str = include_str!("../../corpus/exchange/policy/usual.json");
const BODY: &[u8] =
    br#"{"model":"gpt","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#;

/// A stream of the provider role, as far as its answer's headers.
struct One {
    stream: Stream,
    world: World,
    body: Vec<u8>,
    /// What a failure is told with.
    told: String,
    /// What the app gets in the place of a chunk, for each chunk that is written anew.
    written: Vec<String>,
}

impl One {
    fn begin(gateway: &Gateway) -> Self {
        Self::of(gateway, &gateway.plan(&["gpt"]), "")
    }

    /// One with a header of its provider's, of which the app of a plan may be told.
    fn of(gateway: &Gateway, plan: &Plan<'_>, version: &str) -> Self {
        let mut world = World::default();
        world.state.insert(PLAN.to_owned(), plan.encode());
        let leg = plan.legs.first().unwrap();
        world.state.insert(NEXT.to_owned(), leg.model.as_bytes().to_vec());
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        world.response = vec![
            header(":status", "200"),
            header("content-type", "text/event-stream"),
            header("openai-version", version),
        ];
        let stream = gateway.providers.get(&*leg.provider).unwrap().stream().unwrap();
        let mut one =
            Self { stream, world, body: Vec::new(), told: String::new(), written: Vec::new() };
        one.on(Callback::RequestHeaders { end: false });
        one.on(Callback::RequestBody { size: BODY.len(), end: true });
        one.on(Callback::ResponseHeaders { end: false });
        one
    }

    /// A callback; what Envoy is to count, and whether it answers or goes on.
    fn on(&mut self, event: Callback) -> (Vec<String>, bool) {
        let view = View { world: &self.world, request: BODY, response: &self.body, call: &[] };
        let effects = self.stream.on(event, &view);
        let ends = |effect: &Effect| matches!(effect, Effect::Reply(_));
        let over = effects.list.iter().any(ends) || effects.flow == Flow::Continue;
        let counted = effects.list.into_iter().filter_map(|effect| match effect {
            Effect::Count(name) => Some(name),
            Effect::Reply(reply) => {
                self.told = String::from_utf8_lossy(&reply.body).into_owned();
                None
            }
            Effect::ResponseBody(body) => {
                self.written.push(String::from_utf8(body.into_bytes()).unwrap());
                None
            }
            _ => None,
        });
        (counted.collect(), over)
    }

    fn chunk(&mut self, chunk: &[u8]) -> (Vec<String>, bool) {
        self.body.extend_from_slice(chunk);
        self.on(Callback::ResponseBody { size: self.body.len(), end: false })
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
                assert!(one.told.contains(": 384 KiB of it would have to be held"), "{}", one.told);
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
        one.on(Callback::ResponseBody { size, end: false });
        gateway.memory.left()
    };
    assert!(late(100_000) <= all - (100_000 - ALLOWANCE));
    assert_eq!(late(300_000), all, "and read no further where it is too much");
}

/// Before the first content all that is written for the app waits: what is written in its dialect,
/// and where its provider's own bytes are to be cut.
#[test]
fn what_waits_for_the_first_content_is_counted() {
    let gateway = Gateway::new(POLICY).unwrap();
    let all = gateway.memory.left();
    // An app of another dialect is told the long id.
    let mut written = One::of(&gateway, &gateway.plan(&["gemini"]), "");
    let id = "i".repeat(50_000);
    let begins = format!("data: {{\"responseId\":\"{id}\",\"candidates\":[{{\"index\":0}}]}}\n\n");
    assert_eq!(written.chunk(begins.as_bytes()), (Vec::new(), false));
    let held = all - gateway.memory.left();
    let wide = 2 * id.len() - ALLOWANCE;
    assert!((wide..2 * wide + 100_000).contains(&held), "{held}");
    let content = r#"data: {"candidates":[{"index":0,"content":{"parts":[{"text":"Hi"}]}}]}"#;
    assert!(written.chunk(format!("{content}\n\n").as_bytes()).1);
    let left = all - gateway.memory.left();
    assert!(left + id.len() < held, "what has gone on is held no longer: {left} of {held}");
    drop(written);
    assert_eq!(gateway.memory.left(), all);

    // So are the provider's own headers. A stream has some bytes of its own, and one cut.
    let own = |version: usize| {
        let plan = gateway.plan(&["gpt"]);
        let mut headed = One::of(&gateway, &plan, &"1".repeat(version));
        assert_eq!(headed.chunk(b": ping\n\n"), (Vec::new(), false));
        all - gateway.memory.left()
    };
    let few = own(ALLOWANCE);
    assert!((40..200).contains(&few), "{few}");
    assert_eq!(own(ALLOWANCE + 50_000), few + 50_000);
    assert_eq!(gateway.memory.left(), all);

    // Of an app of the same dialect Envoy has the bytes, the id among them; each comment is cut.
    let mut copied = One::begin(&gateway);
    let begins = r#"data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}"#;
    let named = begins.replace("choices", &format!("id\":\"{id}\",\"choices"));
    let chunk = format!(": ping\n\n{begins}\n\n").repeat(3_000) + &named + "\n\n";
    assert_eq!(copied.chunk(chunk.as_bytes()), (Vec::new(), false));
    let cuts = 2_999 * size_of::<(core::ops::Range<usize>, bool)>();
    assert_eq!(all - gateway.memory.left(), cuts + few - ALLOWANCE);
    let content = r#"data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    assert!(copied.chunk(format!("{content}\n\n").as_bytes()).1);
    assert_eq!(gateway.memory.left(), all);
}

/// What a provider calls its model costs a stream nothing where the app calls it the same.
#[test]
fn a_chunk_is_written_anew_only_where_it_names_the_model_otherwise() {
    let gateway = Gateway::new(POLICY).unwrap();
    let plan = Plan { answer_model: Some("gpt".into()), ..gateway.plan(&["gpt"]) };
    let chunk = |model: &str| {
        format!(
            "data: {{\"model\":{model},\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"a\"}}}}]}}\n\n"
        )
    };
    for (first, later) in [("\"gpt\"", "\"gpt\""), ("\"gpt-1\"", "\"gpt\""), ("null", "\"gpt\"")] {
        let mut one = One::of(&gateway, &plan, "");
        one.chunk(chunk(first).as_bytes());
        let renamed: &[String] = if first == "\"gpt-1\"" { &[chunk("\"gpt\"")] } else { &[] };
        let renamed = if first == "null" { &[chunk("\"gpt\"")] } else { renamed };
        assert_eq!(one.written, renamed, "{first}");
        one.body.clear();
        one.chunk(chunk(later).as_bytes());
        assert_eq!(one.written, renamed, "{later}");
        one.body.clear();
        one.chunk(chunk("\"gpt-2\"").as_bytes());
        assert_eq!(one.written.last(), Some(&chunk("\"gpt\"")));
    }
}

/// A call whose name has not come is held by whoever reads the stream.
#[test]
fn a_call_that_is_not_told_yet_is_counted() {
    let gateway = Gateway::new(POLICY).unwrap();
    let all = gateway.memory.left();
    let mut one = One::begin(&gateway);
    let call = format!("{{\"index\":0,\"id\":\"{}\"}}", "i".repeat(50_000));
    let delta = format!("{{\"index\":0,\"delta\":{{\"tool_calls\":[{call}]}}}}");
    let event = format!("data: {{\"choices\":[{delta}]}}\n\n");
    assert_eq!(one.chunk(event.as_bytes()), (Vec::new(), false));
    assert!(gateway.memory.left() <= all - (50_000 - ALLOWANCE));
}

/// A stream that its app has begun to receive fails like any other where there is no memory, and is
/// counted.
#[test]
fn a_stream_that_flows_may_find_no_memory_either() {
    let gateway = Gateway::new(POLICY).unwrap();
    let content = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
    let mut flowing = One::begin(&gateway);
    assert_eq!(flowing.chunk(content), (Vec::new(), true));
    let mut greedy: Vec<One> = (0..300).map(|_| One::begin(&gateway)).collect();
    greedy.iter_mut().for_each(|one| drop(one.chunk(&[b'x'; 250_000])));
    assert!(gateway.memory.left() < 250_000 - ALLOWANCE);
    flowing.body = vec![b'x'; 250_000];
    let size = flowing.body.len();
    let (counted, _) = flowing.on(Callback::ResponseBody { size, end: false });
    assert_eq!(counted, [COUNTER]);
}

/// What is heard of an answer that is compared with another's is given up before its stream fails.
#[test]
fn a_stream_is_heard_only_where_there_is_room_for_it() {
    let gateway = Gateway::new(POLICY).unwrap();
    let plan = Plan { hearing: Hearing::Words, ..gateway.plan(&["gpt"]) };
    let text = "x".repeat(8_000);
    let event =
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
    let heard = |one: &mut One| {
        for _ in 0..5 {
            one.body.clear();
            assert_eq!(one.chunk(event.as_bytes()), (Vec::new(), true));
        }
        gateway.memory.left()
    };
    let all = gateway.memory.left();
    let mut roomy = One::of(&gateway, &plan, "");
    assert!(heard(&mut roomy) <= all - (5 * text.len() - ALLOWANCE), "it is counted");
    drop(roomy);
    let mut others = Vec::new();
    while gateway.memory.left() > 0 {
        let mut permit = gateway.memory.permit();
        permit.hold(ALLOWANCE + gateway.memory.left().min(STREAM_MOST - ALLOWANCE)).unwrap();
        others.push(permit);
    }
    let mut cramped = One::of(&gateway, &plan, "");
    assert_eq!(heard(&mut cramped), 0);
}
