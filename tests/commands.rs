//! Every file of `tests/corpus/commands/` that ends in `.txt` begins with a command; what follows
//! is what the command prints, and how it exits. Set to anything, `BLESS` writes them anew.
#![cfg(feature = "companion")]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/commands");

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(CORPUS).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    files.sort();
    files
}

/// A command's first line, and after it all that the command prints.
fn played(first: &str) -> String {
    let arguments = first.strip_prefix("$ tradewind ").unwrap().split(' ');
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
    let output = command.current_dir(Path::new(CORPUS)).args(arguments).output().unwrap();
    let mut text = format!("{first}\n{}", String::from_utf8(output.stdout).unwrap());
    text.push_str(&String::from_utf8(output.stderr).unwrap());
    match output.status.code() {
        Some(0) => {}
        code => text.push_str(&format!("exit {}\n", code.unwrap())),
    }
    text
}

#[test]
fn every_command_prints_what_is_written_down() {
    let (mut wrong, files) = (Vec::new(), files());
    assert!(files.len() > 10, "the corpus is gone");
    for file in files {
        let expected = fs::read_to_string(&file).unwrap();
        let found = played(expected.lines().next().unwrap());
        if found != expected {
            if std::env::var_os("BLESS").is_some() {
                fs::write(&file, &found).unwrap();
            }
            wrong.push(format!("{}:\n{found}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
