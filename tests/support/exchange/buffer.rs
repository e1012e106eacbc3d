//! Nothing is written beyond the buffer of a stream, whatever is written: a body that does not fit
//! becomes a failure, and at the very edge nothing is lost.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "helpers that fail fail their tests"
)]
mod within_buffer;

use std::rc::Rc;

use tradewind::exchange::filter_state::{LOG, PLAN};
use tradewind::exchange::{Plan, StreamBuffer};

use super::support::{Answer, Gateway, Given, Life, Message, live};

/// As small as can be, so that its edge is met in little time.
const BUFFER: u64 = 80_000;

const POLICY: &str = include_str!("../../corpus/exchange/policy/usual.json");

fn answer(kind: &str, chunks: &[String], trailers: bool) -> Answer {
    let headers = [(":status", "200"), ("content-type", kind)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let chunks = chunks.iter().map(|chunk| chunk.as_bytes().to_vec()).collect();
    Answer::Message(Message { headers: headers.to_vec(), chunks, trailers, ..Message::default() })
}

/// Asks a model through an app's path.
fn ask(path: &str, model: &str, stream: bool, answers: Vec<Answer>) -> Life {
    send(BUFFER, path, model, stream, "Hi", answers)
}

/// The same with a buffer of so many bytes, and what the app says.
fn send(
    buffer: u64,
    path: &str,
    model: &str,
    stream: bool,
    text: &str,
    answers: Vec<Answer>,
) -> Life {
    let headers = [
        (":method", "POST"),
        (":path", path),
        (":scheme", "http"),
        (":authority", "gateway.test"),
        ("x-request-id", "req-1"),
        ("authorization", "Bearer app-key"),
        ("content-type", "application/json"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let body = format!(
        "{{\"model\":\"{model}\",\"max_tokens\":50,\"stream\":{stream},\"messages\":\
         [{{\"role\":\"user\",\"content\":{text:?}}}]}}"
    );
    let chunks = vec![body.into_bytes()];
    let request = Message { headers: headers.to_vec(), chunks, ..Message::default() };
    let mut given = Given { request, ..Given::default() };
    given.answers.insert(model.to_owned(), answers.into());
    let gateway = Gateway::with_buffer(POLICY, |_| StreamBuffer::of(buffer)).unwrap();
    live(&Rc::new(gateway), &given)
}

fn status(life: &Life) -> String {
    let status = life.headers.iter().find(|(name, _)| name == ":status");
    String::from_utf8_lossy(&status.unwrap().1).into_owned()
}

/// Finds the number of units with which `length(units)` is the buffer's size, and tries it there,
/// one before and one beyond: what fits arrives whole, what does not is a failure.
fn edge(what: &str, run: impl Fn(usize) -> Life) {
    let length = |units: usize| u64::try_from(run(units).body.len()).unwrap();
    let base = length(0);
    let units = usize::try_from(BUFFER - base).unwrap();
    for (units, fits) in [(units - 1, true), (units, true), (units + 1, false)] {
        let life = run(units);
        assert_eq!(life.world.refused, [""; 0], "{what} with {units}");
        assert!(life.ended, "{what} with {units}");
        if fits {
            assert_eq!(status(&life), "200", "{what} with {units}");
            assert_eq!(length(units), base + u64::try_from(units).unwrap(), "{what}");
        } else {
            assert_eq!(status(&life), "502", "{what} with {units}");
        }
    }
}

#[test]
fn a_whole_answer_that_is_translated() {
    for trailers in [false, true] {
        edge("a whole answer", |units| {
            let text = "x".repeat(units);
            let body = format!(
                "{{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":\"{text}\"}}]}},\
                 \"finishReason\":\"STOP\"}}]}}"
            );
            let answer = answer("application/json", &[body], trailers);
            ask("/v1/chat/completions", "gemini", false, vec![answer])
        });
    }
}

/// What a whole answer of many parts becomes as a stream is many times as long.
#[test]
fn a_whole_answer_that_becomes_a_stream() {
    for path in ["/v1/chat/completions", "/v1/messages"] {
        let part = r#"{"text":"a"},"#.repeat(100_000);
        let part = part.trim_end_matches(',');
        let body = format!(
            r#"{{"candidates":[{{"content":{{"parts":[{part}]}},"finishReason":"STOP"}}]}}"#
        );
        let answer = answer("application/json", &[body], false);
        let life = ask(path, "gemini", true, vec![answer]);
        assert_eq!(life.world.refused, [""; 0]);
        assert_eq!(status(&life), "502");
    }
}

fn gemini_event(parts: usize) -> String {
    let part = r#"{"text":"a"},"#.repeat(parts);
    let part = part.trim_end_matches(',');
    format!("data: {{\"candidates\":[{{\"content\":{{\"parts\":[{part}]}}}}]}}\n\n")
}

#[test]
fn one_event_of_many_parts() {
    for path in ["/v1/chat/completions", "/v1/messages"] {
        let first = answer("text/event-stream", &[gemini_event(18_000)], false);
        let life = ask(path, "gemini", true, vec![first]);
        assert_eq!(life.world.refused, [""; 0]);
        assert_eq!(status(&life), "502", "before any content the attempt has failed");

        let chunks = [gemini_event(1), gemini_event(18_000), gemini_event(1)];
        let later = answer("text/event-stream", &chunks, false);
        let life = ask(path, "gemini", true, vec![later]);
        assert_eq!(life.world.refused, [""; 0]);
        let body = String::from_utf8(life.body).unwrap();
        assert!(body.contains("too large") && body.len() < 20_000, "{}", body.len());
    }
}

/// Of what is written at a time 64 KiB are kept free, for the words that end a stream.
#[test]
fn one_event_of_just_so_many_bytes() {
    const MOST: usize = 80_000 - (64 << 10);
    let event = |units: usize| {
        let part = format!(r#"{{"text":"{}"}}"#, "x".repeat(units));
        format!("data: {{\"candidates\":[{{\"content\":{{\"parts\":[{part}]}}}}]}}\n\n")
    };
    let send = |mut chunks: Vec<String>| {
        chunks.push("data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n".to_owned());
        let answer = answer("text/event-stream", &chunks, false);
        ask("/v1/chat/completions", "gemini", true, vec![answer])
    };
    let ask = |units: usize| send(vec![event(units)]);
    // What the end takes is what comes after the text's own event.
    let written = |life: &Life| {
        let body = String::from_utf8_lossy(&life.body).into_owned();
        let (text, _) = body.split_once(r#""finish_reason":"stop""#).unwrap();
        text.rfind("data: ").unwrap()
    };
    let units = MOST - written(&ask(1)) + 1;
    for (units, fits) in [(units - 1, true), (units, true), (units + 1, false)] {
        let life = ask(units);
        assert_eq!(status(&life), if fits { "200" } else { "502" }, "{units}");
        assert!(!fits || written(&life) <= MOST);
    }
    // Later on it is left out, and the app is told.
    let life = send(vec![event(1), event(MOST)]);
    let body = String::from_utf8_lossy(&life.body);
    assert!(body.contains("too large") && !body.contains("xxx"), "{body}");
}

/// What is held back for trailers counts as well.
#[test]
fn an_end_that_is_added_to_what_is_held_back() {
    for length in (70_000..80_100).step_by(331).chain(79_700..79_800) {
        let text = "x".repeat(length);
        let chunk = format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\
             \"finish_reason\":\"stop\"}}]}}\n\n"
        );
        let answer = answer("text/event-stream", &[chunk], true);
        let life = ask("/v1/chat/completions", "gpt", true, vec![answer]);
        assert_eq!(life.world.refused, [""; 0], "{length}");
        let whole = life.body.ends_with(b"data: [DONE]\n\n");
        assert!(whole || life.reset || status(&life) == "502", "{length}");
    }
}

#[test]
fn a_request_that_grows_when_it_is_translated() {
    /// Less than the policy allows of a request.
    const SMALL: u64 = 10_000;
    let ask = |units: usize| {
        let text = "x".repeat(units);
        let good = answer(
            "application/json",
            &[r#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}]}"#
                .to_owned()],
            false,
        );
        send(SMALL, "/v1/chat/completions", "gemini", false, &text, vec![good])
    };
    let sent = |life: &Life| life.saw.first().map_or(0, |(_, _, body)| body.len());
    let base = sent(&ask(1)) - 1;
    let units = usize::try_from(SMALL).unwrap() - base;
    for units in [units - 1, units] {
        let life = ask(units);
        assert_eq!((status(&life).as_str(), sent(&life)), ("200", base + units));
        assert_eq!(life.world.refused, [""; 0]);
    }
    let life = ask(units + 1);
    assert_eq!(status(&life), "413");
    let body = String::from_utf8_lossy(&life.body);
    assert!(body.contains("10000 bytes"), "{body}");
    let log = String::from_utf8_lossy(life.world.state.get(LOG).unwrap());
    let attempts = r#""attempts":[{"model":"gemini","outcome":"too_large","ms":0}]"#;
    assert!(log.contains(attempts), "{log}");
    // It was written once: the edge role says in the plan that it does not fit.
    let plan = Plan::decode(life.world.state.get(PLAN).unwrap()).unwrap();
    let first = plan.first.unwrap();
    assert_eq!((first.fits, first.length), (false, SMALL + 1));
}

/// What is thrown away of a refused body is not held: it may be as long as several buffers.
#[test]
fn a_refused_body_is_not_held() {
    let text = "x".repeat(200_000);
    let body = format!(r#"{{"model":"gpt","messages":[{{"role":"user","content":"{text}"}}]}}"#);
    let chunks = body.as_bytes().chunks(50_000).map(<[u8]>::to_vec).collect();
    let mut given = Given::read(
        "# One.\n\n--- policy usual\n--- app\nPOST /v1/messages\nx-api-key: \
                                 app-key\n",
    )
    .unwrap();
    given.request.chunks = chunks;
    let gateway = Gateway::with_buffer(POLICY, |_| StreamBuffer::of(120_000)).unwrap();
    let life = live(&Rc::new(gateway), &given);
    assert_eq!((status(&life).as_str(), life.world.refused.as_slice()), ("413", [].as_slice()));
}
