//! Every target of fuzzing takes what is known, and what has been found by searching: it reads it
//! or says no. The search itself is `make fuzz`.
#![cfg(feature = "companion")]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
#[path = "support/beside.rs"]
mod beside;
#[path = "support/decided.rs"]
mod decided;
#[path = "support/mod.rs"]
mod dialects;
#[path = "support/files.rs"]
mod files;
#[path = "support/folders.rs"]
mod folders;
#[path = "support/fuzz/mod.rs"]
mod fuzz;
#[expect(dead_code, unused_imports, reason = "its own tests use all of it")]
#[path = "support/exchange/mod.rs"]
mod lives;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use files::corpus;
use fuzz::{TARGETS, Target, target};

/// Bytes of what was found, of all targets: it is kept small.
const BYTES_MAX: u64 = 800 << 10;

/// What was found by searching, each with its file.
fn found(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = corpus(&format!("fuzz/{name}"));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let own = paths.into_iter().map(|path| (path.display().to_string(), fs::read(&path).unwrap()));
    own.collect()
}

fn plays(name: &str) {
    let Target { seeds, reads, .. } = target(name).unwrap();
    let seeds: Vec<_> = seeds();
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let known = seeds.into_iter().enumerate();
    let known = known.map(|(index, bytes)| (format!("seed {index} of {name}"), bytes));
    for (what, bytes) in known.chain(found(name)) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| reads(&bytes))) {
            let text = bytes.escape_ascii();
            resume_unwind(Box::new(format!(
                "{what}: {text}: {:?}",
                panic.downcast_ref::<String>()
            )));
        }
    }
}

/// A test for each target, so that they run side by side.
macro_rules! plays {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            plays(stringify!($name));
        })*

        const PLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

plays! {
    json schema sse request answer stream fault policy config pattern conclusion identity words
    ledger companion yaml plan callbacks exchange story shared
}

/// The names of the files of a folder, without what follows a dot.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let stem = |path: std::path::PathBuf| path.file_stem().map(|own| own.to_string_lossy().into());
    entries.filter_map(|entry| stem(entry.path())).collect()
}

#[test]
fn every_target_is_searched_and_played() {
    let all: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(names(&root.join("tests/fuzz/fuzz_targets")), all);
    assert_eq!(PLAYED.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), all);
    assert!(names(&root.join("tests/corpus/fuzz")).is_subset(&all));
    let sizes = TARGETS.iter().flat_map(|own| found(own.name)).map(|(_, bytes)| bytes.len() as u64);
    assert!(sizes.sum::<u64>() <= BYTES_MAX, "what was found is more than is worth keeping");
}
