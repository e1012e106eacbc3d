//! JSON, and whether a value conforms to a schema.
use tradewind::decide::canonical;
use tradewind::dialect::{read_body, read_fields};
use tradewind::json::{Document, Effort, Limits, Value, conforms};

use super::seeds::files;
use crate::beside::{agree, one_verdict};

pub(super) fn documents() -> Vec<Vec<u8>> {
    [files("dialect", &[".json"]), files("exchange/policy", &[".json"])].concat()
}

/// What is JSON is so for serde_json as well, and holds the same.
pub(super) fn json(bytes: &[u8]) {
    assert_eq!(agree(bytes), Ok(()));
    assert!(one_verdict(bytes), "whether it is JSON depends on who reads it");
    for limits in [Limits::default(), Limits::lenient()] {
        let Ok(document) = Document::parse(bytes, limits) else { continue };
        let mut of = Vec::new();
        canonical(document.root(), &["model"], &mut |bytes| of.extend_from_slice(bytes));
    }
    let _ = read_body(bytes);
    let _ = read_fields(bytes, &["model", "messages"]);
}

/// The schemas that requests hold, each with a value beside it.
pub(super) fn schemas() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for file in files("dialect", &["request.json"]) {
        if let Ok(document) = Document::parse(&file, Limits::default()) {
            within(document.root(), &mut found);
        }
    }
    found.sort();
    found.dedup();
    found
}

fn within(value: Value<'_>, found: &mut Vec<Vec<u8>>) {
    const VALUES: [&str; 3] = ["{}", r#"{"city":"Oslo","unit":"c","n":[1,2]}"#, r#"[1,"a",null]"#];
    for (name, member) in value.members() {
        if ["schema", "parameters", "input_schema"].contains(&&*name) {
            let own = VALUES.iter().map(|value| format!("[{},{value}]", member.raw()).into_bytes());
            found.extend(own);
        }
        within(member, found);
    }
    value.items().for_each(|item| within(item, found));
}

/// `[SCHEMA, VALUE]`.
pub(super) fn schema(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes, Limits::default()) else { return };
    let mut items = document.root().items();
    if let (Some(schema), Some(value)) = (items.next(), items.next()) {
        let _ = conforms(value, schema, &Effort::default());
    }
}
