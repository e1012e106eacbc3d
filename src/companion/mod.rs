//! What runs beside Envoy: the commands.
#![expect(missing_docs, reason = "internal: a field whose name says all has no doc")]
pub mod calibrate;
pub mod cli;
pub mod collect;
mod html;
pub mod label;
pub mod ledger;
pub mod policy_file;
pub mod rehearsal;
pub mod render;
pub mod report;
pub mod schema;
pub mod sim;
mod yaml;
