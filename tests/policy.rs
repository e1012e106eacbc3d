//! Policies: correct ones are read, wrong ones say everything that is wrong with them.
//!
//! `tests/corpus/problem/NAME.txt` holds the problems of the policy beside it. After a change of
//! words, `BLESS=1 cargo test --features companion --test policy` writes them anew: read the diff.
#![cfg(feature = "companion")]
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
#[path = "support/weights.rs"]
mod weights;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use tradewind::companion::policy_file;
use tradewind::policy::{Node, Policy};

/// The policies of a folder of the corpus, in order.
fn policies(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is = |path: &PathBuf, ends: &[&str]| {
        path.extension().is_some_and(|own| ends.iter().any(|end| *end == own))
    };
    let mut paths: Vec<PathBuf> = entries.filter(|path| is(path, &["yaml", "json"])).collect();
    paths.sort();
    paths
}

#[test]
fn wrong_policies_say_everything_that_is_wrong() {
    let paths = policies("problem");
    assert!(paths.len() > 40, "only {} policies", paths.len());
    let mut changed = Vec::new();
    for path in paths {
        let name = PathBuf::from(path.file_name().unwrap());
        let problems = policy_file::load(&path).map(|_| ()).unwrap_err();
        let said: String = problems.iter().map(|problem| problem.in_file(&name) + "\n").collect();
        let beside = path.with_extension("txt");
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if said == expected {
            continue;
        }
        if std::env::var_os("BLESS").is_some() {
            fs::write(&beside, said).unwrap();
        } else {
            changed.push(format!("{}\n--- expected\n{expected}--- said\n{said}", name.display()));
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}

#[test]
fn correct_policies_are_read_and_survive_as_json() {
    let paths = policies("policy");
    assert!(paths.len() >= 4, "only {} policies", paths.len());
    for path in paths {
        let (policy, node) = policy_file::load(&path)
            .unwrap_or_else(|problems| panic!("{}: {problems:?}", path.display()));
        let json = node.to_json();
        let again = Policy::from_json(json.as_bytes()).unwrap();
        assert_eq!(format!("{policy:?}"), format!("{again:?}"), "{}", path.display());
        assert_eq!(Node::from_json(json.as_bytes()).unwrap().to_json(), json);
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
    }
}

/// The filter reads no files: what stands in one goes into the policy that it is given.
#[test]
fn a_file_of_weights_is_read_into_the_policy() {
    let folder = std::env::temp_dir().join(format!("tradewind-weights-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = String::from_utf8(weights::file()).unwrap();
    fs::write(folder.join("weights.json"), &file).unwrap();
    fs::write(folder.join("bare.txt"), format!("{}\n", weights::base64())).unwrap();
    fs::write(folder.join("edited.json"), file.replace("\"threshold\":", "\"threshold\":1"))
        .unwrap();
    let damaged = file.replace(&weights::base64(), &weights::base64().replace('A', "B"));
    fs::write(folder.join("damaged.json"), damaged).unwrap();
    let design = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/policy/design.yaml");
    let design = fs::read_to_string(design).unwrap();
    let policy = |name: &str| {
        let path = folder.join("policy.yaml");
        fs::write(&path, format!("{design}\nclassifier: {{weights: {name}}}\n")).unwrap();
        policy_file::load(&path)
    };
    let (_, node) = policy("weights.json").unwrap();
    assert!(node.to_json().contains(&weights::base64()));
    Policy::from_json(node.to_json().as_bytes()).unwrap();
    assert_eq!(policy("bare.txt").unwrap().1.to_json(), node.to_json());
    for (name, expected) in [
        ("other.json", "`other.json`: cannot be read: "),
        (
            "policy.yaml",
            "`policy.yaml`: not base64: expected a file that `tradewind calibrate` wrote",
        ),
        ("edited.json", "`edited.json`: `threshold` is not "),
        ("damaged.json", "`damaged.json`: "),
        ("AAAA", "`AAAA`: no weights: expected a file"),
    ] {
        let problems = policy(name).unwrap_err();
        let said = problems.first().unwrap();
        assert_eq!(said.path, "classifier.weights");
        assert!(said.message.starts_with(expected), "{said}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

proptest! {
    /// Whatever stands in a file, it is judged and every problem has a place in it.
    #[test]
    fn a_damaged_policy_is_judged(
        policy in prop::sample::select(policies("policy")),
        at in any::<prop::sample::Index>(),
        length in 0_usize..12,
        instead in "[\\PC\n\t]{0,6}",
    ) {
        let mut text = fs::read(policy).unwrap();
        let start = at.index(text.len());
        let end = start.saturating_add(length).min(text.len());
        text.splice(start..end, instead.bytes());
        // The end of the text may stand on a line after the last break.
        let lines = text.iter().filter(|byte| **byte == b'\n').count().saturating_add(2);
        if let Err(problems) = policy_file::parse(&text) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!((1..=lines).contains(&problem.line), "{problem}");
                prop_assert!(!problem.to_string().contains('\n'), "{problem}");
            }
        }
    }
}

/// What `tradewind check` prints on standard output, and its exit code.
fn check(arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let output = command.current_dir(corpus).arg("check").args(arguments).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

#[test]
fn check_says_how_it_went() {
    let good = "policy/design.yaml: no problems in 3 models, 2 chains and 2 routes; its digest is \
                b076b4f5e6f7\n";
    assert_eq!(check(&["policy/design.yaml"]), (good.to_owned(), Some(0)));
    assert_eq!(check(&["policy/design.yaml", "--format", "json"]), ("[]\n".to_owned(), Some(0)));
    let wrong = "problem/version.yaml:2: version: expected `tradewind/v1`, found `tradewind/v2`\n";
    assert_eq!(check(&["problem/version.yaml"]), (wrong.to_owned(), Some(1)));
    let (json, code) = check(&["problem/version.yaml", "--format", "json"]);
    let expected = serde_json::json!([{
        "path": "version", "line": 2, "message": "expected `tradewind/v1`, found `tradewind/v2`",
    }]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), expected);
    assert_eq!(code, Some(1));
    assert_eq!(check(&["policy/absent.yaml"]), (String::new(), Some(2)));
}
