//! OpenAI's models by what they take, told from their names.
//!
//! Source: OpenAI's guide "Reasoning models" and the answers of its API that users have reported
//! up to GPT-5.6, read in 2026-11. A model of another maker is sent everything.

use crate::dialect::{Ask, Effort, Reasoning};

/// Models that take the same parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// The o series: reasons always, in its own way of sampling.
    O,
    /// The first GPT-5: as the o series, and knows minimal effort.
    First,
    /// GPT-5.1 and later, by its minor version: reasons when asked to.
    Later(u8),
    /// OpenAI's other chat models: they refuse to hear of reasoning.
    Never,
    /// A model of anybody else.
    Other,
}

impl Family {
    pub(super) fn of(model: &str) -> Self {
        // Resellers put themselves before the name.
        let model = model.rsplit('/').next().unwrap_or(model);
        let digit = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
        if model.strip_prefix('o').is_some_and(digit) {
            return Self::O;
        }
        if ["gpt-3", "gpt-4", "chatgpt-"].iter().any(|start| model.starts_with(start)) {
            return Self::Never;
        }
        let Some(rest) = model.strip_prefix("gpt-5") else { return Self::Other };
        if rest.contains("chat") {
            return Self::Never;
        }
        match rest.strip_prefix('.') {
            Some(minor) => {
                let minor = minor.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
                minor.parse().map_or(Self::Other, Self::Later)
            }
            None if rest.is_empty() || rest.starts_with('-') => Self::First,
            None => Self::Other,
        }
    }

    /// Whether it cannot be kept from reasoning.
    pub(super) const fn always_thinks(self) -> bool {
        matches!(self, Self::O | Self::First)
    }

    /// Whether it reasons or not as asked, and takes `none` for not at all.
    const fn may_think(self) -> bool {
        matches!(self, Self::Later(_))
    }

    /// Whether it refuses functions on this path unless its reasoning is switched off.
    pub(super) const fn thinks_without_tools_only(self) -> bool {
        matches!(self, Self::Later(4..))
    }

    /// Whether it takes no word of how much to reason.
    pub(super) fn never_thinks(self) -> bool {
        self == Self::Never
    }

    /// Whether it reasons when nothing is said of it.
    const fn thinks_unasked(self) -> bool {
        matches!(self, Self::O | Self::First | Self::Later(5..))
    }

    /// Whether it knows more effort than high.
    const fn has_xhigh(self) -> bool {
        matches!(self, Self::Later(2..))
    }

    /// Whether it knows more effort than that.
    const fn has_max(self) -> bool {
        matches!(self, Self::Later(6..))
    }
}

/// The word for how much to think; `None` for the model's own default.
pub(super) fn effort(ask: &Ask<'_>, family: Family) -> Option<&'static str> {
    if family.thinks_without_tools_only() && !ask.tools.is_empty() {
        // Its own default is refused as well.
        return Some("none");
    }
    match ask.reasoning?.value {
        _ if family.never_thinks() => None,
        Reasoning::Adaptive => None,
        // What is off by nature has no word for it, and the first GPT-5 cannot be switched off.
        Reasoning::Off | Reasoning::Budget(0) => family.may_think().then_some("none"),
        asked => Some(match asked.effort()? {
            Effort::Minimal if family == Family::First => "minimal",
            Effort::Minimal | Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::Max if family.has_max() => "max",
            Effort::Max if family.has_xhigh() => "xhigh",
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
