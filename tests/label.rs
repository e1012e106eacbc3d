//! `tradewind label` with a judge: what it is asked, and what its verdicts come to. What is found
//! without one stands in `tests/corpus/commands/`.
#![cfg(feature = "companion")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a helper that fails fails its test"
)]
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};

/// A judge that knows what it is to say from the request.
#[derive(Default)]
struct Bench {
    /// The key and the question of each request.
    asked: Mutex<Vec<(String, String)>>,
    /// How many questions are open, and the most that were.
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Bench {
    fn questions(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.asked.lock().unwrap().iter().map(|(_, question)| question.clone()).collect();
        all.sort();
        all
    }
}

/// What stands in a part of the question.
fn part<'q>(question: &'q str, name: &str) -> &'q str {
    let after = question.split_once(&format!("<{name}-")).unwrap().1;
    let (fence, after) = after.split_once(">\n").unwrap();
    after.split_once(&format!("\n</{name}-{fence}>")).unwrap().0
}

async fn judge(
    State(bench): State<Arc<Bench>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, [(&'static str, &'static str); 1], String) {
    let body: Value = serde_json::from_str(&body).unwrap();
    let open = bench.open.fetch_add(1, Ordering::SeqCst) + 1;
    bench.most.fetch_max(open, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(20)).await;
    bench.open.fetch_sub(1, Ordering::SeqCst);
    let key = headers.get("authorization").map(|own| own.to_str().unwrap().to_owned());
    let question = body["messages"][1]["content"].as_str().unwrap().to_owned();
    let (request, first) = (part(&question, "request"), part(&question, "first"));
    let known = {
        let mut asked = bench.asked.lock().unwrap();
        let known = asked.iter().any(|(_, own)| *own == question);
        asked.push((key.clone().unwrap_or_default(), question.clone()));
        known
    };
    let fails = |status: StatusCode, message: &str| {
        (status, [("retry-after", "0")], json!({"error": {"message": message}}).to_string())
    };
    if key.as_deref() != Some("Bearer judge-key") {
        return fails(StatusCode::UNAUTHORIZED, "who are you?");
    }
    let said = match request {
        _ if request.contains("better wins") && first.contains("premium") => "VERDICT: FIRST",
        _ if request.contains("better wins") => "VERDICT: SECOND",
        _ if request.contains("worse wins") && first.contains("premium") => "VERDICT: SECOND",
        _ if request.contains("worse wins") => "VERDICT: FIRST",
        _ if request.contains("the first wins") => "Both are fine.\n**VERDICT: FIRST**",
        _ if request.contains("nobody wins") => "I like both.\nVERDICT: EQUAL",
        _ if request.contains("busy") && !known => {
            return fails(StatusCode::SERVICE_UNAVAILABLE, "busy");
        }
        _ if request.contains("busy") => "VERDICT: EQUAL",
        _ if request.contains("too long") => {
            return fails(StatusCode::BAD_REQUEST, "the request is too long");
        }
        _ => "I cannot say.",
    };
    let message = json!({"role": "assistant", "content": said});
    let answer = json!({
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 7},
    });
    (StatusCode::OK, [("retry-after", "0")], answer.to_string())
}

/// A judge on a free port, until the process ends.
fn bench() -> (SocketAddr, Arc<Bench>) {
    let bench = Arc::new(Bench::default());
    let app = Router::new().route("/v1/chat/completions", post(judge));
    let app = app.with_state(Arc::clone(&bench));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
    });
    (address, bench)
}

const PROSE: &str = "is of the opinion that there are many ways to see this, none of which is the \
                     only one that deserves to be called right by everybody.";

/// The records of a pair.
fn pair(id: &str, prompt: &str, premium: &str, budget: &str) -> String {
    let record = |model: &str, text: &str| {
        json!({
            "request_id": format!("{id}-{model}"), "experiment": "e", "route": "auto",
            "tenant": "acme", "model": model, "client": "openai",
            "answer": {"text": text, "calls": [], "finish": "stop"},
            "usage": {"input": 20, "output": 10},
        })
    };
    let (mut main, mut copy) = (record("large", premium), record("small", budget));
    main["request_id"] = json!(id);
    main["request"] = json!({"model": "auto", "messages": [{"role": "user", "content": prompt}]});
    copy["shadow_of"] = json!(id);
    format!("{copy}\n{main}\n")
}

fn prose(id: &str, prompt: &str) -> String {
    pair(id, prompt, &format!("The premium one {PROSE}"), &format!("The budget one {PROSE}"))
}

/// A folder with records and a key.
fn folder(name: &str, records: &[String]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("label").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("records.jsonl"), records.concat()).unwrap();
    fs::write(path.join("key"), "judge-key\n").unwrap();
    fs::write(path.join("other-key"), "other-key\n").unwrap();
    path
}

fn label(folder: &Path, address: SocketAddr, more: &[&str]) -> Output {
    let gateway = format!("http://{address}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
    command.current_dir(folder).args(["label", "records.jsonl", "--out", "labels.jsonl"]);
    command.args(["--judge", "judge", "--gateway", &gateway]).args(more).output().unwrap()
}

/// Each label's id, and the quality of the budget model's answer.
fn labels(folder: &Path) -> Vec<(String, f64)> {
    let text = fs::read_to_string(folder.join("labels.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of = |line: Value| {
        assert_eq!(line["premium"], json!(1), "{line}");
        (line["id"].as_str().unwrap().to_owned(), line["budget"].as_f64().unwrap())
    };
    lines.map(of).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_cannot_be_compared_is_judged_in_both_orders() {
    let (address, bench) = bench();
    let folder = folder(
        "judged",
        &[
            prose("1", "better wins"),
            pair("2", "a number", "Answer: 5", "The answer is 5."),
            prose("3", "worse wins"),
            prose("4", "the first wins"),
            prose("5", "nobody wins"),
            prose("6", "no verdict"),
            prose("7", "busy at first"),
            prose("8", "too long for the judge"),
            pair("9", "better wins, in a few words", "A premium hat", "A hat"),
            pair("10", "a number again", "Answer: 5", "Answer: 6"),
        ],
    );
    let output = label(&folder, address, &["--key-file", "key", "--at-once", "3"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let expected = [
        ("1", 0.0),
        ("2", 1.0),
        ("3", 1.0),
        ("4", 0.5),
        ("5", 1.0),
        ("7", 1.0),
        ("9", 0.0),
        ("10", 0.0),
    ];
    let found = labels(&folder);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((id, budget), (own, quality)) in found.iter().zip(expected) {
        assert!(id == own && (budget - quality).abs() < 1e-9, "{found:?}");
    }
    for line in [
        "labels: 8 of 10 pairs",
        "by number: budget as good in 1, worse in 1",
        "by the judge: budget as good in 3, worse in 2, undecided in 1",
        "1: the judge gave no verdict",
        "1: the judge did not answer: 400: the request is too long",
        // Two answers of six pairs, and one of the pair without a verdict.
        "the judge: 13 answers, 1300 tokens in, 91 out",
        "judging: 8 of 8",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert_eq!(bench.most.load(Ordering::SeqCst), 3);
    // Each is asked with either answer first, and asked nothing else.
    let asked = bench.questions();
    let first = |name: &str| {
        let own = asked.iter().filter(|own| part(own, "request").contains("nobody wins"));
        own.filter(|own| part(own, "first").contains(name)).count()
    };
    assert_eq!((first("premium"), first("budget")), (1, 1));
    assert!(!asked.iter().any(|own| own.contains("a number")));
    // What is written is what `tradewind calibrate` reads.
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
    let args = ["calibrate", "--labels", "labels.jsonl", "--out", "weights.json"];
    let output = command.current_dir(&folder).args(args).output().unwrap();
    let text = said(&output);
    assert!(output.status.success() && !text.contains("labels.jsonl:"), "{text}");
}

#[test]
fn the_same_seed_asks_the_same() {
    let records: Vec<String> = (0..8).map(|id| prose(&id.to_string(), "no verdict")).collect();
    let folder = folder("seed", &records);
    let asked = |seed: &str| {
        let (address, bench) = bench();
        label(&folder, address, &["--key-file", "key", "--seed", seed]);
        let asked = bench.questions();
        assert_eq!(asked.len(), 8);
        asked
    };
    let first = asked("1");
    assert_eq!(first, asked("1"));
    assert_ne!(first, asked("2"));
}

#[test]
fn no_more_pairs_are_judged_than_may_be() {
    let (address, bench) = bench();
    let records: Vec<String> = (0..8).map(|id| prose(&id.to_string(), "nobody wins")).collect();
    let folder = folder("most", &records);
    let output = label(&folder, address, &["--key-file", "key", "--judge-at-most", "3"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!((labels(&folder).len(), bench.questions().len()), (3, 6));
    assert!(said(&output).contains("5: more than --judge-at-most"), "{}", said(&output));
}

#[test]
fn a_judge_that_refuses_or_is_not_there_is_asked_no_more() {
    let (address, bench) = bench();
    let records: Vec<String> = (0..8)
        .map(|id| prose(&id.to_string(), "nobody wins"))
        .chain([pair("9", "a number", "Answer: 5", "5")])
        .collect();
    let folder = folder("refused", &records);
    let output = label(&folder, address, &["--key-file", "other-key", "--at-once", "1"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("the judge is asked no more: 401: who are you?"));
    assert_eq!(bench.questions().len(), 1);
    // What needs no judge is labelled all the same.
    assert_eq!(labels(&folder), [("9".to_owned(), 1.0)]);
    let none = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let one = self::folder("gone", &[prose("1", "nobody wins")]);
    let output = label(&one, none, &["--key-file", "key"]);
    let text = said(&output);
    assert!(text.contains("the judge did not answer: ") && text.contains("refused"), "{text}");
    assert_eq!(labels(&one), []);
}
