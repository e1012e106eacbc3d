//! How long a score takes in V8: part of `make eval`, which reads what this prints.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]
use tradewind::complexity::{Classifier, Kind, LEXICAL, Lexical, Score, Weights};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

/// Prose, tables and code.
const TEXT: &str = concat!(include_str!("../src/README.md"), include_str!("../CHANGELOG.md"));

/// Weights as large as those that are made of thousands of labels.
fn weights() -> Weights {
    let lexical = Lexical { centre: 60, inverse: 500, weight: 3 };
    let kind = Kind {
        centre: [3; LEXICAL],
        tight: [20; LEXICAL],
        base: 0,
        limit: i32::MAX,
        usual: vec![0x5555_5555_5555_5555; (1 << 13) / 64],
        others: 256,
    };
    Weights {
        bits: 13,
        table: (0..1 << 13_u32)
            .map(|at: u32| {
                i8::from_le_bytes([at.wrapping_mul(77).to_le_bytes().first().copied().unwrap_or(0)])
            })
            .collect(),
        table_scale: 90_000,
        lexical: [lexical; LEXICAL],
        lexical_scale: 9000,
        bias: 1000,
        knots: core::array::from_fn(|at| i32::try_from(at).unwrap_or(0).wrapping_mul(500)),
        threshold: Score::of_parts(4000),
        kinds: vec![kind; 16],
        routes: Vec::new(),
    }
}

#[wasm_bindgen_test]
fn a_score_takes_microseconds() {
    let classifier = Classifier::new(weights());
    let mut sum = 0_u64;
    for (name, size) in [("1KiB", 1024), ("4KiB", 4096)] {
        let mut times: Vec<f64> = Vec::new();
        for round in 0..34_000_usize {
            let starts = TEXT.len().saturating_sub(size);
            let from = round.wrapping_mul(997).checked_rem(starts).unwrap_or(0);
            let from = TEXT.ceil_char_boundary(from);
            let to = TEXT.floor_char_boundary(from.saturating_add(size));
            let text = TEXT.get(from..to).unwrap_or_default();
            let before = now();
            let judged = classifier.judge([text], 2, None);
            let after = now();
            sum = sum.wrapping_add(judged.score.parts().into());
            times.push((after - before) * 1000.0);
        }
        // The first ones run while V8 still compiles, which takes longer on a busy machine.
        let mut times = times.split_off(30_000);
        times.sort_by(f64::total_cmp);
        let at =
            |part: usize| times.get(times.len().saturating_mul(part) / 100).copied().unwrap_or(0.0);
        console_log!("speed {name} {:.1} {:.1}", at(50), at(99));
    }
    assert!(sum > 0);
}
