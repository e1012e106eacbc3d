//! OpenAI's models by what they take, told from their names. This is the one table of it, whether a
//! request is written or an app's own is passed on.
//!
//! Source: OpenAI's guide "Reasoning models", the answers of its API that users have reported up to
//! GPT-6, and the model map of LiteLLM 1.110, read in 2026-11. A model of another maker, or of a
//! name that OpenAI does not give, is sent everything.

use crate::dialect::{Ask, Effort, Reasoning};

/// Models that take the same parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Family {
    /// The o series: reasons always, in its own way of sampling.
    O,
    /// The first GPT-5: as the o series, and knows minimal effort.
    First,
    /// GPT-5.1 and later, by its version: reasons when asked to.
    Later(u8, u8),
    /// A later GPT that cannot be kept from reasoning.
    Always(u8, u8),
    /// OpenAI's other chat models: they refuse to hear of reasoning.
    Never,
    /// A model of anybody else.
    Other,
}

/// Later models that always reason, by their kind.
const ALWAYS: [&str; 2] = ["astra", "rosalind"];

impl Family {
    pub(in super::super) fn of(model: &str) -> Self {
        // Resellers put themselves before the name.
        let model = model.rsplit('/').next().unwrap_or(model);
        if let Some((_, rest)) = model.strip_prefix('o').and_then(number) {
            return if is_end(rest) { Self::O } else { Self::Other };
        }
        if model.starts_with("chatgpt-") {
            return Self::Never;
        }
        let Some((major, rest)) = model.strip_prefix("gpt-").and_then(number) else {
            return Self::Other;
        };
        let minor = rest.strip_prefix('.').and_then(number);
        let (minor, rest) = minor.map_or((None, rest), |(minor, rest)| (Some(minor), rest));
        match (major, minor.unwrap_or(0)) {
            (3 | 4, _) => Self::Never,
            _ if !is_end(rest) => Self::Other,
            (5.., _) if rest.contains("chat") => Self::Never,
            (5, 0) => Self::First,
            (5.., minor) if ALWAYS.iter().any(|kind| rest.contains(kind)) => {
                Self::Always(major, minor)
            }
            (5.., minor) => Self::Later(major, minor),
            _ => Self::Other,
        }
    }

    /// Whether it is OpenAI's.
    pub(in super::super) fn is_known(self) -> bool {
        self != Self::Other
    }

    /// Whether it takes no other name for the most tokens of an answer than the newer one.
    pub(in super::super) const fn takes_newer_bound_only(self) -> bool {
        matches!(self, Self::O | Self::First | Self::Later(..) | Self::Always(..))
    }

    /// Whether it cannot be kept from reasoning.
    pub(super) const fn always_thinks(self) -> bool {
        matches!(self, Self::O | Self::First | Self::Always(..))
    }

    /// Whether it reasons or not as asked, and takes `none` for not at all.
    const fn may_think(self) -> bool {
        matches!(self, Self::Later(..))
    }

    /// The word for the least reasoning that it has; `None` for what is off by nature.
    fn least(self) -> Option<&'static str> {
        match self {
            Self::Later(..) => Some("none"),
            Self::First => Some("minimal"),
            Self::O | Self::Always(..) => Some("low"),
            Self::Never | Self::Other => None,
        }
    }

    /// Whether it refuses functions on this path unless its reasoning is switched off.
    pub(super) fn thinks_without_tools_only(self) -> bool {
        self.may_think() && self.from(5, 4)
    }

    /// Whether it takes no word of how much to reason.
    pub(in super::super) fn never_thinks(self) -> bool {
        self == Self::Never
    }

    /// Whether it reasons when nothing is said of it.
    fn thinks_unasked(self) -> bool {
        self.always_thinks() || self.from(5, 5)
    }

    /// Whether it takes a word for how much to reason.
    pub(in super::super) fn takes(self, effort: &str) -> bool {
        match effort {
            "none" => self.may_think(),
            "minimal" => self == Self::First,
            "xhigh" => self.from(5, 2),
            "max" => self.from(5, 6),
            _ => true,
        }
    }

    fn from(self, major: u8, minor: u8) -> bool {
        match self {
            Self::Later(own, own_minor) | Self::Always(own, own_minor) => {
                (own, own_minor) >= (major, minor)
            }
            _ => false,
        }
    }
}

/// A number that a text begins with, and the rest of it.
fn number(text: &str) -> Option<(u8, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

/// Whether a name is over, or goes on with another word.
fn is_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('-')
}

/// The word for how much to think; `None` for the model's own default.
pub(in super::super) fn effort(ask: &Ask<'_>, family: Family) -> Option<&'static str> {
    if family.thinks_without_tools_only() && !ask.tools.is_empty() {
        // Its own default is refused as well.
        return Some("none");
    }
    match ask.reasoning?.value {
        _ if family.never_thinks() => None,
        Reasoning::Adaptive => None,
        Reasoning::Off | Reasoning::Budget(0) => family.least(),
        asked => Some(match asked.effort()? {
            Effort::Minimal if family.takes("minimal") => "minimal",
            Effort::Minimal | Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::Max if family.takes("max") => "max",
            Effort::Max if family.takes("xhigh") => "xhigh",
            Effort::High | Effort::Max => "high",
        }),
    }
}

/// Whether it will reason about this request, and so sample in its own way.
pub(super) fn thinks(ask: &Ask<'_>, family: Family) -> bool {
    match effort(ask, family) {
        _ if matches!(family, Family::Never | Family::Other) => false,
        Some(word) => word != "none",
        None => family.thinks_unasked(),
    }
}
