//! Answers that Envoy makes itself, at any point of a request's way through its chain: which model
//! they are said of, and how many were tried.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]
use tradewind::exchange::filter_state::{JUDGED, LOG};
use tradewind::exchange::{Effect, Outcome, Progress, Report, StreamBuffer};
use tradewind::layout::Writer;

use super::support::{Filter, Gateway, Piece, Step, Way, World};

const POLICY: &str = include_str!("../../corpus/exchange/policy/usual.json");

/// How far the chain of `auto` (claude, gpt, gemini) has come, and what Envoy says.
struct Local {
    /// What the attempts have told of themselves so far.
    told: Vec<Progress>,
    /// The last of them was judged, and its VM failed before the mark of that could be taken back.
    marked: bool,
    /// The cluster of the last attempt; empty where there was none.
    cluster: String,
    status: String,
    details: String,
}

/// What the app gets.
#[derive(Debug)]
struct Got {
    status: String,
    attempts: Option<String>,
    /// How many were tried, in the log.
    tried: Option<String>,
    message: String,
}

fn publish(world: &mut World, report: &Report) {
    if let Effect::State(key, value) = report.publish() {
        world.state.insert(key.into_owned(), value);
    }
}

/// A request for `auto` that has been sent.
fn sent(gateway: &Gateway) -> (Filter, World) {
    let request = vec![
        header(":method", "POST"),
        header(":path", "/v1/chat/completions"),
        header("authorization", "Bearer app-key"),
        header("x-request-id", "req-1"),
    ];
    let mut world = World { request, ..World::default() };
    let mut edge = Filter::new(gateway.edge_role(), gateway.buffer);
    edge.turn(&mut world, Way::Request, Piece::Headers { end: false });
    let ask = br#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#;
    let sent = edge.turn(&mut world, Way::Request, Piece::Body(ask, true));
    assert!(matches!(sent, Step::Pass { .. }), "{sent:?}");
    (edge, world)
}

fn header(name: &str, value: &str) -> (String, Vec<u8>) {
    (name.to_owned(), value.as_bytes().to_vec())
}

/// What an app gets of it, where Envoy's own answer has a body or has none.
fn got(local: &Local, body: bool) -> Got {
    let (mut edge, mut world) = sent(&Gateway::new(POLICY).unwrap());
    for (model, progress) in ["claude", "gpt", "gemini"].into_iter().zip(&local.told) {
        let mut report = Report::begin(model, 1);
        if *progress != Progress::Running {
            report.end(*progress, 2);
        }
        publish(&mut world, &report);
        if let Effect::State(_, told) = report.publish()
            && local.marked
        {
            let mut left = Writer::default();
            left.bytes(&told);
            world.state.insert(JUDGED.to_owned(), left.finish());
        }
    }
    world.cluster = local.cluster.clone();
    world.details = local.details.clone();
    world.response = vec![header(":status", &local.status)];
    let mut step = edge.turn(&mut world, Way::Response, Piece::Headers { end: !body });
    if matches!(step, Step::Wait) {
        assert!(body, "an answer without a body is replaced at once");
        step = edge.turn(&mut world, Way::Response, Piece::Body(b"Envoy's words", true));
    }
    edge.over(&mut world);
    assert_eq!(world.refused, [""; 0]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // Those that say how long they took, and the one of which nobody told.
    let log = text(world.state.get(LOG).unwrap());
    let marks = [r#","ms":"#, r#""unjudged""#];
    let tried: usize = marks.map(|mark| log.matches(mark).count()).iter().sum();
    let tried = (tried > 0).then(|| tried.to_string());
    let (status, attempts, body) = match step {
        Step::Reply(reply) => {
            let attempts = reply.headers.iter().find(|(name, _)| *name == "x-tradewind-attempts");
            (reply.status.to_string(), attempts.map(|(_, value)| value.clone()), text(&reply.body))
        }
        Step::Pass { body, .. } => {
            let find = |name: &str| world.response.iter().find(|(own, _)| own == name);
            let value = |name: &str| find(name).map(|(_, value)| text(value));
            assert_eq!(value("content-length"), Some(body.len().to_string()));
            assert_eq!(value("x-request-id").as_deref(), Some("req-1"));
            (value(":status").unwrap(), value("x-tradewind-attempts"), text(&body))
        }
        Step::Wait => panic!("it waits"),
    };
    let message = body.strip_prefix(r#"{"error":{"message":""#).unwrap();
    let message = message.split_once("\",\"type\"").unwrap().0.to_owned();
    Got { status, attempts, tried, message }
}

/// How far the attempts have come, by letters: failed, failed and still marked as judged (J),
/// timed out, unreachable, running; the cluster of the last; what Envoy says; what the app is told,
/// of how many attempts.
const TABLE: &str = "
-   | -         | 503 overload            | 503 0 the model could not be reached (overload)
-   | -         | 503 no_healthy_upstream | 503 0 `claude` could not be reached (no_h
-   | anthropic | 503 no_healthy_upstream | 503 0 `claude` could not be reached (no_h
-   | anthropic | 503 cluster_not_found{} | 503 0 `claude` could not be reached (cluster_not_found)
-   | anthropic | 503 wasm_fail_stream    | 503 1 the gateway failed
F   | openai    | 503 wasm_fail_stream    | 503 2 the gateway failed
J   | openai    | 503 wasm_fail_stream    | 503 2 the gateway failed
R   | anthropic | 503 wasm_fail_stream    | 503 1 the gateway failed
R   | anthropic | 504 response_timeout    | 504 1 `claude` did not answer in time (resp
FR  | openai    | 504 response_timeout    | 504 2 MANY `gpt`, did not answer in time (resp
F   | anthropic | 503 no_healthy_upstream | 503 1 `gpt` could not be reached (no_h
FF  | openai    | 503 no_healthy_upstream | 503 2 MANY `gemini`, could not be reached (no_h
FFT | google    | 503 no_healthy_upstream | 504 3 MANY `gemini`, did not answer in time
FFU | google    | 503 no_healthy_upstream | 503 3 MANY `gemini`, could not be reached
FFF | google    | 503 no_healthy_upstream | 503 3 MANY `gemini`, closed its connection before
";

#[test]
fn what_envoy_says_itself_is_said_of_the_model_that_it_concerns() {
    let none = |text: &str| if text == "-" { String::new() } else { text.to_owned() };
    for row in TABLE.lines().filter(|row| !row.is_empty()) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [told, cluster, said, expected] = cells.as_slice() else { panic!("{row}") };
        let marked = told.contains('J');
        let told = told.chars().filter(|letter| *letter != '-').map(|letter| match letter {
            'F' | 'J' => Progress::Failed(Outcome::Overloaded),
            'T' => Progress::Failed(Outcome::TimedOut),
            'U' => Progress::Failed(Outcome::Unreachable),
            _ => Progress::Running,
        });
        let (status, details) = said.split_once(' ').unwrap();
        let local = Local {
            told: told.collect(),
            marked,
            cluster: none(cluster),
            status: status.to_owned(),
            details: details.to_owned(),
        };
        let mut words = expected.splitn(3, ' ');
        let (status, attempts) = (words.next().unwrap(), words.next().unwrap());
        let many = format!("{attempts} models were tried, and the last,");
        let message = words.next().unwrap().replace("MANY", &many);
        let attempts = Some(attempts.to_owned()).filter(|attempts| attempts != "0");
        for body in [true, false] {
            let got = got(&local, body);
            assert!(got.message.starts_with(&message), "{row}: {got:?}");
            assert_eq!((got.status.as_str(), &got.attempts), (status, &attempts), "{row}");
            assert_eq!(got.tried, attempts, "the log says the same: {row}");
        }
    }
}

/// Where the words of an app's dialect do not fit into the buffer, Envoy's own stand.
#[test]
fn what_does_not_fit_is_left_as_envoy_says_it() {
    for (buffer, own) in [(100, true), (1_000, false)] {
        let gateway = Gateway::with_buffer(POLICY, |_| StreamBuffer::of(buffer)).unwrap();
        let (mut edge, mut world) = sent(&gateway);
        world.details = "response_timeout".to_owned();
        world.response = vec![header(":status", "504"), header("content-length", "13")];
        edge.turn(&mut world, Way::Response, Piece::Headers { end: false });
        let step = edge.turn(&mut world, Way::Response, Piece::Body(b"Envoy's words", true));
        let Step::Pass { body, .. } = step else { panic!("{step:?}") };
        assert_eq!(body == b"Envoy's words", own);
        let length = world.response.iter().find(|(name, _)| name == "content-length");
        assert_eq!(length.unwrap().1, body.len().to_string().into_bytes());
        assert_eq!(world.refused, [""; 0]);
    }
}
