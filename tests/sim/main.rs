//! The simulated providers: what they refuse, how they stream, and what weather does to them.
#![cfg(feature = "companion")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a helper that fails fails its test"
)]
mod answers;
mod refusals;
mod weather;
mod world;
