//! A policy's file, YAML or JSON by what stands in it.
use std::path::Path;

use super::yaml::{self, Most};
use crate::complexity::Weights;
use crate::json::{Document, Limits};
use crate::policy::{Content, Node, Policy, Problem};

/// The largest file that is read, in bytes: 8 MiB.
const LARGEST: u64 = 8 << 20;

/// Reads a file and checks it. The tree is what the filter is given, as JSON.
///
/// # Errors
/// Everything that is wrong; a file that cannot be read is one problem without a line.
pub fn load(path: &Path) -> Result<(Policy, Node), Vec<Problem>> {
    match read(path) {
        Ok(bytes) => parse_at(&bytes, path.parent()),
        Err(message) => Err(vec![Problem { path: String::new(), line: 0, message }]),
    }
}

/// The bytes of a file.
///
/// # Errors
/// Why it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let wrong = |error: std::io::Error| format!("cannot be read: {error}");
    let length = std::fs::metadata(path).map_err(wrong)?.len();
    if length > LARGEST {
        return Err(format!("cannot be read: {length} bytes are more than {LARGEST}"));
    }
    std::fs::read(path).map_err(wrong)
}

impl Problem {
    /// The problem as compilers write one, so that editors find the place:
    /// `policy.yaml:12: routes[0].chain: there is no chain `x``.
    #[must_use]
    pub fn in_file(&self, file: &Path) -> String {
        let mut out = file.display().to_string();
        if self.line > 0 {
            out.push_str(&format!(":{}", self.line));
        }
        if !self.path.is_empty() {
            out.push_str(&format!(": {}", self.path));
        }
        out.push_str(": ");
        out.push_str(&self.message);
        out
    }
}

/// Checks the text of a policy.
///
/// # Errors
/// Everything that is wrong, in the order of its lines.
pub fn parse(bytes: &[u8]) -> Result<(Policy, Node), Vec<Problem>> {
    parse_at(bytes, None)
}

/// The same of one that stands in that folder: files that it names are read from there.
///
/// # Errors
/// Everything that is wrong, in the order of its lines.
pub fn parse_at(bytes: &[u8], folder: Option<&Path>) -> Result<(Policy, Node), Vec<Problem>> {
    let mut node = tree(bytes).map_err(|problem| vec![problem])?;
    if let Some(folder) = folder {
        inline(&mut node, folder).map_err(|problem| vec![problem])?;
    }
    let policy = Policy::from_node(&node)?;
    Ok((policy, node))
}

/// Puts the weights of the classifier in the place of the name of their file: the filter reads no
/// files.
fn inline(node: &mut Node, folder: &Path) -> Result<(), Problem> {
    let Some(weights) = ["classifier", "weights"].iter().try_fold(node, |node, key| {
        let Content::Object(members) = &mut node.content else { return None };
        let member = members.iter_mut().find(|member| member.key == *key);
        member.map(|member| &mut member.value)
    }) else {
        return Ok(());
    };
    let line = weights.line;
    let Content::Text(text) = &mut weights.content else { return Ok(()) };
    // Base64 has no dot, and the name of a file has one.
    if !text.contains('.') {
        return Ok(());
    }
    let wrong = |message: String| Problem {
        path: "classifier.weights".to_owned(),
        line,
        message: format!("`{text}`: {message}"),
    };
    let file = read(&folder.join(&*text)).map_err(wrong)?;
    // The whole file is judged, as by the other commands: in the policy stands only a part of it.
    Weights::parse(&file).map_err(wrong)?;
    let root = Document::parse(&file, Limits::lenient()).ok();
    let own = root.as_ref().and_then(|document| document.root().str_of("weights"));
    let own =
        own.map_or_else(|| String::from_utf8_lossy(file.trim_ascii()).into_owned(), Into::into);
    *text = own;
    Ok(())
}

/// The tree of a text: JSON where it is JSON, for its escapes are not YAML's, and YAML otherwise.
///
/// # Errors
/// The first place where it is neither.
pub fn tree(bytes: &[u8]) -> Result<Node, Problem> {
    tree_within(bytes, Most::POLICY)
}

/// The same of a list of cases, which may be long.
///
/// # Errors
/// The first place where it is neither.
pub fn cases(bytes: &[u8]) -> Result<Node, Problem> {
    tree_within(bytes, Most::CASES)
}

fn tree_within(bytes: &[u8], most: Most) -> Result<Node, Problem> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = core::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        Problem { path: String::new(), line, message: "expected UTF-8".to_owned() }
    })?;
    if !text.trim_start().starts_with('{') {
        return yaml::parse_within(text, most);
    }
    let inside = text.trim_start().trim_start_matches('{').trim_start();
    // An object of YAML may begin like one of JSON; with its first name in quotes JSON was meant.
    Node::from_json(bytes).or_else(|wrong| match yaml::parse_within(text, most) {
        Ok(node) => Ok(node),
        Err(_) if inside.starts_with('"') => Err(wrong),
        Err(other) => Err(other),
    })
}
