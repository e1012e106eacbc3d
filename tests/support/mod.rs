//! What the native and the wasm tests share: the dialect corpus and how a case of it is run.
mod case;
mod pretty;

pub(crate) use case::{Case, run};
