//! Who imports whom, file by file: no two files of one room import each other, but a folder's own
//! file and those below it. A circle is one thing in two files, or two things in one.
#![cfg(not(target_family = "wasm"))]
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every file below `src`: its module's path, and its code without comments and tests.
fn modules() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut paths) = (BTreeMap::new(), vec![PathBuf::new()]);
    while let Some(below) = paths.pop() {
        for entry in fs::read_dir(root.join(&below)).into_iter().flatten().flatten() {
            let path = below.join(entry.file_name());
            if root.join(&path).is_dir() {
                paths.push(path);
                continue;
            }
            let name = path.to_string_lossy().replace('\\', "/");
            let Some(module) = name.strip_suffix(".rs") else { continue };
            let module = module.strip_suffix("/mod").unwrap_or(module);
            if module == "lib" || module.starts_with("bin/") {
                continue;
            }
            let text = fs::read_to_string(root.join(&path)).unwrap_or_default();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            found.insert(module.to_owned(), code.collect::<Vec<_>>().join(" "));
        }
    }
    found
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn expanded(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((before, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return vec![path.to_owned()];
    };
    let body = rest.trim_end().strip_suffix('}').unwrap_or(rest);
    let (mut parts, mut depth) = (vec![String::new()], 0_usize);
    for c in body.chars() {
        match c {
            '{' => depth = depth.saturating_add(1),
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| expanded(&format!("{before}{}", part.trim()))).collect()
}

/// A path as one from the crate's root; `None` for one that leads elsewhere.
fn absolute(module: &str, path: &str, modules: &BTreeMap<String, String>) -> Option<Vec<String>> {
    let mut base: Vec<String> = module.split('/').map(str::to_owned).collect();
    let mut segments = path.split("::").map(|segment| segment.trim().to_owned()).peekable();
    match segments.peek().map(String::as_str)? {
        "crate" => {
            segments.next();
            base.clear();
        }
        "self" => drop(segments.next()),
        "super" => {
            while segments.next_if(|segment| segment == "super").is_some() {
                base.pop();
            }
        }
        own if modules.contains_key(&format!("{module}/{own}")) => {}
        _ => return None,
    }
    base.extend(segments);
    Some(base)
}

/// What one file imports, and which names it hands on.
#[derive(Default)]
struct Imports {
    all: BTreeSet<Vec<String>>,
    handed_on: BTreeMap<String, Vec<String>>,
}

fn imports(modules: &BTreeMap<String, String>) -> BTreeMap<String, Imports> {
    let mut found: BTreeMap<String, Imports> = BTreeMap::new();
    for (module, code) in modules {
        let own = found.entry(module.clone()).or_default();
        for statement in code.split(';') {
            let Some(at) = statement.rfind("use ") else { continue };
            let tree = statement.get(at..).and_then(|use_| use_.strip_prefix("use "));
            let tree = tree.unwrap_or_default();
            for path in expanded(tree).iter().filter_map(|path| absolute(module, path, modules)) {
                // A child reaches what its parent has imported, public or not.
                if let Some(name) = path.last() {
                    own.handed_on.insert(name.clone(), path.clone());
                }
                own.all.insert(path);
            }
        }
        // Paths in the code itself: `super::batch::by_key(…)`.
        for head in ["crate::", "super::"] {
            for (at, _) in code.match_indices(head) {
                let rest = code.get(at..).unwrap_or_default();
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
                let path = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
                own.all.extend(absolute(module, path.trim_end_matches(':'), modules));
            }
        }
    }
    found
}

/// The file in which a path ends, through whatever hands its name on.
fn target(path: &[String], all: &BTreeMap<String, Imports>, depth: u8) -> Option<String> {
    let lengths = (1..=path.len()).rev();
    let (file, length) = lengths
        .map(|length| (path.get(..length).unwrap_or_default().join("/"), length))
        .find(|(file, _)| all.contains_key(file))?;
    let name = path.get(length).filter(|_| depth > 0);
    let next = name.and_then(|name| all.get(&file)?.handed_on.get(name));
    let further = next.and_then(|next| target(next, all, depth.saturating_sub(1)));
    Some(further.unwrap_or(file))
}

fn related(one: &str, other: &str) -> bool {
    one.starts_with(&format!("{other}/")) || other.starts_with(&format!("{one}/"))
}

/// Which files can be reached from one, itself only by a circle.
fn reached<'g>(from: &str, graph: &'g BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'g str> {
    let (mut found, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(module) = next.pop() {
        for other in graph.get(&module).into_iter().flatten() {
            if found.insert(other.as_str()) {
                next.push(other.clone());
            }
        }
    }
    found
}

#[test]
fn no_two_files_import_each_other() {
    let modules = modules();
    let all = imports(&modules);
    let graph: BTreeMap<String, BTreeSet<String>> = all
        .iter()
        .map(|(module, own)| {
            let targets = own.all.iter().filter_map(|path| target(path, &all, 6));
            let others = targets.filter(|other| other != module && !related(module, other));
            (module.clone(), others.collect())
        })
        .collect();
    assert!(graph.values().map(BTreeSet::len).sum::<usize>() > 500, "the imports were not read");
    let in_circles =
        graph.keys().filter(|module| reached(module, &graph).contains(module.as_str()));
    let circles: Vec<String> = in_circles
        .map(|module| {
            let back = |other: &&String| reached(other, &graph).contains(module.as_str());
            let ways: Vec<&String> = graph.get(module).into_iter().flatten().filter(back).collect();
            format!("{module} -> {ways:?}")
        })
        .collect();
    assert!(circles.is_empty(), "files import each other in a circle:\n  {}", circles.join("\n  "));
}

#[test]
fn trees_are_taken_apart() {
    let paths = expanded("a::{b, c::{d as e, f}, g}");
    assert_eq!(paths, ["a::b", "a::c::d", "a::c::f", "a::g"]);
}
