//! What an answer from the cache costs.
use super::*;
use crate::support::{Answer, Proxy, request};

const ASK: &str = r#"POST /v1/chat/completions
authorization: Bearer app-key
content-type: application/json

{"model":"auto","temperature":0,"messages":[{"role":"user","content":"WORDS"}]}
"#;

const ANSWER: &str = r#"content-type: application/json

{"id":"chatcmpl-own","object":"chat.completion","created":1,"model":"gpt-4.1","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}
"#;

/// The headers, the body, twice the time of the proxy and once that on the wall, what is kept, the
/// answer, and the line of the access log. A request that came before is not read again.
#[test]
fn an_answer_from_the_cache_costs_eight_calls_and_no_reading() {
    let policy = texts("exchange/policy", ".json").remove("cache").unwrap();
    let mut gateway = Gateway::new(&policy).unwrap();
    let worker = Worker::start_with(Vm::metered(), &mut gateway);
    let mut proxy = Proxy::new(Rc::new(gateway));
    let ask = request(&ASK.replace("WORDS", &"Hi, how do you do? ".repeat(200))).unwrap();
    proxy.ask("first", &ask);
    proxy.answers("large", Answer::read("200", ANSWER).unwrap());
    let mut spends = || {
        let before = worker.edge.borrow().spent();
        proxy.ask("again", &ask);
        let after = worker.edge.borrow().spent();
        (after.0 - before.0, after.1 - before.1)
    };
    // The first of all hits is told to its counter at once.
    let (read, first) = spends();
    let (not_read, then) = spends();
    assert_eq!((first, then), (9, 8));
    // Unoptimised code does less of the reading, and more of the rest.
    assert!(not_read < read / 4 * 3, "{not_read} after {read}");
}
