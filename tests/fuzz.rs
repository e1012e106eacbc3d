//! Every parser takes whatever bytes there are: it reads them or says no, and never panics.
//! `make fuzz ARGS=MINUTES` gives each of them that long.
#![cfg(feature = "companion")]
#![expect(clippy::unwrap_used, reason = "a test that fails says so")]
#[path = "support/files.rs"]
mod files;
#[path = "support/folders.rs"]
mod folders;
#[path = "support/fuzz.rs"]
mod fuzz;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use files::texts;
use folders::folders;
use fuzz::fuzz;
use support::{Case, run};
use tradewind::companion::policy_file;
use tradewind::credit::Credits;
use tradewind::credit::wire::{HoldReply, HoldRequest, Renewal, Renewed, Settled, Settlement};
use tradewind::dialect::{read_body, read_fields, sse};
use tradewind::json::{Document, Effort, Limits, conforms};
use tradewind::policy::Policy;

/// The files of a folder of the corpus, and of those below it.
fn seeds(folder: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    fn walk(folder: &Path, endings: &[&str], found: &mut Vec<Vec<u8>>) {
        let mut paths: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                walk(&path, endings, found);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(fs::read(&path).unwrap());
            }
        }
    }
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    walk(&root.join(folder), endings, &mut found);
    found
}

#[test]
fn fuzzed_json() {
    fuzz("json", &seeds("dialect", &[".json"]), |bytes| {
        let Ok(document) = Document::parse(bytes, Limits::default()) else { return };
        let root = document.root();
        let _ = root.members().count() + root.items().count();
        let _ = read_body(bytes);
        let _ = read_fields(bytes, &["model", "messages"]);
    });
}

#[test]
fn fuzzed_schemas() {
    let seeds = seeds("dialect", &["request.json"]);
    fuzz("schema", &seeds, |bytes| {
        // A document and its schema, one after the other.
        let (value, schema) = bytes.split_at(bytes.len() / 2);
        for (value, schema) in [(bytes, bytes), (value, schema)] {
            let value = Document::parse(value, Limits::default());
            let schema = Document::parse(schema, Limits::default());
            if let (Ok(value), Ok(schema)) = (value, schema) {
                let _ = conforms(value.root(), schema.root(), &Effort::default());
            }
        }
    });
}

#[test]
fn fuzzed_streams() {
    fuzz("sse", &seeds("dialect", &[".sse"]), |bytes| {
        let mut parser = sse::Parser::default();
        let mut given = Vec::new();
        let mut give = |_: sse::Block<'_>, raw: &[u8]| given.extend_from_slice(raw);
        if bytes.chunks(7).try_for_each(|piece| parser.push(piece, &mut give)).is_err() {
            return;
        }
        parser.finish(give);
        // Nothing of a stream is lost, and nothing comes twice.
        assert_eq!(given, bytes);
    });
}

#[test]
fn fuzzed_requests_and_answers_of_every_pair() {
    let folders = folders();
    let cases: Vec<_> = folders.iter().collect();
    let inputs = ["request.json", "answer.json", "answer.sse", "fault.json"];
    let is_input = |(_, (_, files)): &(usize, &(&String, &BTreeMap<String, String>))| {
        inputs.iter().any(|name| files.contains_key(*name))
    };
    // A seed begins with its case and its file: the parser finds both again by these two numbers.
    let mut known = Vec::new();
    for (index, (_, files)) in cases.iter().enumerate().filter(is_input) {
        for (which, name) in inputs.iter().enumerate() {
            let Some(text) = files.get(*name) else { continue };
            known.push(
                [index.to_string(), " ".into(), which.to_string(), " ".into(), text.clone()]
                    .concat()
                    .into_bytes(),
            );
        }
    }
    fuzz("dialect", &known, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let mut parts = text.splitn(3, ' ');
        let mut number = || parts.next().and_then(|own| own.parse::<usize>().ok()).unwrap_or(0);
        let (index, which) = (number() % cases.len(), number() % inputs.len());
        let body = parts.next().unwrap_or_default();
        let (name, files) = cases[index];
        let own = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let mut own: Vec<_> = own.filter(|(name, _)| !inputs.contains(name)).collect();
        own.push((inputs[which], body));
        let _ = run(&Case { name, files: &own });
    });
}

#[test]
fn fuzzed_policies() {
    let all =
        [seeds("policy", &[".yaml", ".json"]), seeds("problem", &[".yaml", ".json"])].concat();
    fuzz("policy", &all, |bytes| {
        let _ = policy_file::parse(bytes);
        let _ = Policy::from_json(bytes);
    });
}

#[test]
fn fuzzed_messages_of_the_ledger() {
    let calls = texts("story", ".txt");
    let calls = calls.values().flat_map(|text| text.lines()).filter_map(|line| {
        let (_, body) = line.split_once(" {")?;
        line.starts_with("ledger/").then(|| format!("{{{}", body.split(" -> ").next().unwrap()))
    });
    let mut seeds: Vec<Vec<u8>> = calls.map(String::into_bytes).take(200).collect();
    seeds.push(br#"{"results":[{"state":"settled"},{"state":"invalid"}]}"#.to_vec());
    seeds.push(
        br#"{"hold_id":"h","state":"held","balance":"9","available":"-1.5","last_purchase":"1"}"#
            .to_vec(),
    );
    fuzz("ledger", &seeds, |bytes| {
        let _ = String::from_utf8_lossy(bytes).parse::<Credits>();
        let Ok(document) = Document::parse(bytes, Limits::default()) else { return };
        let _ = HoldRequest::read(&document);
        for status in [200, 201, 402, 503] {
            let _ = HoldReply::read(status, &document);
        }
        let _ = Settlement::read_batch(&document);
        let _ = Renewal::read_batch(&document);
        let _ = Settled::read(&document);
        let _ = Renewed::read(&document);
    });
}
