//! What runs beside Envoy: the commands.
pub mod cli;
pub mod ledger;
pub mod policy_file;
pub mod render;
pub mod schema;
pub mod sim;
mod yaml;
