//! Answers that went on with another model: the rest is a request of its own in the log, and a part
//! of its app's in a report.
use std::collections::BTreeMap;

use super::entry::{Entry, Rest};

/// Adds to each request what the rest of its answer has used. Where that is in no line, nobody
/// knows what the whole answer has.
pub(super) fn add(rests: Vec<Rest>, entries: &mut [Entry]) {
    let mut all: BTreeMap<u64, Vec<Rest>> = BTreeMap::new();
    for rest in rests {
        all.entry(rest.of).or_default().push(rest);
    }
    for entry in entries {
        let own = all.get(&entry.request_id).map(Vec::as_slice).unwrap_or_default();
        if own.is_empty() && entry.went_on {
            entry.input_tokens = None.into();
            entry.output_tokens = None.into();
            entry.micros = None.into();
        }
        for rest in own {
            entry.input_tokens = entry.input_tokens.plus(rest.input_tokens);
            entry.output_tokens = entry.output_tokens.plus(rest.output_tokens);
            entry.micros = entry.micros.plus(rest.micros);
        }
    }
}
