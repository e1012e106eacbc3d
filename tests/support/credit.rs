//! Every script of `corpus/credit` on the rules alone.
#![expect(clippy::arithmetic_side_effects, reason = "a helper that fails fails its test")]
#[path = "../ledger/model.rs"]
mod model;
#[path = "../ledger/script.rs"]
mod script;
#[path = "../ledger/subject.rs"]
mod subject;

use crate::files::texts;

/// What is wrong with them.
pub(crate) fn wrong_scripts() -> Vec<String> {
    script::wrong(&texts("credit", ".txt"), |_| Box::new(model::Model::default()))
}
