//! `story` of the table in `tests/support/fuzz/mod.rs`.
#![no_main]
tradewind_fuzz::fuzz!("story");
