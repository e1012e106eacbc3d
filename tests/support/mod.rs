//! What the native and the wasm tests share: the dialect corpus and how a case of it is run.
mod case;
// Natively the files are read where they stand, so that adding one needs no list.
#[cfg(target_family = "wasm")]
#[rustfmt::skip]
mod cases;
mod pretty;

pub(crate) use case::{Case, run};
#[cfg(target_family = "wasm")]
pub(crate) use cases::CASES;
