//! Names: which ones are safe to use everywhere.
use super::nearest::{COMPARED, nearest};
use super::read::{Spot, listed};

/// The longest name, in bytes.
pub(super) const LONGEST: usize = 64;

/// Why a text is no name; none for a name.
///
/// One pattern for all: a provider is also an Envoy cluster, a model a part of metric names, a
/// secret a file.
pub(super) fn unsafe_name(text: &str) -> Option<String> {
    let starts = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if starts && text.bytes().all(safe) && text.len() <= LONGEST && !text.contains("..") {
        return None;
    }
    Some(format!(
        "`{}` is not a name: expected a letter or digit, then letters, digits, `.`, `_` and `-`, \
         no `..`, at most {LONGEST} in all",
        shown(text)
    ))
}

impl<'n> Spot<'n> {
    /// A name written as a value.
    pub(super) fn name(&self, what: &str) -> Option<&'n str> {
        let text = self.text(what)?;
        self.safe(text).then_some(text)
    }

    /// Whether a name is safe; reported when it is not.
    pub(super) fn safe(&self, name: &str) -> bool {
        let wrong = unsafe_name(name);
        let safe = wrong.is_none();
        if let Some(message) = wrong {
            self.problem(message);
        }
        safe
    }

    /// A text of visible ASCII without spaces, not empty, at most [`COMPARED`] bytes.
    pub(super) fn label(&self, what: &str) -> Option<&'n str> {
        let text = self.text(what)?;
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=COMPARED).contains(&text.len()) {
            return Some(text);
        }
        self.problem(format!(
            "expected {what}: 1 to {COMPARED} visible ASCII characters without spaces, found `{}`",
            shown(text)
        ));
        None
    }
}

/// A text that is safe to print: without control characters, and not too long.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out
}

/// A name as a label of a metric: in the names of metrics a dot parts labels.
#[must_use]
pub fn metric_label(name: &str) -> String {
    name.replace('.', "_")
}

/// The message for a word that is none of the known ones.
pub(super) fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    let mut sorted = known.to_vec();
    sorted.sort_unstable();
    let expected = match sorted.as_slice() {
        [] => String::new(),
        [only] => format!(", expected `{only}`"),
        all => format!(", expected one of {}", listed(all.iter().copied())),
    };
    let meant = match nearest(word, known.iter().copied()).first() {
        Some(meant) if known.len() > 1 => format!("; did you mean `{meant}`?"),
        _ => String::new(),
    };
    format!("unknown {what} `{}`{expected}{meant}", shown(word))
}
