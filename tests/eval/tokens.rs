//! The error of the token estimate on texts whose tokens were counted: `make eval`.
#![expect(clippy::print_stdout, reason = "it is what it is for")]
use std::error::Error;

use serde_json::Value;
use tradewind::dialect::tokens::estimate;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which file of texts?")?;
    let file = std::fs::read_to_string(path)?;
    let texts: Vec<Value> = file.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    for of in ["o200k", "cl100k"] {
        let (mut errors, mut guessed, mut counted) = (Vec::new(), 0.0, 0.0);
        for text in &texts {
            let guess = estimate(text.get("text").and_then(Value::as_str).ok_or("no text")?) as f64;
            let count = text.get(of).and_then(Value::as_f64).ok_or("no count")?;
            errors.push((guess / count - 1.0).abs());
            guessed += guess;
            counted += count;
        }
        errors.sort_by(f64::total_cmp);
        let mean = errors.iter().sum::<f64>() / errors.len() as f64 * 100.0;
        let p95 = errors.get(errors.len().saturating_mul(95) / 100).copied().unwrap_or(0.0) * 100.0;
        let bias = (guessed / counted - 1.0) * 100.0;
        println!(r#"{{"of": "{of}", "mean": {mean}, "p95": {p95}, "bias": {bias}}}"#);
    }
    Ok(())
}
