//! Dialects: every case of `corpus/dialect`, from an app to a provider and back.
//!
//! `BLESS=1` writes what comes out as what must come out; then read the difference.
#![cfg(not(target_family = "wasm"))]
#[path = "support/files.rs"]
mod files;
#[path = "support/folders.rs"]
mod folders;
#[path = "support/inputs.rs"]
mod inputs;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use folders::folders;
use inputs::INPUTS;
use support::{Case, run};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/dialect")
}

/// Compares what came out of a case with its files, or makes it so; gives the problems.
fn check(name: &str, files: &BTreeMap<String, String>, bless: bool) -> Vec<String> {
    let given: Vec<_> = files.iter().map(|(n, text)| (n.as_str(), text.as_str())).collect();
    let out = match run(&Case { name, files: &given, step: 1 }) {
        Ok(out) => out,
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let golden = |file: &&String| !INPUTS.contains(&file.as_str());
    let stale = files.keys().filter(golden).filter(|file| !out.contains_key(file.as_str()));
    let changed = out.iter().filter(|(file, text)| files.get(**file) != Some(*text));
    let folder = corpus().join(name);
    if bless {
        stale.for_each(|file| fs::remove_file(folder.join(file)).unwrap_or_default());
        changed.for_each(|(file, text)| fs::write(folder.join(file), text).unwrap_or_default());
        return Vec::new();
    }
    let stale = stale.map(|file| format!("{name}/{file}: nothing of the kind came out"));
    let changed = changed.map(|(file, text)| {
        let golden = files.get(*file).map_or("", String::as_str);
        format!("{name}/{file}: expected\n{golden}\n--- but got\n{text}")
    });
    stale.chain(changed).collect()
}

#[test]
fn every_case() {
    let bless = std::env::var_os("BLESS").is_some();
    let before = folders();
    let problems: Vec<_> =
        before.iter().flat_map(|(name, files)| check(name, files, bless)).collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
