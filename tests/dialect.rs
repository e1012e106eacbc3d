//! Dialects: every case of `corpus/dialect`, from an app to a provider and back.
//!
//! `BLESS=1` writes what comes out as what must come out, and the list of cases that the wasm
//! test embeds; then read the difference.
#![cfg(not(target_family = "wasm"))]
#[path = "support/inputs.rs"]
mod inputs;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use inputs::INPUTS;
use support::{Case, run};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/dialect")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Every case folder, `pair/case`, with its files.
fn folders() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut folders = BTreeMap::new();
    for pair in names(&corpus()) {
        for case in names(&corpus().join(&pair)) {
            let folder = corpus().join(&pair).join(&case);
            let text =
                |name: String| Some((name.clone(), fs::read_to_string(folder.join(name)).ok()?));
            let files = names(&folder).into_iter().filter_map(text).collect();
            folders.insert(format!("{pair}/{case}"), files);
        }
    }
    folders
}

/// The list of cases that [`support`] embeds.
fn list(old: &str, folders: &BTreeMap<String, BTreeMap<String, String>>) -> String {
    let mut list = old.split_inclusive("&[\n").take(1).collect();
    for (name, files) in folders {
        let files: Vec<_> = files.keys().map(|file| format!("\"{file}\"")).collect();
        list = format!("{list}    case!(\"{name}\": {}),\n", files.join(" "));
    }
    list + "];\n"
}

/// Compares what came out of a case with its files, or makes it so; gives the problems.
fn check(name: &str, files: &BTreeMap<String, String>, bless: bool) -> Vec<String> {
    let given: Vec<_> = files.iter().map(|(n, text)| (n.as_str(), text.as_str())).collect();
    let out = match run(&Case { name, files: &given }) {
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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/cases.rs");
    let old = fs::read_to_string(&path).unwrap();
    let list = list(&old, &folders());
    if bless {
        fs::write(path, list).unwrap();
        return;
    }
    assert_eq!(old, list, "tests/support/cases.rs is behind the folders: run with BLESS=1");
}
