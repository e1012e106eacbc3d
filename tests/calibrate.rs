//! `tradewind calibrate` and `tradewind score`, as an operator runs them.
#![cfg(feature = "companion")]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// A folder of one test.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("calibrate").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn tradewind(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
    command.current_dir(folder).args(args).output().unwrap()
}

fn calibrate(folder: &Path, more: &[&str]) -> Output {
    let args = ["calibrate", "--labels", "labels.jsonl", "--out", "w.json", "--report", "report"];
    tradewind(folder, &[&args[..], more].concat())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33).checked_rem(bound).unwrap()
    }
}

/// What is spoken of: words of two syllables, so many that few texts have the same ones.
fn noun(random: &mut Random) -> String {
    const PARTS: [&str; 12] =
        ["ri", "ver", "bri", "den", "gar", "let", "mar", "ket", "win", "ter", "so", "lu"];
    let mut part = || PARTS.get(usize::try_from(random.below(12)).unwrap()).unwrap();
    format!("{}{}", part(), part())
}

/// Sums, at which both models are good, and proofs, which the budget model often gets wrong.
fn prompt(random: &mut Random, hard: bool) -> String {
    let (a, b) = (random.below(900), random.below(90));
    let [noun, other, third, fourth] = core::array::from_fn(|_| noun(random));
    if hard {
        format!(
            "Prove the following lemma about {noun} and {other}, and derive a bound of {b} from \
             it for {third} and {fourth}."
        )
    } else {
        format!(
            "How much is {a} {noun} plus {b} {other}? Answer with a number of {third} for \
             {fourth}."
        )
    }
}

/// Labels, half of them hard.
fn labels(count: u64) -> Vec<Value> {
    let mut random = Random(7);
    let label = |n: u64| {
        let hard = n.is_multiple_of(2);
        let wrong = random.below(100) < if hard { 40 } else { 0 };
        let failed = random.below(100) < 5;
        json!({
            "id": n,
            "route": if n.is_multiple_of(3) { "chat" } else { "school" },
            "prompt": format!("{} ({n})", prompt(&mut random, hard)),
            "premium": if failed { 0.0 } else { 1.0 },
            "budget": if failed || wrong { 0.0 } else { 1.0 },
            "input_tokens": 20, "premium_tokens": 200, "budget_tokens": 180,
        })
    };
    (0..count).map(label).collect()
}

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

#[test]
fn what_is_easy_goes_to_the_budget_model_and_the_promise_is_kept() {
    let folder = folder("promise");
    fs::write(folder.join("labels.jsonl"), lines(&labels(3000))).unwrap();
    let output = calibrate(&folder, &["--price-ratio", "20"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("learning: "), "{}", said(&output));
    let report = json_of(&folder.join("report/report.json"));
    assert_eq!(report.get("verdict"), Some(&json!("promised")));
    let number = |path: &str| report.pointer(path).and_then(Value::as_f64).unwrap();
    assert!(number("/expected/saved/mean") > 0.4, "{}", number("/expected/saved/mean"));
    assert!(number("/expected/quality/mean") > -0.01);
    assert!(number("/expected/saved/mean") > 1.5 * number("/same_rule/chance/saved/mean"));
    assert!(number("/ranking/calibrated") > 0.7);
    let page = fs::read_to_string(folder.join("report/report.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script") && !page.contains("http"));
    assert_eq!(fs::read(folder.join("report/report.txt")).unwrap(), output.stdout);

    // The requests are new ones; a body of either dialect is scored as its text alone.
    let (easy, hard) = (
        "How much is 417 river plus 54 garden? Answer with a number of letter for winter. (2711)",
        "Prove the following lemma about river and garden, and derive a bound of 54 from it for \
         letter and winter. (2712)",
    );
    let openai = json!({"model": "m", "messages": [{"role": "user", "content": easy}]});
    let anthropic = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": [{"type": "text", "text": easy}]}]});
    let requests = [
        json!({"id": "easy", "route": "chat", "prompt": easy}),
        json!({"id": "openai", "route": "chat", "request": openai}),
        json!({"id": "anthropic", "route": "chat", "request": anthropic}),
        json!({"id": "hard", "route": "chat", "prompt": hard}),
        json!({"id": "no route", "prompt": easy}),
        json!({"id": "unknown route", "route": "new", "prompt": easy}),
        json!({"id": "unknown kind", "route": "chat",
            "prompt": "```rust\nfn f(x: &[u8]) -> u8 {\n    x[0] & 7\n}\n```\n".repeat(9)}),
    ];
    fs::write(folder.join("requests.jsonl"), lines(&requests)).unwrap();
    let output = tradewind(&folder, &["score", "--weights", "w.json", "requests.jsonl"]);
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let scored: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let classes: Vec<&str> =
        scored.iter().map(|one| one.get("class").unwrap().as_str().unwrap()).collect();
    let expected = ["budget", "budget", "budget", "premium", "budget", "premium", "premium"];
    assert_eq!(classes, expected, "{text}");
    let score = |at: usize| scored.get(at).unwrap().get("score").unwrap();
    assert_eq!((score(0), score(0)), (score(1), score(2)));
    let threshold = json_of(&folder.join("w.json")).get("threshold").unwrap().as_f64().unwrap();
    assert!([5, 6].iter().all(|at| score(*at).as_f64().unwrap() >= threshold), "{text}");
}

#[test]
fn a_seed_makes_the_same_files_to_the_last_byte() {
    let folder = folder("seed");
    fs::write(folder.join("labels.jsonl"), lines(&labels(700))).unwrap();
    let files = ["w.json", "report/report.txt", "report/report.json", "report/report.html"];
    let made = |seed: &str| {
        assert!(calibrate(&folder, &["--seed", seed]).status.success());
        files.map(|name| fs::read(folder.join(name)).unwrap())
    };
    let first = made("3");
    assert_eq!(made("3"), first);
    assert_ne!(made("4"), first);
}

#[test]
fn too_few_labels_promise_nothing() {
    let folder = folder("few");
    let rows = labels(200);
    fs::write(folder.join("labels.jsonl"), lines(&rows)).unwrap();
    let output = calibrate(&folder, &[]);
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("Nothing is promised, and everything stays premium"), "{text}");
    let report = json_of(&folder.join("report/report.json"));
    assert_eq!(report.get("verdict"), Some(&json!("too_few_labels")));
    assert_eq!(report.pointer("/expected/saved/mean"), Some(&json!(0.0)));
    let output = tradewind(&folder, &["score", "--weights", "w.json", "labels.jsonl"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches("\"premium\"").count(), rows.len());
}

#[test]
fn a_policy_has_the_prices() {
    let folder = folder("policy");
    fs::write(folder.join("labels.jsonl"), lines(&labels(700))).unwrap();
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/policy/credits.yaml");
    let policy = policy.to_str().unwrap();
    let with = |premium: &str, budget: &str| {
        calibrate(&folder, &["--policy", policy, "--premium", premium, "--budget", budget])
    };
    let output = with("gpt-6-sol", "gpt-6-luna");
    assert!(output.status.success(), "{}", said(&output));
    let report = json_of(&folder.join("report/report.json"));
    assert_eq!(
        report.pointer("/asked/price"),
        Some(&json!("the policy's prices of gpt-6-sol and gpt-6-luna"))
    );
    for (premium, budget, says) in [
        ("gpt-6-luna", "gpt-6-sol", "is not dearer than"),
        ("nothing", "gpt-6-luna", "there is no model `nothing`"),
    ] {
        let output = with(premium, budget);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(says), "{}", said(&output));
    }
    assert_eq!(calibrate(&folder, &["--policy", policy]).status.code(), Some(2));
}

#[test]
fn what_is_wrong_with_labels_is_said_with_its_line() {
    let folder = folder("wrong");
    let row = |id: u64, premium: f64, budget: f64| json!({"id": id, "prompt": format!("text {id}"), "premium": premium, "budget": budget});
    let same: Vec<Value> = (0..50).map(|id| row(id, 0.5, 0.25)).collect();
    let never: Vec<Value> = (0..50).map(|id| row(id, 0.0, f64::from(u8::from(id > 20)))).collect();
    let always: Vec<Value> = (0..50).map(|id| row(id, 1.0, 0.1 * (id % 3) as f64)).collect();
    let bad = |line: &str| format!("{}{line}\n", lines(&same));
    for (file, says) in [
        (String::new(), "there are no labels"),
        ("\n \n".to_owned(), "there are no labels"),
        (lines(&same), "the quality is the same in all 50 labels"),
        (lines(&never), "in none of 50 labels is the premium answer better"),
        (lines(&always), "in all of 50 labels the premium answer is better"),
        (bad("{"), "labels.jsonl:51: not JSON"),
        (bad("[]"), "labels.jsonl:51: expected an object, found"),
        (
            bad(r#"{"id": 60, "prompt": "x", "premium": NaN, "budget": 0}"#),
            "JSON has no NaN: leave out what nobody judged",
        ),
        (
            bad(r#"{"id": 60, "prompt": "x", "premium": 1.5, "budget": 0}"#),
            ":51: `premium` must be a number from 0 to 1, found 1.5",
        ),
        (
            bad(r#"{"id": 60, "prompt": "x", "premium": "1", "budget": 0}"#),
            ":51: `premium` must be",
        ),
        (bad(r#"{"id": 60, "prompt": "x", "premium": 1}"#), ":51: `budget` is missing"),
        (bad(r#"{"prompt": "x", "premium": 1, "budget": 0}"#), ":51: `id` is missing"),
        (
            bad(r#"{"id": 7, "prompt": "y", "premium": 1, "budget": 0}"#),
            ":51: the id `7` is that of line 8 already",
        ),
        (bad(r#"{"id": 60, "premium": 1, "budget": 0}"#), ":51: neither `prompt` nor `request`"),
        (
            bad(r#"{"id": 60, "prompt": "x", "request": {}, "premium": 1, "budget": 0}"#),
            ":51: both",
        ),
        (
            bad(r#"{"id": 60, "request": {"messages": 1}, "premium": 1, "budget": 0}"#),
            ":51: `request` is no request",
        ),
        (
            bad(r#"{"id": 60, "prompt": "x", "premium": 1, "budget": 0, "premium": 0}"#),
            ":51: `premium` stands there twice: keep one",
        ),
        (
            bad(r#"{"id": 60, "prompt": "x", "premium": 1, "bugdet": 0}"#),
            ":51: there is no member `bugdet`; did you mean `budget`?",
        ),
        (
            bad(r#"{"id": 60, "prompt": "x", "premium": 1, "budget": 0, "input_tokens": -1}"#),
            ":51: `input_tokens` must",
        ),
    ] {
        fs::write(folder.join("labels.jsonl"), file).unwrap();
        let output = calibrate(&folder, &[]);
        assert_eq!(output.status.code(), Some(1), "{says}");
        assert!(said(&output).contains(says), "{} / {says}", said(&output));
        assert!(!folder.join("w.json").exists(), "{says}");
    }
    fs::remove_file(folder.join("labels.jsonl")).unwrap();
    let output = calibrate(&folder, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("cannot be read"), "{}", said(&output));
    for share in ["0", "1", "NaN", "x"] {
        assert_eq!(calibrate(&folder, &["--max-loss", share]).status.code(), Some(2), "{share}");
    }
}

#[test]
fn what_is_read_is_not_written_over_and_what_nobody_reads_is_said() {
    let folder = folder("over");
    let mut rows = labels(100);
    for row in &mut rows {
        row.as_object_mut().unwrap().insert("judged_by".to_owned(), json!("ann"));
    }
    fs::write(folder.join("labels.jsonl"), lines(&rows)).unwrap();
    fs::create_dir(folder.join("report")).unwrap();
    for args in [
        ["--labels", "labels.jsonl", "--out", "labels.jsonl"],
        ["--labels", "labels.jsonl", "--out", "report/../labels.jsonl"],
        ["--labels", "report/report.json", "--out", "w.json"],
    ] {
        fs::copy(folder.join("labels.jsonl"), folder.join("report/report.json")).unwrap();
        let output =
            tradewind(&folder, &[&["calibrate", "--report", "report"][..], &args[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(said(&output).contains("would be written over"), "{}", said(&output));
        assert_eq!(fs::read_to_string(folder.join("labels.jsonl")).unwrap(), lines(&rows));
    }
    let output = calibrate(&folder, &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("members that are not read: `judged_by`"), "{}", said(&output));
}

#[test]
fn a_text_that_stands_twice_is_one_piece_of_evidence_and_said() {
    let folder = folder("twice");
    let mut rows = labels(300);
    let mut again = rows.clone();
    for (row, n) in again.iter_mut().zip(1000..) {
        let row = row.as_object_mut().unwrap();
        row.insert("id".to_owned(), json!(n));
        row.insert("budget".to_owned(), json!(1.0));
    }
    rows.extend(again);
    fs::write(folder.join("labels.jsonl"), lines(&rows)).unwrap();
    let output = calibrate(&folder, &[]);
    assert!(output.status.success(), "{}", said(&output));
    let says = "300 labels repeat the text of an earlier one, or differ from it in numbers, ";
    assert!(said(&output).contains(says), "{}", said(&output));
    let report = json_of(&folder.join("report/report.json"));
    assert_eq!(report.pointer("/labels/texts"), Some(&json!(300)));
}

/// Copies that differ in nothing that matters promise no more than the texts that they are of.
#[test]
fn a_text_that_stands_there_in_eight_guises_is_one_piece_of_evidence() {
    let folder = folder("guises");
    let copy = |row: &Value, n: u64| {
        let mut row = row.clone();
        let text = row.get("prompt").unwrap().as_str().unwrap();
        let spaces = " ".repeat(usize::try_from(n).unwrap());
        let text = format!("[2026-11-{:02}T12:0{n}:07Z]{spaces}{text}\n(request {n})", n + 10);
        let own = row.as_object_mut().unwrap();
        own.insert("id".to_owned(), json!(format!("{} of {n}", own.get("id").unwrap())));
        own.insert("prompt".to_owned(), json!(text));
        row
    };
    let rows = labels(200);
    let rows: Vec<Value> = (0..8).flat_map(|n| rows.iter().map(move |row| copy(row, n))).collect();
    fs::write(folder.join("labels.jsonl"), lines(&rows)).unwrap();
    let output = calibrate(&folder, &[]);
    assert!(output.status.success(), "{}", said(&output));
    let report = json_of(&folder.join("report/report.json"));
    assert_eq!(report.pointer("/labels/texts"), Some(&json!(200)));
    assert_eq!(report.get("verdict"), Some(&json!("too_few_labels")));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("1400 labels repeat the text of an earlier one"), "{text}");
}

#[test]
fn what_is_wrong_with_weights_or_requests_is_said() {
    let folder = folder("score");
    fs::write(folder.join("requests.jsonl"), "{\"id\": 1, \"prompt\": \"x\"}\n{\"id\": 2}\n")
        .unwrap();
    fs::write(folder.join("empty.jsonl"), "").unwrap();
    fs::write(folder.join("w.json"), "{}").unwrap();
    let output = tradewind(&folder, &["score", "requests.jsonl"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).starts_with("requests.jsonl:2: neither `prompt` nor"),
        "{}",
        said(&output)
    );
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(line, "{\"id\":\"1\",\"score\":0.0000,\"class\":\"premium\"}\n");
    let output = tradewind(&folder, &["score", "--threshold", "0.5", "requests.jsonl"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"budget\""));
    for (args, says) in [
        (["score", "--weights", "w.json", "requests.jsonl"], "w.json: no `weights`"),
        (["score", "--weights", "none.json", "requests.jsonl"], "none.json: cannot be read"),
        (["score", "--threshold", "0.5", "empty.jsonl"], "empty.jsonl: there are no requests"),
    ] {
        let output = tradewind(&folder, &args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(said(&output).starts_with(says), "{}", said(&output));
    }
}

#[test]
fn a_ranking_where_nothing_can_be_won_back_is_undefined() {
    let folder = folder("no-gap");
    let mut rows = labels(400);
    for (at, row) in rows.iter_mut().enumerate() {
        let members = row.as_object_mut().unwrap();
        let first = at.is_multiple_of(2);
        members.insert("premium".to_owned(), json!(u8::from(first)));
        members.insert("budget".to_owned(), json!(u8::from(!first)));
    }
    fs::write(folder.join("labels.jsonl"), lines(&rows)).unwrap();
    let output = calibrate(&folder, &["--price-ratio", "20"]);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(
        text.contains("Ranking     undefined: premium is no better"),
        "{text}{}",
        said(&output)
    );
    assert!(!text.contains("Labels and ranking"), "{text}");
    let report = json_of(&folder.join("report/report.json"));
    assert_eq!(report.pointer("/ranking/calibrated"), Some(&Value::Null));
    assert_eq!(report.pointer("/learning"), Some(&json!([])));
    let page = fs::read_to_string(folder.join("report/report.html")).unwrap();
    assert!(page.contains("undefined") && !page.contains("NaN"));
}
