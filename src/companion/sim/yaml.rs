//! JSON or YAML into one value.
use serde_json::Value;

use crate::companion::yaml;

/// Reads a text as JSON, or else as YAML.
///
/// # Errors
/// What is wrong with it as YAML, with its line.
pub(super) fn read(text: &str) -> Result<Value, String> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let node = yaml::parse(text)
        .map_err(|problem| format!("line {}: {}", problem.line, problem.message))?;
    serde_json::from_str(&node.to_json()).map_err(|why| why.to_string())
}
