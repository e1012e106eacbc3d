//! The ledger over HTTP: who may call, what is refused and how, alerts on their way, the pages.
#![cfg(feature = "companion")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a helper that fails fails its test"
)]
mod auth;
mod bad_input;
mod command;
mod connections;
mod document;
mod metrics;
mod once;
mod pages;
mod receiver;
mod webhooks;
mod world;
