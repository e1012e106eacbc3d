//! What two answers to one request say of each other, by their form alone.
use super::record::Said;
use crate::exchange::conclusion::{Called, Conclusion, Kind};

/// What two answers say of each other. The premium model's is taken to be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// They come to the same.
    Same(By),
    /// They do not.
    Apart(By),
    /// Neither can be said.
    Unclear(Why),
}

/// By what they were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// What they come to, which has this form.
    Form(Kind),
    /// Every word of theirs.
    Words,
    /// The budget model did not end its answer.
    Finish,
    /// The budget model has said nothing.
    Nothing,
}

/// Why answers cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// One of them, or both, is prose.
    Prose,
    /// They have different forms.
    Forms,
    /// The premium model did not end its answer, or said nothing, so nobody knows what is right.
    Premium,
    /// One of them was too long to be kept.
    TooLong,
}

impl By {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Form(kind) => kind.name(),
            Self::Words => "every word",
            Self::Finish => "a missing end",
            Self::Nothing => "an empty answer",
        }
    }
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Prose, Self::Forms, Self::Premium, Self::TooLong];

    /// What it means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Prose => "prose, which has no final answer",
            Self::Forms => "final answers of different forms",
            Self::Premium => "the premium answer was cut off, declined or empty",
            Self::TooLong => "an answer of more than 64 KiB was not kept",
        }
    }

    /// Whether a judge may know more.
    #[must_use]
    pub const fn is_for_a_judge(self) -> bool {
        matches!(self, Self::Prose | Self::Forms)
    }
}

impl Compared {
    /// Compares two answers; `None` for one that was not kept.
    #[must_use]
    pub fn of(premium: Option<&Said>, budget: Option<&Said>) -> Self {
        let (Some(premium), Some(budget)) = (premium, budget) else {
            return Self::Unclear(Why::TooLong);
        };
        if !is_ended(premium) || is_empty(premium) {
            return Self::Unclear(Why::Premium);
        }
        let (one, other) = (conclusion(premium), conclusion(budget));
        if one.agrees_with(&other) {
            return Self::Same(By::Form(one.kind));
        }
        if !is_ended(budget) {
            return Self::Apart(By::Finish);
        }
        if is_empty(budget) {
            return Self::Apart(By::Nothing);
        }
        if premium.text.trim() == budget.text.trim() && premium.calls == budget.calls {
            return Self::Same(By::Words);
        }
        match (one.kind, other.kind) {
            // Who calls a function has not answered, and who should call one has guessed.
            (Kind::Calls, _) | (_, Kind::Calls) => Self::Apart(By::Form(Kind::Calls)),
            (Kind::Prose, _) | (_, Kind::Prose) => Self::Unclear(Why::Prose),
            (one, other) if one != other => Self::Unclear(Why::Forms),
            (kind, _) => Self::Apart(By::Form(kind)),
        }
    }

    /// Whether a judge may know better: two short texts, or two pieces of code, may differ and both
    /// be right.
    #[must_use]
    pub const fn is_for_a_judge(self) -> bool {
        match self {
            Self::Unclear(why) => why.is_for_a_judge(),
            Self::Apart(By::Form(kind)) => matches!(kind, Kind::Text | Kind::Code),
            Self::Same(_) | Self::Apart(_) => false,
        }
    }
}

/// Whether a model has ended its answer itself, as far as is known.
fn is_ended(said: &Said) -> bool {
    !matches!(&*said.finish, "length" | "filtered" | "refused")
}

/// Whether a model has neither said anything nor called a function.
fn is_empty(said: &Said) -> bool {
    said.text.trim().is_empty() && said.calls.is_empty()
}

fn conclusion(said: &Said) -> Conclusion {
    let calls = said.calls.iter();
    Conclusion::of(&said.text, calls.map(|(name, arguments)| Called { name, arguments }))
}

#[cfg(test)]
mod tests {
    use super::{By, Compared, Said, Why};
    use crate::exchange::conclusion::Kind;

    fn text(text: &str, finish: &str) -> Said {
        Said { text: text.to_owned(), finish: finish.to_owned(), ..Said::default() }
    }

    fn call(arguments: &str) -> Said {
        let calls = vec![("weather".to_owned(), arguments.to_owned())];
        Said { calls, finish: "tool_calls".to_owned(), ..Said::default() }
    }

    #[test]
    fn answers_are_compared_by_what_they_come_to() {
        let prose = "There are many ways to look at this, and none of them is the only one that \
                     deserves to be called right.";
        let (one, other) = (prose.to_owned(), prose.replace("many", "some"));
        for (premium, budget, expected, judged) in [
            (
                text("42", "stop"),
                text("**42**", "stop"),
                Compared::Same(By::Form(Kind::Number)),
                false,
            ),
            (text("42", "stop"), text("43", ""), Compared::Apart(By::Form(Kind::Number)), false),
            (text("B", ""), text("C", ""), Compared::Apart(By::Form(Kind::Choice)), false),
            (text("Paris", ""), text("Rome", ""), Compared::Apart(By::Form(Kind::Text)), true),
            (
                text("```\na\n```", ""),
                text("```\nb\n```", ""),
                Compared::Apart(By::Form(Kind::Code)),
                true,
            ),
            (
                text("42", "stop"),
                text("42", "length"),
                Compared::Same(By::Form(Kind::Number)),
                false,
            ),
            (text("42", "stop"), text(&one, "length"), Compared::Apart(By::Finish), false),
            (text(&one, "stop"), text("", "refused"), Compared::Apart(By::Finish), false),
            (text(&one, "length"), text(&one, "stop"), Compared::Unclear(Why::Premium), false),
            (text(&one, "refused"), text("", "refused"), Compared::Unclear(Why::Premium), false),
            (text(&one, "stop"), text(&one, "stop"), Compared::Same(By::Words), false),
            (text(&one, "stop"), text(&other, "stop"), Compared::Unclear(Why::Prose), true),
            (text("42", "stop"), text(&other, "stop"), Compared::Unclear(Why::Prose), true),
            (text("42", "stop"), text("Paris", "stop"), Compared::Unclear(Why::Forms), true),
            (text("42", "stop"), text(" ", "stop"), Compared::Apart(By::Nothing), false),
            (text(&one, "stop"), text("", "stop"), Compared::Apart(By::Nothing), false),
            (text("", "stop"), text("42", "stop"), Compared::Unclear(Why::Premium), false),
            (text("", "stop"), text("", "stop"), Compared::Unclear(Why::Premium), false),
            (call("{}"), text("", "stop"), Compared::Apart(By::Nothing), false),
            (call("{}"), call("{ }"), Compared::Same(By::Form(Kind::Calls)), false),
            (call("{}"), text(&one, "stop"), Compared::Apart(By::Form(Kind::Calls)), false),
            (text("42", "stop"), call("{}"), Compared::Apart(By::Form(Kind::Calls)), false),
        ] {
            let found = Compared::of(Some(&premium), Some(&budget));
            assert_eq!(
                (found, found.is_for_a_judge()),
                (expected, judged),
                "{premium:?} {budget:?}"
            );
        }
        let none = Compared::of(Some(&text("42", "")), None);
        assert_eq!(none, Compared::Unclear(Why::TooLong));
    }
}
