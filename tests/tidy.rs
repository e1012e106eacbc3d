//! Rules about the source itself: who may import whom, and how large and how plain things are.
#![cfg(not(target_family = "wasm"))]
use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the rooms it may import. This is the architecture.
const ROOMS: &[(&str, &[&str])] = &[
    ("json", &[]),
    ("usage", &[]),
    ("layout", &[]),
    ("order", &[]),
    ("port", &[]),
    ("credit", &["json", "usage"]),
    ("dialect", &["json", "order", "usage"]),
    ("complexity", &["dialect", "json"]),
    ("policy", &["complexity", "dialect", "credit", "json", "order"]),
    ("resilience", &["layout", "port"]),
    (
        "decide",
        &[
            "policy",
            "complexity",
            "dialect",
            "credit",
            "resilience",
            "json",
            "layout",
            "order",
            "port",
        ],
    ),
    (
        "exchange",
        &[
            "decide",
            "policy",
            "dialect",
            "credit",
            "resilience",
            "json",
            "layout",
            "order",
            "port",
            "usage",
        ],
    ),
    ("filter", &["exchange"]),
    (
        "companion",
        &["exchange", "decide", "policy", "complexity", "dialect", "credit", "json", "usage"],
    ),
    // Plays the providers by their own documents: a mistake of ours must not be there twice.
    ("companion/sim", &["companion", "json"]),
];

/// Rooms that only compute: what they need of the world is given to them.
const PURE: &[&str] = &[
    "json",
    "usage",
    "layout",
    "order",
    "port",
    "credit",
    "complexity",
    "policy",
    "dialect",
    "resilience",
    "decide",
    "exchange",
];
const WORLD: &[&str] = &["fs", "net", "env", "process", "thread", "time"];

const TOP: &[&str] = &[
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "envoy",
    "src",
    "target",
    "tests",
];

const LINES_MAX: usize = 400;
const COLUMNS_MAX: usize = 100;
const README_LINES_MAX: usize = 220;

/// What is not to stand in any file: unfinished work, and how the work was done. Each is split
/// here, so that this file does not hold it.
const UNWANTED: &[(&str, &str)] = &[
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X:"),
    ("#[ign", "ore"),
    ("sub", "agent"),
    ("sub-", "agent"),
    ("/wo", "rk/"),
    ("work", "tree"),
    ("brief", ".md"),
    ("style", ".md"),
    ("design", ".md"),
    ("this ", "session"),
    ("the ", "issue asks"),
    ("as an ", "AI"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file below the root: its path from there, with `/`, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    /// Its lines that are no comments.
    fn code(&self) -> String {
        let code = |line: &&str| !line.trim_start().starts_with("//");
        self.text.lines().filter(code).collect::<Vec<_>>().join("\n")
    }

    /// The part of its path below `src`, without `.rs`; a `mod.rs` is its folder.
    fn module(&self) -> Option<&str> {
        let path = self.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        Some(path.strip_suffix("/mod").unwrap_or(path))
    }

    fn within(&self, room: &str) -> bool {
        self.module()
            .and_then(|module| module.strip_prefix(room))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Every text file below some folders or files of the root, ordered by path.
fn files(below: &[&str]) -> Vec<File> {
    const SKIPPED: [&str; 4] = ["node_modules", "__pycache__", "target", ".pytest_cache"];
    let mut found = Vec::new();
    let mut paths: Vec<PathBuf> = below.iter().map(|name| root().join(name)).collect();
    while let Some(path) = paths.pop() {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if SKIPPED.contains(&name) {
            continue;
        }
        match fs::read_dir(&path) {
            Ok(entries) => paths.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) => {
                let path_of = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy();
                let text = fs::read_to_string(&path);
                found.extend(text.map(|text| File { path: path_of.replace('\\', "/"), text }));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn rust(below: &[&str]) -> Vec<File> {
    let mut files = files(below);
    files.retain(|file| file.path.ends_with(".rs"));
    assert!(files.len() > below.len(), "the source is not where it was");
    files
}

/// What follows every `head` in code, groups in braces taken apart: `time::Duration`, `fs`.
fn paths<'t>(code: &'t str, head: &str) -> Vec<&'t str> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(head) {
        let before = code.get(..at).and_then(|before| before.chars().next_back());
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = code.get(at.saturating_add(head.len())..).unwrap_or_default();
        let end = rest.find([';', '(', ')', '\n']).unwrap_or(rest.len());
        let one = rest.get(..end).unwrap_or_default();
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split(';').next().unwrap_or_default();
                found.extend(group.split([',', '{', '}']).map(str::trim));
            }
            None => found.push(one),
        }
    }
    found
}

fn first(path: &str) -> &str {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// Fails with every problem at once.
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n  {}\n", problems.join("\n  "));
}

#[test]
fn rooms_import_only_what_they_may() {
    let names: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    let mut problems = Vec::new();
    for file in rust(&["src"]) {
        // The innermost room counts.
        let Some((room, allowed)) = ROOMS.iter().rfind(|(room, _)| file.within(room)) else {
            let outside = file.path.starts_with("src/bin/") || file.path == "src/lib.rs";
            if !outside {
                problems.push(format!("{} is in no room: add its room to ROOMS", file.path));
            }
            continue;
        };
        let code = file.code();
        for name in paths(&code, "crate::").into_iter().map(first) {
            let own = room.split('/').any(|part| part == name);
            if names.contains(&name) && !own && !allowed.contains(&name) {
                problems.push(format!("{} imports `{name}`, which `{room}` may not", file.path));
            }
        }
        let depth = file.module().map_or(0, |module| module.split('/').count());
        if code.contains(&"super::".repeat(depth)) {
            problems.push(format!("{} leaves its room by `super`: say `crate::`", file.path));
        }
    }
    none(&problems);
}

#[test]
fn proxy_wasm_stays_in_the_filter() {
    let word = "proxy_wasm";
    let files = rust(&["src"]);
    let leaks = files.iter().filter(|file| !file.within("filter") && file.code().contains(word));
    none(
        &leaks
            .map(|f| format!("{} says `{word}`: only src/filter may", f.path))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_metric_is_a_row_of_the_table() {
    let word = "\"tradewind_";
    let files = rust(&["src/exchange", "src/filter"]);
    let rows = files.iter().filter(|file| !file.path.ends_with("exchange/metric.rs"));
    let names = rows.filter(|file| file.code().contains(word)).map(|file| {
        format!("{} names a metric: give it a row in src/exchange/metric.rs", file.path)
    });
    none(&names.collect::<Vec<_>>());
}

#[test]
fn pure_rooms_do_not_touch_the_world() {
    let mut problems = Vec::new();
    for file in rust(&["src"]).iter().filter(|f| PURE.iter().any(|room| f.within(room))) {
        for path in paths(&file.code(), "std::") {
            let duration = path.starts_with("time::Duration");
            if WORLD.contains(&first(path)) && !duration {
                let why = "take it as data, the shell asks the world";
                problems.push(format!("{} uses `std::{path}`: {why}", file.path));
            }
        }
    }
    none(&problems);
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut problems = Vec::new();
    for file in rust(&["src", "tests"]) {
        let head = file.text.lines().next().unwrap_or_default();
        if !head.starts_with("//! ") && file.path != "src/lib.rs" {
            problems.push(format!("{}: the first line is not a `//!` sentence", file.path));
        }
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            problems.push(format!("{}: {lines} lines are over {LINES_MAX}: split it", file.path));
        }
        // A row of a test's table may hold a long text.
        let test = file.path.contains("tests");
        for (number, line) in file.text.lines().enumerate() {
            if line.chars().count() > COLUMNS_MAX && !(test && line.contains('"')) {
                let number = number.saturating_add(1);
                problems.push(format!("{}:{number}: over {COLUMNS_MAX} columns", file.path));
            }
        }
    }
    none(&problems);
}

/// The modules of a folder of the source, by name: its files and folders but `mod.rs`.
fn modules(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().replace(".rs", ""));
    let mut names: Vec<String> = names.filter(|name| name != "mod").collect();
    names.sort();
    names
}

#[test]
fn every_client_provider_and_format_has_a_row() {
    use tradewind::dialect::{client, provider};
    let clients: Vec<&str> = client::ALL.iter().map(|client| client.name).collect();
    assert_eq!(modules("src/dialect/client"), clients, "a file without a row, or out of order");
    let providers: Vec<&str> = provider::ALL.iter().map(|provider| provider.name).collect();
    assert_eq!(modules("src/dialect/provider"), providers, "a file without a row, or out of order");
    let endpoints = provider::ALL.iter().flat_map(|provider| provider.endpoints);
    let mut formats: Vec<&str> = endpoints.map(|endpoint| endpoint.format.name).collect();
    formats.sort_unstable();
    formats.dedup();
    assert_eq!(modules("src/dialect/format"), formats, "a format that no provider speaks");
    let endpoints = client::ALL.iter().flat_map(|client| client.endpoints);
    for inbound in endpoints.filter_map(client::Endpoint::inbound) {
        let name = inbound.format.name;
        assert!(formats.contains(&name), "no provider speaks the format `{name}`");
    }
}

#[test]
fn the_map_names_every_room_and_nothing_else() {
    let map = fs::read_to_string(root().join("src/README.md")).unwrap();
    let mut problems = Vec::new();
    for (room, _) in ROOMS.iter().filter(|(room, _)| !room.contains('/')) {
        if ![format!("`{room}`"), format!("`{room}/"), format!("`{room}.rs`")]
            .iter()
            .any(|name| map.contains(name.as_str()))
        {
            problems.push(format!("src/README.md does not name the room `{room}`"));
        }
    }
    // A path is what stands in backticks, has a slash and consists of names.
    for path in map.split('`').skip(1).step_by(2) {
        let names = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        let path_like =
            path.contains('/') && !path.starts_with(['/', '.']) && path.chars().all(names);
        if path_like && !root().join("src").join(path).exists() && !root().join(path).exists() {
            problems.push(format!("src/README.md names `{path}`, which is not there"));
        }
    }
    none(&problems);
}

#[test]
fn the_top_level_is_small() {
    let mut problems = Vec::new();
    for entry in fs::read_dir(root()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && !TOP.contains(&name.as_str()) {
            problems.push(format!("`{name}` does not belong at the top"));
        }
    }
    let lines = |name| fs::read_to_string(root().join(name)).map_or(0, |t| t.lines().count());
    if lines("README.md") > README_LINES_MAX {
        problems.push(format!("README.md is over {README_LINES_MAX} lines"));
    }
    let changes = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    if !changes.contains("## [Unreleased]") {
        problems.push("CHANGELOG.md has no `## [Unreleased]`".to_owned());
    }
    none(&problems);
}

#[test]
fn nothing_is_unfinished_or_speaks_of_its_making() {
    let top: Vec<&str> =
        TOP.iter().copied().filter(|n| !["target", "Cargo.lock"].contains(n)).collect();
    let mut problems = Vec::new();
    for file in files(&top) {
        for (number, line) in file.text.lines().enumerate() {
            for word in UNWANTED.iter().map(|(a, b)| [*a, *b].concat()) {
                if line.contains(&word) {
                    let number = number.saturating_add(1);
                    problems.push(format!("{}:{number}: `{word}`", file.path));
                }
            }
        }
    }
    none(&problems);
}
