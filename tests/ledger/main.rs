//! Ledger scripts, on the rules alone and on every store; and what must hold whatever happens.
//!
//! `tests/corpus/credit/NAME.txt` is a script: one event a line, its outcome in the last column.
//! `tests/ledger/script.rs` says which events there are.
#![cfg(feature = "companion")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a helper that fails fails its test"
)]
mod crowd;
mod http;
mod locked;
mod model;
mod random;
mod raw;
mod script;
mod stores;
mod subject;
mod tampered;
mod trouble;

use std::fs;
use std::path::Path;

use script::Script;
use subject::Subject;

/// Every script there is: its name and its text.
fn scripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/credit");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut scripts: Vec<(String, String)> = entries
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    scripts.sort();
    assert!(scripts.len() >= 10, "the scripts are not where they were");
    scripts
}

/// Plays every script on a subject of its own, event by event and then many at once.
fn play(mut subject: impl FnMut(&str) -> Box<dyn Subject>) {
    let mut wrong = Vec::new();
    for (name, text) in scripts() {
        for (how, together) in [("one by one", 1), ("together", usize::MAX)] {
            let mut subject = subject(&name);
            let script = Script::parse(&text).unwrap_or_else(|why| panic!("{name}.txt:{why}"));
            let found = script.play(&mut *subject, together);
            wrong.extend(found.into_iter().map(|line| format!("{name}.txt:{line} ({how})")));
        }
    }
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}

#[test]
fn the_rules_alone() {
    play(|_| Box::new(model::Model::default()));
}

#[test]
fn sqlite_in_memory() {
    play(|_| Box::new(stores::Kept::open("sqlite::memory:")));
}

#[test]
fn sqlite_in_a_file() {
    let folder = stores::Folder::new("scripts");
    let mut count = 0;
    play(|name| {
        count += 1;
        let file = folder.file(&format!("{name}-{count}.db"));
        Box::new(stores::Kept::open(&format!("sqlite:{file}")))
    });
}

#[test]
fn over_http() {
    play(|_| Box::new(http::Front::open()));
}

#[test]
fn postgres() {
    let Some(server) = stores::Server::from_environment() else { return };
    play(|_| Box::new(stores::Kept::open(&server.fresh())));
}
