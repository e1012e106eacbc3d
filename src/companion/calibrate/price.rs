//! What answers cost: by the prices of two models, or by how much dearer one is.
use super::label::Label;

/// What a token of an answer costs, by a token of a question, where only a ratio is known: so it is
/// with most models.
const OUTPUT: f64 = 4.0;

/// The length of an answer where no label tells one.
const ANSWER: f64 = 300.0;

/// How many times dearer the premium model is where nothing is said: most pairs are between 3 and
/// 20.
pub const RATIO: f64 = 10.0;

/// Prices of tokens: of questions and of answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Of the premium model.
    pub premium: (f64, f64),
    /// Of the budget model.
    pub budget: (f64, f64),
}

/// Tokens of one label.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens {
    pub(super) input: f64,
    pub(super) premium: f64,
    pub(super) budget: f64,
}

impl Price {
    /// A premium model that is so many times dearer.
    #[must_use]
    pub fn ratio(ratio: f64) -> Self {
        Self { premium: (1.0, OUTPUT), budget: (1.0 / ratio, OUTPUT / ratio) }
    }

    pub(super) const fn premium(&self, input: f64, output: f64) -> f64 {
        self.premium.0 * input + self.premium.1 * output
    }

    pub(super) const fn budget(&self, input: f64, output: f64) -> f64 {
        self.budget.0 * input + self.budget.1 * output
    }

    /// The tokens of each label; those that a label does not tell are as the others are.
    pub(super) fn tokens(&self, labels: &[Label], notes: &mut Vec<String>) -> Vec<Tokens> {
        let mean = |of: fn(&Label) -> Option<f64>, what: &str, notes: &mut Vec<String>| {
            let known: Vec<f64> = labels.iter().filter_map(of).collect();
            let missing = labels.len().saturating_sub(known.len());
            if missing == 0 {
                return ANSWER;
            }
            let (mean, from) = match known.len() {
                0 => (ANSWER, "assumed"),
                count => (known.iter().sum::<f64>() / count as f64, "the mean of the others"),
            };
            notes.push(format!("{missing} labels have no `{what}`: {mean:.0}, {from}"));
            mean
        };
        let premium = mean(|label| label.premium_tokens, "premium_tokens", notes);
        let budget = mean(|label| label.budget_tokens, "budget_tokens", notes);
        let tokens = |label: &Label| Tokens {
            input: label.input_tokens,
            premium: label.premium_tokens.unwrap_or(premium),
            budget: label.budget_tokens.unwrap_or(budget),
        };
        labels.iter().map(tokens).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Price;

    #[test]
    fn a_ratio_is_that_of_questions_and_of_answers() {
        let price = Price::ratio(20.0);
        assert_eq!(price.premium(100.0, 50.0), 300.0);
        assert!((price.budget(100.0, 50.0) - 15.0).abs() < 1e-9);
    }
}
