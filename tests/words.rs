//! Whatever a reader reads of a request stands there once: of every request of the corpus, every
//! key on the way to a value that counts is sent twice, and in other spellings.
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::expect_used, reason = "a helper that fails fails its test")]
use std::fs;
use std::path::{Path, PathBuf};

use tradewind::dialect::{Inbound, Operation, client};
use tradewind::json::{Document, Kind, Limits, Value};

/// Fields whose values are the app's own: schemas, arguments, labels.
const FREE: [&str; 6] =
    ["input", "input_examples", "input_schema", "metadata", "parameters", "schema"];

/// A member on the way from the root to a value: where its object begins, its key and its text.
type Step = (usize, String, String);

/// Every value that is no array and no object, its place, and the members on the way to it.
fn leaves(value: Value<'_>, way: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, usize, usize)>) {
    match value.kind() {
        Kind::Object => {
            for (key, member) in value.members() {
                let free = FREE.contains(&&*key);
                way.push((value.span().start, key.into_owned(), member.raw().to_owned()));
                if !free {
                    leaves(member, way, found);
                }
                way.pop();
            }
        }
        Kind::Array => value.items().for_each(|item| leaves(item, way, found)),
        _ => found.push((way.clone(), value.span().start, value.span().end)),
    }
}

/// What is read of a body, or what is wrong with it.
fn read(inbound: &Inbound, body: &str) -> String {
    let document = Document::parse(body.as_bytes(), Limits::default()).expect(body);
    format!("{:?}", (inbound.read_request)(&document))
}

fn refused(inbound: &Inbound, body: &str) -> bool {
    let document = Document::parse(body.as_bytes(), Limits::default()).expect(body);
    inbound.ask(&document).is_err()
}

/// Another value of the same kind.
fn other(text: &str) -> String {
    match text.as_bytes() {
        [b'"', ..] => r#""another""#.to_owned(),
        b"true" => "false".to_owned(),
        b"false" => "true".to_owned(),
        b"null" => "7".to_owned(),
        _ => "7531".to_owned(),
    }
}

/// A key as others may write it: the same, escaped, capital, without separators.
fn spellings(key: &str) -> [String; 4] {
    let escaped: String = key.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let bare = key.replace('_', "");
    [key.to_owned(), escaped, key.to_uppercase(), bare]
}

fn requests() -> Vec<(PathBuf, &'static Inbound)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/dialect");
    let mut found = Vec::new();
    for client in client::ALL {
        for pair in fs::read_dir(&corpus).expect("the corpus").flatten() {
            let from = pair.file_name().to_string_lossy().starts_with(client.name);
            let cases = fs::read_dir(pair.path()).into_iter().flatten().flatten();
            let bodies = cases.map(|case| case.path().join("request.json"));
            let there = bodies.filter(|path| from && path.exists());
            let endpoint = client.endpoint_for(Operation::CHAT.name).expect("an endpoint");
            let inbound = endpoint.inbound().expect("an endpoint for models");
            found.extend(there.map(|path| (path, inbound)));
        }
    }
    found
}

#[test]
fn whatever_is_read_stands_there_once() {
    let (mut problems, mut tried) = (Vec::new(), 0_usize);
    let requests = requests();
    assert!(requests.len() > 50, "only {} requests", requests.len());
    for (path, inbound) in requests {
        let body = fs::read_to_string(&path).expect("a request");
        if refused(inbound, &body) {
            continue;
        }
        let as_it_is = read(inbound, &body);
        let document = Document::parse(body.as_bytes(), Limits::default()).expect("JSON");
        let mut found = Vec::new();
        leaves(document.root(), &mut Vec::new(), &mut found);
        for (way, start, end) in found {
            let (head, rest) = body.split_at(start);
            let (text, tail) = rest.split_at(end.saturating_sub(start));
            if read(inbound, &format!("{head}{}{tail}", other(text))) == as_it_is {
                continue;
            }
            for (at, key, value) in way {
                let (head, tail) = body.split_at(at.saturating_add(1));
                for spelling in spellings(&key) {
                    tried = tried.saturating_add(1);
                    if !refused(inbound, &format!("{head}\"{spelling}\":{value},{tail}")) {
                        problems.push(format!("{}: `{spelling}` before `{key}`", path.display()));
                    }
                }
            }
        }
    }
    problems.sort();
    problems.dedup();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    assert!(tried > 2000, "only {tried} ways");
}
