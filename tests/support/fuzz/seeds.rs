//! Inputs of the other corpora.
use std::fs;
use std::path::Path;

use crate::files::corpus;

/// The longest: a search goes over short ones faster, and they say as much.
const LONGEST: usize = 8 << 10;

/// The files of a folder of `tests/corpus` and of those below it that end in one of these.
pub(super) fn files(folder: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    walk(Path::new(&corpus(folder)), endings, &mut found);
    assert!(!found.is_empty(), "there is nothing in tests/corpus/{folder}");
    short(found)
}

/// Those that are not too long.
pub(super) fn short(mut found: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    found.retain(|bytes| bytes.len() <= LONGEST);
    found
}

fn walk(folder: &Path, endings: &[&str], found: &mut Vec<Vec<u8>>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.to_string_lossy();
        if path.is_dir() {
            walk(&path, endings, found);
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.extend(fs::read(&path));
        }
    }
}
