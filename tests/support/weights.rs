//! Weights of nothing, as `tradewind calibrate` would write them.
use serde_json::Value;
use tradewind::complexity::{KNOTS, LEXICAL, Lexical, Score, Weights};

/// A file of weights.
pub(crate) fn file() -> Vec<u8> {
    let weights = Weights {
        bits: 8,
        table: vec![0; 256],
        table_scale: 0,
        lexical: [Lexical::default(); LEXICAL],
        lexical_scale: 0,
        bias: 0,
        knots: [0; KNOTS],
        threshold: Score::of_parts(6200),
        kinds: Vec::new(),
        routes: Vec::new(),
    };
    weights.to_json(|_| ())
}

/// What of it stands in a policy.
pub(crate) fn base64() -> String {
    let file: Value = serde_json::from_slice(&file()).unwrap();
    file.get("weights").and_then(Value::as_str).unwrap().to_owned()
}
