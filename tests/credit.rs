//! The rules of accounts, without a store: every script of `corpus/credit`, and what must hold
//! whatever happens.
#![cfg(not(target_family = "wasm"))]
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a helper that fails fails its test"
)]
#[path = "ledger/alerts.rs"]
mod alerts;
#[path = "ledger/answers.rs"]
mod answers;
#[path = "ledger/audited.rs"]
mod audited;
#[path = "ledger/books.rs"]
mod books;
#[path = "support/cases.rs"]
mod cases;
#[path = "ledger/commands.rs"]
mod commands;
#[path = "support/files.rs"]
mod files;
#[path = "ledger/model.rs"]
mod model;
#[path = "ledger/rules.rs"]
mod rules;
#[path = "ledger/script.rs"]
mod script;
#[path = "ledger/shelf.rs"]
mod shelf;
#[path = "ledger/subject.rs"]
mod subject;
#[path = "ledger/wire.rs"]
mod wire;

fn play(subject: impl FnMut(&str) -> Box<dyn subject::Subject>) {
    let wrong = script::wrong(&files::texts("credit", ".txt"), subject);
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}

#[test]
fn every_script() {
    play(|_| Box::new(model::Model::default()));
}

#[test]
fn every_script_from_what_is_kept() {
    play(|_| Box::new(shelf::Shelf::default()));
}
