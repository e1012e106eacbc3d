//! What libFuzzer runs: the targets of `tests/support/fuzz/`. A package of its own, since it is
//! built with other flags, and nothing else needs libFuzzer.
#[path = "../support/beside.rs"]
mod beside;
#[path = "../support/decided.rs"]
mod decided;
#[path = "../support/mod.rs"]
mod dialects;
#[path = "../support/files.rs"]
mod files;
#[path = "../support/folders.rs"]
mod folders;
#[path = "../support/fuzz/mod.rs"]
mod fuzz;
#[expect(dead_code, unused_imports, reason = "its own tests use all of it")]
#[path = "../support/exchange/mod.rs"]
mod lives;

use std::path::Path;
use std::{env, fs};

pub use libfuzzer_sys;

/// Where the inputs to begin with are to be written.
const SEEDS: &str = "FUZZ_SEEDS";

/// The program of a target.
#[macro_export]
macro_rules! fuzz {
    ($name:literal) => {
        $crate::libfuzzer_sys::fuzz_target!(
            init: $crate::begin($name),
            |bytes: &[u8]| $crate::read($name, bytes)
        );
    };
}

/// Before anything is read: writes the inputs to begin with, where that is asked for.
pub fn begin(name: &str) {
    let (Some(target), Some(folder)) = (fuzz::target(name), env::var_os(SEEDS)) else { return };
    for (index, seed) in (target.seeds)().into_iter().enumerate() {
        fs::write(Path::new(&folder).join(format!("seed-{index}")), seed)
            .expect("a folder of seeds");
    }
}

/// One input.
pub fn read(name: &str, bytes: &[u8]) {
    if let Some(target) = fuzz::target(name) {
        (target.reads)(bytes);
    }
}
