//! The rules of accounts, without a store: every script of `corpus/credit`, and what must hold
//! whatever happens.
#![cfg(not(target_family = "wasm"))]
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a helper that fails fails its test"
)]
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
#[path = "ledger/subject.rs"]
mod subject;

#[test]
fn every_script() {
    let scripts = files::texts("credit", ".txt");
    let wrong = script::wrong(&scripts, |_| Box::new(model::Model::default()));
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}
