//! The ids of tool calls.
use super::super::shape::{InvalidField, invalid, is_name};

/// Whether an id of a tool call is one that the API takes.
pub(super) fn id_is_good(id: &str, path: &str) -> Result<(), InvalidField> {
    if is_name(id, "_-", 256) {
        return Ok(());
    }
    let message = format!("{path}: String should match pattern '^[a-zA-Z0-9_-]+$'");
    Err(invalid(path, message))
}
