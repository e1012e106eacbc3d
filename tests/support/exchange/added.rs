//! What a gateway adds to a request goes into the same buffer as the request: what does not fit
//! with it is refused, at the very edge, and is not counted either.
#![expect(clippy::unwrap_used, reason = "helpers that fail fail their tests")]
use std::rc::Rc;

use tradewind::exchange::StreamBuffer;

use super::support::{Answer, Gateway, Given, Life, Message, live};

/// As small as can be, so that its edge is met in little time.
const BUFFER: u64 = 80_000;

/// Rules and arms that add something to `auto`, and nothing to `plain`.
const POLICY: &str = include_str!("../../corpus/exchange/policy/arms.json");

const ANSWER: &str = r#"{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}"#;

/// What becomes of a text of so many bytes.
fn send(path: &str, model: &str, bytes: usize) -> Life {
    let headers = [
        (":method", "POST"),
        (":path", path),
        (":scheme", "http"),
        (":authority", "gateway.test"),
        ("x-request-id", "req-1"),
        ("authorization", "Bearer app-key"),
        ("content-type", "application/json"),
        ("x-session", "s0"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let text = "x".repeat(bytes);
    let body = format!(
        "{{\"model\":\"{model}\",\"max_tokens\":50,\"messages\":\
         [{{\"role\":\"user\",\"content\":\"{text}\"}}]}}"
    );
    let chunks = vec![body.into_bytes()];
    let request = Message { headers: headers.to_vec(), chunks, ..Message::default() };
    let mut given = Given { request, ..Given::default() };
    let headers = [(":status", "200"), ("content-type", "application/json")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let chunks = vec![ANSWER.as_bytes().to_vec()];
    let answer =
        Answer::Message(Message { headers: headers.to_vec(), chunks, ..Message::default() });
    given.answers.insert("claude".to_owned(), vec![answer].into());
    let gateway = Gateway::with_buffer(POLICY, |_| StreamBuffer::of(BUFFER)).unwrap();
    live(&Rc::new(gateway), &given)
}

fn status(life: &Life) -> String {
    let status = life.headers.iter().find(|(name, _)| name == ":status");
    String::from_utf8_lossy(&status.unwrap().1).into_owned()
}

/// Whether it is refused since it does not fit with what is added.
fn is_refused(life: &Life) -> bool {
    let told = String::from_utf8_lossy(&life.body).into_owned();
    let refused =
        told.contains("with what this gateway adds to it the body is larger than 80000 bytes");
    assert!(!refused || status(life) == "413", "{told}");
    refused
}

#[test]
fn what_does_not_fit_with_what_is_added_is_refused() {
    let largest = |path: &str| {
        let (mut fits, mut beyond) = (0, usize::try_from(BUFFER).unwrap());
        while beyond - fits > 1 {
            let middle = usize::midpoint(fits, beyond);
            if is_refused(&send(path, "auto", middle)) { beyond = middle } else { fits = middle }
        }
        assert!(fits > 79_000, "{fits}");
        fits
    };
    let counted = largest("/v1/messages/count_tokens");
    assert_eq!(largest("/v1/messages"), counted);
    assert_eq!(status(&send("/v1/messages/count_tokens", "auto", counted)), "200");
    // Nothing is added to it.
    assert_eq!(status(&send("/v1/messages", "plain", counted + 1)), "200");
}
