//! The pure corpora as wasm32, in the engine that Envoy has: pointers of 32 bits, no threads.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "support/credit.rs"]
mod credit;
#[path = "support/exchange/mod.rs"]
mod exchange;
#[path = "support/files.rs"]
mod files;
#[path = "support/folders.rs"]
mod folders;
#[path = "support/inputs.rs"]
mod inputs;
#[path = "support/streams.rs"]
mod streams;
mod support;
#[path = "support/texts.rs"]
mod texts;

use folders::folders;
use inputs::INPUTS;
use support::{Case, run};
use tradewind::json::{Document, Limits};
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

#[wasm_bindgen_test]
fn every_dialect_case() {
    let (mut ran, mut wrong) = (0_usize, Vec::new());
    for (name, files) in &folders() {
        ran = ran.saturating_add(1);
        let given: Vec<_> = files.iter().map(|(n, text)| (n.as_str(), text.as_str())).collect();
        match run(&Case { name, files: &given, step: 1 }) {
            Err(error) => wrong.push(format!("{name}: {error}")),
            Ok(out) => {
                let golden = given.iter().filter(|(file, _)| !INPUTS.contains(file));
                let same = golden.clone().count() == out.len()
                    && golden.clone().all(|(file, text)| out.get(file).is_some_and(|o| o == text));
                if !same {
                    wrong.push(format!("{name}: not what comes out natively"));
                }
            }
        }
    }
    console_log!("{ran} dialect cases ran as wasm32");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(ran >= CASES_MIN, "the corpus has shrunk to {ran} cases");
}

/// Cases there are at least.
const CASES_MIN: usize = 150;

#[wasm_bindgen_test]
fn every_stream_at_every_split() {
    assert_eq!(streams::wrong_cases(), [""; 0]);
}

#[wasm_bindgen_test]
fn every_script_of_a_request() {
    assert_eq!(exchange::wrong_scripts(as_it_is), [""; 0]);
}

#[wasm_bindgen_test]
fn every_story_of_requests() {
    assert_eq!(exchange::wrong_stories(as_it_is), [""; 0]);
}

#[wasm_bindgen_test]
fn every_script_of_accounts() {
    assert_eq!(credit::wrong_scripts(), [""; 0]);
}

/// Nothing is written from here.
const fn as_it_is(_: &str, _: &str, _: &str) -> bool {
    false
}

#[wasm_bindgen_test]
fn every_json_text() {
    assert_eq!(texts::wrong_texts(), [""; 0]);
}

/// Offsets are 32 bits wide everywhere, and four megabytes are read in one go.
#[wasm_bindgen_test]
fn a_large_body() {
    let text = "Gr\u{fc}\u{df}e \\\"you\\\"\\n".repeat(250_000);
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#);
    assert!(body.len() > 4_000_000);
    let document = Document::parse(body.as_bytes(), Limits::default());
    let messages = document.as_ref().ok().and_then(|document| document.root().get("messages"));
    let message = messages.and_then(|messages| messages.items().next());
    let content = message.and_then(|message| message.str_of("content"));
    assert_eq!(content.map(|text| text.len()), Some(14 * 250_000));
}
