//! An experiment that copies requests, with every field there is of one.
use serde_json::{Value, json};

/// One of which nothing is left out.
pub(crate) fn experiment() -> Value {
    let collector = json!({"endpoint": "http://texts:8800/records", "secret": "texts-token"});
    json!({"name": "copies", "shadow": {
        "rate": "0.5%", "chain": "c", "tenant": "lab", "max_in_flight": 4, "max_body": "64KiB",
        "timeout": "5m", "collector": collector,
    }})
}
