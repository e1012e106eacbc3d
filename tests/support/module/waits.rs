//! Streams that wait, and what they hold meanwhile: both are the VM's own matter.
use tradewind::exchange::filter_state::{NEXT, PLAN};
use tradewind::exchange::{Callback, Effect, Effects, Flow};

use super::*;
use crate::support::{Place as _, Role, View, World};

const POLICY: &str = include_str!("../../corpus/exchange/policy/usual.json");
const BODY: &[u8] =
    br#"{"model":"auto","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
const WHOLE: &[u8] = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\
    \"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n";

/// An attempt of a model, as far as the headers of a streamed answer.
struct One {
    role: Box<dyn Role>,
    world: World,
}

impl One {
    fn begin(worker: &Worker, model: &str) -> Self {
        let gateway = Gateway::new(POLICY).unwrap();
        let mut world = World::default();
        world.state.insert(PLAN.to_owned(), gateway.plan(&[model]).encode());
        world.state.insert(NEXT.to_owned(), model.as_bytes().to_vec());
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        world.response =
            vec![header(":status", "200"), header("content-type", "text/event-stream")];
        let role = worker.role(gateway.cluster(model)).unwrap();
        let mut one = Self { role, world };
        one.on(Callback::RequestHeaders { end: false }, &[]);
        one.on(Callback::RequestBody { size: BODY.len(), end: true }, &[]);
        one.on(Callback::ResponseHeaders { end: false }, &[]);
        one
    }

    fn on(&mut self, event: Callback, response: &[u8]) -> Effects {
        let view = View { world: &self.world, request: BODY, response, call: &[] };
        self.role.on(event, &view)
    }

    fn hears(&mut self, chunk: &[u8]) -> Effects {
        self.on(Callback::ResponseBody { size: chunk.len(), end: false }, chunk)
    }
}

fn worker() -> Rc<Worker> {
    Worker::start(&mut Gateway::new(POLICY).unwrap())
}

fn later(worker: &Worker, ms: u64) -> Vec<Deed> {
    worker.providers.borrow_mut().store.data_mut().now_ms += ms;
    worker.tick(Some("openai"))
}

#[test]
fn a_stream_that_waits_is_woken_after_a_second_and_no_sooner() {
    let worker = worker();
    let mut one = One::begin(&worker, "gpt");
    let effects = one.hears(WHOLE);
    assert!(effects.list.iter().any(|effect| matches!(effect, Effect::WakeIn(_))), "{effects:?}");
    assert_eq!(later(&worker, 950), []);
    // Its end is written before it is let go, once.
    let deeds = later(&worker, 50);
    let [Deed::SetBuffer(1, body), Deed::SetProperty(..), Deed::Resume(1)] = &*deeds else {
        panic!("{deeds:?}")
    };
    assert_eq!(body, &[WHOLE, b"data: [DONE]\n\n"].concat());
    // It sleeps again, for a second each time, until its provider is let go; then nobody waits, and
    // ticks are rare again.
    for _ in 0..9 {
        assert_eq!(later(&worker, 950), []);
        assert_eq!(later(&worker, 50), []);
    }
    assert_eq!(later(&worker, 1_000), [], "what has come by now is read first");
    assert_eq!(later(&worker, 100), [Deed::Close(1), Deed::TickPeriod(1000)]);
    assert_eq!(later(&worker, 1_000), []);
}

#[test]
fn a_stream_that_ended_while_it_slept_is_not_let_go_twice() {
    let worker = worker();
    let mut one = One::begin(&worker, "gpt");
    one.hears(WHOLE);
    let all = [WHOLE, b"data: [DONE]\n\n"].concat();
    one.on(Callback::ResponseBody { size: all.len(), end: true }, &all);
    assert_eq!(later(&worker, 1_000), [Deed::TickPeriod(1000)], "nothing of it is held");
}

#[test]
fn a_stream_that_ended_with_trailers_while_it_slept_is_not_let_go_twice() {
    let worker = worker();
    let mut one = One::begin(&worker, "gpt");
    one.hears(WHOLE);
    one.on(Callback::ResponseTrailers, WHOLE);
    assert_eq!(later(&worker, 1_000), [Deed::TickPeriod(1000)], "nothing of it is held");
}

/// More than is held back of an answer came in between: its second wait is a second of its own.
#[test]
fn a_stream_that_waits_again_is_woken_a_second_after_that() {
    const COMMENT: &[u8] = b":\n\n";
    let worker = worker();
    let mut one = One::begin(&worker, "gpt");
    one.hears(WHOLE);
    assert_eq!(later(&worker, 600), []);
    one.world.common.pass(600);
    let most = [WHOLE, &COMMENT.repeat(1 << 19)].concat();
    assert_eq!(one.hears(&most).flow, Flow::Continue);
    assert_eq!(one.hears(COMMENT).flow, Flow::Pause);
    assert_eq!(later(&worker, 400), [], "a second after the first");
    let deeds = later(&worker, 600);
    assert!(deeds.contains(&Deed::Resume(1)), "{deeds:?}");
}

#[test]
fn a_stream_that_is_gone_is_not_woken() {
    let worker = worker();
    // One has ended, and of another Envoy knows nothing any more.
    let mut ended = One::begin(&worker, "gpt");
    ended.hears(WHOLE);
    drop(ended);
    let mut forgotten = One::begin(&worker, "gpt");
    let contexts = worker.providers.borrow().store.data().contexts.keys().copied().max();
    forgotten.hears(WHOLE);
    worker.providers.borrow_mut().store.data_mut().contexts.remove(&contexts.unwrap());
    assert_eq!(later(&worker, 1_000), [Deed::TickPeriod(1000)]);
}

#[test]
fn what_streams_hold_is_counted_for_all_plugins_of_a_vm() {
    const UNFINISHED: usize = 200_000;
    let worker = worker();
    let unfinished = vec![b'x'; UNFINISHED];
    let mut greedy: Vec<One> = Vec::new();
    for _ in 0..400 {
        let mut one = One::begin(&worker, "gpt");
        one.hears(&unfinished);
        greedy.push(one);
    }
    let fails = |one: &mut One| {
        let effects = one.hears(&unfinished);
        effects.list.iter().any(|effect| matches!(effect, Effect::Reply(_)))
    };
    assert!(fails(&mut One::begin(&worker, "claude")), "others have filled what there is");
    drop(greedy);
    assert!(!fails(&mut One::begin(&worker, "claude")), "and given it back");
}
