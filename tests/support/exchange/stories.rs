//! Every story of `corpus/story`.
use std::fs;
use std::path::{Path, PathBuf};

use super::support::{Gateway, split, tell};

/// Stories there are at least.
const STORIES_MIN: usize = 5;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn policy(name: &str) -> Result<Gateway, String> {
    let path = corpus().join("exchange/policy").join(name).with_extension("json");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Gateway::new(&text)
}

#[test]
fn every_story() {
    let (mut problems, mut told) = (Vec::new(), 0_usize);
    let mut paths: Vec<PathBuf> = fs::read_dir(corpus().join("story"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|own| own == "txt"))
        .collect();
    paths.sort();
    for path in paths {
        told = told.saturating_add(1);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let (given, expected) = split(&text);
        let (out, wrong) = match tell(&text, policy) {
            Ok(played) => played,
            Err(error) => {
                problems.push(format!("{name}: {error}"));
                continue;
            }
        };
        problems.extend(wrong.iter().map(|what| format!("{name}: {what}")));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, format!("{given}{out}")).unwrap();
        } else if out != expected {
            problems.push(format!("{name}: expected\n{expected}\n--- but got\n{out}"));
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    assert!(told >= STORIES_MIN, "there are only {told} stories");
}
