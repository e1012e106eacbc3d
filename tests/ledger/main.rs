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
mod books;
#[path = "../support/cases.rs"]
mod cases;
mod commands;
mod crowd;
#[path = "../support/files.rs"]
mod files;
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

use files::texts;
use subject::Subject;

/// Plays every script on a subject of its own, event by event and then many at once.
fn play(subject: impl FnMut(&str) -> Box<dyn Subject>) {
    let wrong = script::wrong(&texts("credit", ".txt"), subject);
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
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
