//! Names: which ones are safe to use everywhere, and which known one somebody meant.
use super::read::{Spot, listed};

/// The longest name, in bytes.
pub(super) const LONGEST: usize = 64;

/// The longest text that is compared with known names, in bytes: what an app sends is not bounded
/// otherwise.
const COMPARED: usize = 128;

/// Why a text is no name; none for a name.
///
/// One pattern for all: a model is also an Envoy cluster and a part of metric names, a secret is
/// also a file.
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

/// A model's name as a label of a metric: in the names of metrics a dot parts labels.
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

/// The known names nearest to a name, nearest first, three at most.
///
/// Near is an edit or two in a short name and a third of a long one, or one inside the other.
pub(super) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    if name.is_empty() || name.len() > COMPARED {
        return Vec::new();
    }
    let name = name.to_ascii_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .filter_map(|own| {
            let candidate = own.to_ascii_lowercase();
            let distance = distance(&name, &candidate);
            let close = distance <= (name.len() / 3).max(1);
            let inside = |a: &str, b: &str| a.len() > 2 && b.contains(a);
            let part = inside(&name, &candidate) || inside(&candidate, &name);
            (close || part).then_some((distance, own))
        })
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().take(3).map(|(_, own)| own).collect()
}

/// How many bytes must be put in, taken out, changed or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let cell = |row: &[usize], index: Option<usize>| {
        index.and_then(|index| row.get(index)).copied().unwrap_or(usize::MAX)
    };
    let mut above_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, own) in from.iter().enumerate() {
        let mut this = Vec::with_capacity(last.len());
        this.push(row.saturating_add(1));
        for (column, other) in to.iter().enumerate() {
            let change = cell(&last, Some(column)).saturating_add(usize::from(own != other));
            let take = cell(&last, column.checked_add(1)).saturating_add(1);
            let put = cell(&this, Some(column)).saturating_add(1);
            let before = |bytes: &[u8], index: usize| {
                index.checked_sub(1).and_then(|index| bytes.get(index).copied())
            };
            let swapped = before(from, row) == Some(*other) && before(to, column) == Some(*own);
            let swap = if swapped { cell(&above_last, column.checked_sub(1)) } else { usize::MAX };
            this.push(change.min(take).min(put).min(swap.saturating_add(1)));
        }
        above_last = core::mem::replace(&mut last, this);
    }
    last.last().copied().unwrap_or(usize::MAX)
}
