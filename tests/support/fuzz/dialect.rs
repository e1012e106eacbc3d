//! Wire formats: what apps and providers of every pair send.
use std::collections::BTreeMap;

use tradewind::dialect::{beginnings, dropped, sse};
use tradewind::json::{Document, Limits};

use super::parts;
use super::seeds::{files, short};
use crate::dialects::{Case, run};
use crate::folders::folders;

const CLIENTS: [&str; 2] = ["openai", "anthropic"];
const PROVIDERS: [&str; 3] = ["openai", "anthropic", "gemini"];

/// The files of that name of all cases, each with the model that it is for.
fn cases(name: &str) -> Vec<Vec<u8>> {
    let own = |files: BTreeMap<String, String>| {
        let mut seed = files.get(name)?.clone().into_bytes();
        if let Some(target) = files.get("target.txt") {
            seed.push(super::BETWEEN);
            seed.extend_from_slice(target.as_bytes());
        }
        Some(seed)
    };
    short(folders().into_values().filter_map(own).collect())
}

/// Every pair gets the body: it is refused, or what must hold of every case holds of it.
fn every_pair(file: &str, bytes: &[u8]) {
    let mut parts = parts(bytes).map(String::from_utf8_lossy);
    let (body, target) = (parts.next().unwrap_or_default(), parts.next());
    let target = target.as_ref().map(|own| ("target.txt", &**own));
    let files: Vec<_> = [Some((file, &*body)), target].into_iter().flatten().collect();
    let step = body.len().div_ceil(3);
    for (client, provider) in CLIENTS.iter().flat_map(|c| PROVIDERS.map(|provider| (c, provider))) {
        let name = format!("{client}-{provider}/fuzzed");
        let out = run(&Case { name: &name, files: &files, step });
        let wrong = out.err().filter(|wrong| !of_the_input(file, wrong));
        assert_eq!(wrong, None, "{name}");
    }
}

/// What is no JSON is no file of a case. Of what a provider says after its end the exchange reads
/// its usage alone, and what the arguments of a call come to in a stream is known at its end.
fn of_the_input(file: &str, wrong: &str) -> bool {
    let streamed = ["nothing comes after the end", "arguments"];
    let streamed = file == "answer.sse" && streamed.iter().any(|own| wrong.starts_with(own));
    streamed || wrong.starts_with(file)
}

pub(super) fn requests() -> Vec<Vec<u8>> {
    cases("request.json")
}

pub(super) fn request(bytes: &[u8]) {
    every_pair("request.json", bytes);
    let body = parts(bytes).next().unwrap_or_default();
    let Ok(document) = Document::parse(body, Limits::default()) else { return };
    for from in beginnings(document.root(), 1) {
        let _ = dropped(document.root(), from, 1);
    }
}

pub(super) fn answers() -> Vec<Vec<u8>> {
    cases("answer.json")
}

pub(super) fn answer(bytes: &[u8]) {
    every_pair("answer.json", bytes);
}

pub(super) fn faults() -> Vec<Vec<u8>> {
    cases("fault.json")
}

/// A status, a line's end, and a body.
pub(super) fn fault(bytes: &[u8]) {
    every_pair("fault.json", bytes);
}

pub(super) fn streams() -> Vec<Vec<u8>> {
    cases("answer.sse")
}

pub(super) fn stream(bytes: &[u8]) {
    every_pair("answer.sse", bytes);
}

pub(super) fn bare_streams() -> Vec<Vec<u8>> {
    files("dialect", &[".sse"])
}

/// Events are the same however their bytes come, none is lost and none comes twice.
pub(super) fn sse(bytes: &[u8]) {
    let read = |size: usize| {
        let (mut parser, mut given, mut events) = (sse::Parser::default(), Vec::new(), Vec::new());
        let mut give = |block: sse::Block<'_>, raw: &[u8]| {
            given.extend_from_slice(raw);
            events.extend(block.event().map(|event| format!("{event:?}")));
        };
        let pushed = bytes.chunks(size).try_for_each(|piece| parser.push(piece, &mut give));
        pushed.ok()?;
        parser.finish(give);
        Some((given, events))
    };
    let whole = read(bytes.len().max(1));
    if let Some((given, _)) = &whole {
        assert_eq!(given, bytes);
    }
    for size in [1, 7] {
        assert_eq!(read(size), whole, "in pieces of {size}");
    }
}
