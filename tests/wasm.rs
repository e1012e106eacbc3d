//! The pure corpora as wasm32, in the engine that Envoy has: pointers of 32 bits, no threads.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "support/inputs.rs"]
mod inputs;
#[path = "support/streams.rs"]
mod streams;
mod support;
#[path = "support/texts.rs"]
mod texts;

use inputs::INPUTS;
use support::{CASES, run};
use tradewind::json::{Document, Limits};
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

#[wasm_bindgen_test]
fn every_dialect_case() {
    let (mut ran, mut wrong) = (0_usize, Vec::new());
    for case in CASES {
        ran = ran.saturating_add(1);
        match run(case) {
            Err(error) => wrong.push(format!("{}: {error}", case.name)),
            Ok(out) => {
                let golden = case.files.iter().filter(|(file, _)| !INPUTS.contains(file));
                let same = golden.clone().count() == out.len()
                    && golden.clone().all(|(file, text)| out.get(file).is_some_and(|o| o == text));
                if !same {
                    wrong.push(format!("{}: not what comes out natively", case.name));
                }
            }
        }
    }
    console_log!("{ran} dialect cases ran as wasm32");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert_eq!(ran, CASES.len());
    assert!(ran >= CASES_MIN, "the corpus has shrunk to {ran} cases");
}

/// The native test holds the list to be the folders there are; this holds it not to be empty.
const CASES_MIN: usize = 150;

#[wasm_bindgen_test]
fn every_stream_at_every_split() {
    assert_eq!(streams::wrong_cases(), [""; 0]);
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
