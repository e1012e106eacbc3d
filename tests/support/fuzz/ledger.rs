//! What a proxy and a ledger tell each other, and the words of both.
use tradewind::credit::wire::{HoldReply, HoldRequest, Renewal, Renewed, Settled, Settlement};
use tradewind::json::{Document, Limits};

use crate::files::texts;

/// The bodies that proxies send in stories, and answers to them.
pub(super) fn messages() -> Vec<Vec<u8>> {
    const ANSWERS: [&str; 4] = [
        r#"{"results":[{"state":"settled"},{"state":"invalid"}]}"#,
        r#"{"results":[{"state":"held","expires_in":30},{"state":"unknown"}]}"#,
        r#"{"hold_id":"h","state":"held","balance":"9","available":"-1.5","last_purchase":"1"}"#,
        r#"{"type":"about:blank","status":402,"detail":"x","available":"0","balance":"0"}"#,
    ];
    let stories = texts("story", ".txt");
    let asked = stories.values().flat_map(|text| text.lines()).filter_map(|line| {
        let (_, body) = line.strip_prefix("ledger/")?.split_once(" {")?;
        Some(format!("{{{}", body.split(" -> ").next()?))
    });
    let answers = ANSWERS.map(str::to_owned);
    let mut all: Vec<String> = asked.chain(answers).collect();
    all.sort();
    all.dedup();
    all.into_iter().map(String::into_bytes).collect()
}

/// A message of either side.
pub(super) fn ledger(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes, Limits::default()) else { return };
    let _ = HoldRequest::read(&document);
    for status in [200, 201, 402, 409, 503] {
        let _ = HoldReply::read(status, &document);
    }
    let _ = Settlement::read_batch(&document);
    let _ = Renewal::read_batch(&document);
    let _ = Settled::read(&document);
    let _ = Renewed::read(&document);
}
