//! Fenced blocks of a text in Markdown.
use std::borrow::Cow;

use super::digest::Digest;

/// What stands in the place of a block in the text around it: no conclusion holds it.
pub(super) const BLOCK: char = '\0';

/// A text and its blocks.
#[derive(Debug)]
pub(super) struct Blocks<'t> {
    /// The text, with a line of [`BLOCK`] in the place of each block.
    pub(super) outside: Cow<'t, str>,
    /// How many blocks there are; one that does not end counts, and goes to the end of the text.
    pub(super) count: usize,
    /// What stands in the block, where there is one and it ends.
    pub(super) only: Option<&'t str>,
    /// What it says of itself after its first mark: its language.
    pub(super) language: &'t str,
}

/// A block that has begun.
struct Open<'t> {
    fence: Fence<'t>,
    /// Where its first line begins.
    from: usize,
}

/// The mark of a block's begin or end.
#[derive(Clone, Copy)]
struct Fence<'t> {
    mark: char,
    length: usize,
    /// What stands after it.
    rest: &'t str,
}

/// Takes a text apart.
pub(super) fn split(text: &str) -> Blocks<'_> {
    if !text.contains("```") && !text.contains("~~~") {
        return Blocks { outside: Cow::Borrowed(text), count: 0, only: None, language: "" };
    }
    let (mut outside, mut count, mut only) = (String::with_capacity(text.len()), 0_usize, None);
    let (mut open, mut at): (Option<Open<'_>>, usize) = (None, 0);
    let mut language = "";
    for line in text.split_inclusive('\n') {
        let from = at;
        at = at.saturating_add(line.len());
        let fence = fence(line);
        match (&open, fence) {
            (None, Some(fence)) => {
                count = count.saturating_add(1);
                outside.extend([BLOCK, '\n']);
                language = fence.rest;
                open = Some(Open { fence, from: at });
            }
            (None, None) => outside.push_str(line),
            (Some(own), Some(fence)) if own.is_ended_by(fence) => {
                only = text.get(own.from..from);
                open = None;
            }
            (Some(_), _) => {}
        }
    }
    let only = only.filter(|_| count == 1 && open.is_none());
    Blocks { outside: Cow::Owned(outside), count, only, language }
}

impl Open<'_> {
    fn is_ended_by(&self, fence: Fence<'_>) -> bool {
        let own = self.fence;
        own.mark == fence.mark && own.length <= fence.length && fence.rest.is_empty()
    }
}

fn fence(line: &str) -> Option<Fence<'_>> {
    let line = line.trim();
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = line.trim_start_matches(mark);
    let length = line.len().saturating_sub(rest.len());
    // Three marks around something are code within a line.
    let is_fence = length >= 3 && !rest.contains(mark);
    is_fence.then_some(Fence { mark, length, rest: rest.trim() })
}

/// Languages by other names.
const NAMES: [(&str, &str); 12] = [
    ("py", "python"),
    ("python3", "python"),
    ("js", "javascript"),
    ("ts", "typescript"),
    ("sh", "bash"),
    ("shell", "bash"),
    ("rs", "rust"),
    ("golang", "go"),
    ("c++", "cpp"),
    ("cs", "csharp"),
    ("c#", "csharp"),
    ("yml", "yaml"),
];

/// The digest of a block's language; 0 where none is said.
pub(super) fn language(said: &str) -> u64 {
    let name = said.split(|c: char| c.is_whitespace() || matches!(c, ',' | '{' | ':')).next();
    let name = name.unwrap_or_default().to_ascii_lowercase();
    let name = NAMES.iter().find(|(own, _)| *own == name).map_or(&*name, |(_, usual)| usual);
    if name.is_empty() { 0 } else { Digest::of("language").text(name).finish() }
}

/// The digest of a block: empty lines do not count, nor how far lines are indented beyond whether
/// they are more or less than the ones before, nor how many spaces stand between words, but in a
/// line with a quotation mark. Where a text may go over more than one line everything counts.
pub(super) fn code(block: &str) -> u64 {
    let mut digest = Digest::of("code");
    if ["\"\"\"", "'''", "`", "<<"].iter().any(|mark| block.contains(mark)) {
        return digest.text(block.trim_end()).finish();
    }
    let mut levels: Vec<usize> = Vec::new();
    for line in block.lines().filter(|line| !line.trim().is_empty()) {
        let indent = line.len().saturating_sub(line.trim_start().len());
        while levels.last().is_some_and(|last| *last > indent) {
            levels.pop();
        }
        if levels.last().is_none_or(|last| *last < indent) {
            levels.push(indent);
        }
        digest = digest.number(u64::try_from(levels.len()).unwrap_or(u64::MAX));
        if line.contains(['"', '\'']) {
            digest = digest.text(line.trim());
            continue;
        }
        for word in line.split_whitespace() {
            digest = digest.part(word).part(" ");
        }
    }
    digest.finish()
}
