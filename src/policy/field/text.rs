//! Texts: names that are safe to use everywhere, labels, and a text that is always the same.
use super::super::nearest::COMPARED_BYTES_MAX;
use super::section::shape::{Defaults, Kind, Read, Shape, Text};
use super::spot::Spot;
use super::words::shown;

/// The longest name, in bytes.
pub(in super::super) const LONGEST: usize = 64;

/// What every name looks like; how long it may be comes on top.
pub(in super::super) const PATTERN: &str = r"^[0-9A-Za-z](\.?[0-9A-Z_a-z-])*\.?$";

/// Why a text is no name; `None` for a name.
///
/// One pattern for all: a provider is also an Envoy cluster, a model a part of metric names, a
/// secret a file.
pub(in super::super) fn unsafe_name(text: &str) -> Option<String> {
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

/// A name as a label of a metric: in the names of metrics a dot parts labels.
#[must_use]
pub fn metric_label(name: &str) -> String {
    name.replace('.', "_")
}

impl Spot<'_> {
    /// Whether a name is safe; reported when it is not.
    pub(in super::super) fn safe(&self, name: &str) -> bool {
        let wrong = unsafe_name(name);
        let safe = wrong.is_none();
        if let Some(message) = wrong {
            self.problem(message);
        }
        safe
    }
}

/// A name. Messages call it what is said here: `the name of a tenant`.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Name(pub(in super::super) &'static str);

impl Read for Name {
    type Value = String;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<String> {
        let text = spot.text(self.0)?;
        spot.safe(text).then(|| text.to_owned())
    }
}

impl Name {
    /// What every name looks like.
    pub(super) fn looks() -> Text {
        Text {
            what: "a name",
            pattern: PATTERN,
            longest: Some(LONGEST),
            example: "acme",
            ..Text::default()
        }
    }
}

impl Kind for Name {
    fn shape(&self) -> Shape {
        Shape::Text(Self::looks())
    }
}

impl Defaults for Name {
    type Literal = &'static str;

    fn json(&self, literal: &'static str) -> String {
        format!("\"{literal}\"")
    }
}

/// A text of visible ASCII without spaces, from 1 to [`COMPARED_BYTES_MAX`] bytes. Messages call it
/// what is said here: `the name of a user`.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Label(pub(in super::super) &'static str);

impl Read for Label {
    type Value = String;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<String> {
        self.text(spot).map(str::to_owned)
    }
}

impl Label {
    /// The text itself.
    pub(in super::super) fn text<'n>(&self, spot: &Spot<'n>) -> Option<&'n str> {
        let text = spot.text(self.0)?;
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=COMPARED_BYTES_MAX).contains(&text.len()) {
            return Some(text);
        }
        spot.problem(format!(
            "expected {}: 1 to {COMPARED_BYTES_MAX} visible ASCII characters without spaces, \
             found `{}`",
            self.0,
            shown(text)
        ));
        None
    }
}

impl Kind for Label {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "visible ASCII without spaces",
            pattern: "^[!-~]+$",
            longest: Some(COMPARED_BYTES_MAX),
            ..Text::default()
        })
    }
}

impl Defaults for Label {
    type Literal = &'static str;

    fn json(&self, literal: &'static str) -> String {
        format!("\"{literal}\"")
    }
}

/// This text and no other.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Constant(pub(in super::super) &'static str);

impl Read for Constant {
    type Value = ();

    fn read(&self, spot: &Spot<'_>) -> Option<()> {
        let text = spot.text(&format!("`{}`", self.0))?;
        if text != self.0 {
            spot.problem(format!("expected `{}`, found `{}`", self.0, shown(text)));
            return None;
        }
        Some(())
    }
}

impl Kind for Constant {
    fn shape(&self) -> Shape {
        Shape::Constant(self.0)
    }
}
