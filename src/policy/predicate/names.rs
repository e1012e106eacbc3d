//! Texts of which one must be found: one of them, or a list.
use super::super::document::Content;
use super::super::field::{Kind, List, Shape, Spot, Text, shown, unknown};
use super::super::nearest::COMPARED_BYTES_MAX;

/// One text, or several of which one must be found.
#[derive(Debug, Clone, Copy)]
pub(super) struct OneOf(pub(super) &'static str);

/// A text that is compared.
#[derive(Debug, Clone, Copy)]
struct Compared;

const LIST: List = List::of("texts", &Compared).unique();

impl Kind for Compared {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a text",
            pattern: "^[^\\u0000-\\u001f\\u007f]+$",
            longest: Some(COMPARED_BYTES_MAX),
            ..Text::default()
        })
    }
}

impl Kind for OneOf {
    fn shape(&self) -> Shape {
        Shape::Either(vec![Compared.shape(), LIST.shape()])
    }
}

impl OneOf {
    /// Reads the texts, each with its place; `None`, and a report, when something is wrong.
    pub(super) fn read<'n>(&self, spot: &Spot<'n>) -> Option<Vec<(&'n str, Spot<'n>)>> {
        let items = match &spot.node.content {
            Content::Text(_) => vec![spot.clone()],
            Content::List(_) => LIST.items(spot)?,
            _ => {
                spot.expected(&format!("{} or a list of such", self.0));
                return None;
            }
        };
        let (mut found, mut right): (Vec<(&str, Spot<'_>)>, bool) = (Vec::new(), !items.is_empty());
        for item in items {
            let Some(text) = item.text(self.0) else {
                right = false;
                continue;
            };
            if text.is_empty() || text.len() > COMPARED_BYTES_MAX || text.contains(char::is_control)
            {
                item.problem(format!(
                    "expected {}: 1 to {COMPARED_BYTES_MAX} bytes on one line, found `{}`",
                    self.0,
                    shown(text)
                ));
                right = false;
            } else if found.iter().any(|(own, _)| *own == text) {
                item.problem(format!("`{}` stands in this list before", shown(text)));
                right = false;
            }
            found.push((text, item));
        }
        right.then_some(found)
    }

    /// The same of names of which all are known; `None` where any name may be right.
    pub(super) fn known<'n>(
        &self,
        spot: &Spot<'n>,
        what: &str,
        known: Option<&[&str]>,
    ) -> Option<Vec<String>> {
        let found = self.read(spot)?;
        let mut right = true;
        for (text, item) in &found {
            if let Some(known) = known
                && !known.contains(text)
            {
                item.problem(unknown(what, text, known));
                right = false;
            }
        }
        right.then(|| found.into_iter().map(|(text, _)| text.to_owned()).collect())
    }
}

/// Whether a text is one of several.
pub(super) fn is_one(of: &[String], text: Option<&str>) -> bool {
    text.is_some_and(|text| of.iter().any(|own| own == text))
}
