//! The pure corpora as wasm32, in the engine that Envoy has: pointers of 32 bits, no threads.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]
mod support;

use support::{CASES, INPUTS, run};
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

#[wasm_bindgen_test]
fn every_dialect_case() {
    let (mut ran, mut wrong) = (0_usize, Vec::new());
    for case in CASES {
        ran += 1;
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
