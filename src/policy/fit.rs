//! Which models of a chain can serve a request, decided before anything is sent.
use core::fmt;

use super::{Capability, Model, Policy};

/// What is known of a request.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The app's dialect: a provider of it gets the app's bound on the answer as it stands, any
    /// other one a bound that its model can keep.
    pub dialect: &'static str,
    /// Tokens of its input, estimated.
    pub input_tokens: u64,
    /// Most tokens of its answer, where it says.
    pub max_tokens: Option<u64>,
    /// What it needs a model to be able to do, and the field that says so.
    pub needs: Vec<(Capability, &'static str)>,
}

/// A chain, filtered.
#[derive(Debug)]
pub struct Fit<'p> {
    /// The models that can serve the request, in order; at most as many as there are attempts.
    pub models: Vec<&'p Model>,
    /// The models that cannot, in order.
    pub dropped: Vec<(&'p Model, Dropped)>,
}

/// Why a model cannot serve a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// The request and the answer it asks for do not fit into its context window.
    Context {
        /// Tokens of the input, estimated.
        input_tokens: u64,
        /// Tokens of the answer asked for, where it says.
        max_tokens: Option<u64>,
        /// Its context window, in tokens.
        context_window: u64,
    },
    /// The request wants a longer answer than it can give.
    Output {
        /// Tokens wanted.
        max_tokens: u64,
        /// Most tokens of an answer.
        max_output_tokens: u64,
    },
    /// It cannot do something.
    Capability(Capability, &'static str),
    /// Its provider's dialect cannot say a field.
    Dialect(String),
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Context { input_tokens, max_tokens, context_window } => {
                write!(f, "about {input_tokens} input tokens ")?;
                if let Some(max_tokens) = max_tokens {
                    write!(f, "and an answer of {max_tokens} ")?;
                }
                write!(f, "do not fit its context window of {context_window}")
            }
            Self::Output { max_tokens, max_output_tokens } => {
                write!(f, "an answer of {max_tokens} tokens is more than its {max_output_tokens}")
            }
            Self::Capability(capability, field) => {
                write!(f, "it has no `{}`, which `{field}` needs", capability.name())
            }
            Self::Dialect(lack) => f.write_str(lack),
        }
    }
}

impl Policy {
    /// Filters a chain.
    ///
    /// `lack` says what a model's dialect cannot say of the request, or nothing.
    pub fn fit<'p>(
        &'p self,
        chain: impl Iterator<Item = &'p Model>,
        facts: &Facts,
        mut lack: impl FnMut(&Model) -> Option<String>,
    ) -> Fit<'p> {
        let attempts = usize::try_from(self.resilience.attempts).unwrap_or(usize::MAX);
        let mut fit = Fit { models: Vec::with_capacity(attempts.min(8)), dropped: Vec::new() };
        for model in chain {
            match misfit(model, facts).or_else(|| lack(model).map(Dropped::Dialect)) {
                Some(reason) => fit.dropped.push((model, reason)),
                None if fit.models.len() < attempts => fit.models.push(model),
                None => {}
            }
        }
        fit
    }
}

/// The first reason why a model cannot serve a request.
fn misfit(model: &Model, facts: &Facts) -> Option<Dropped> {
    // What is too long an answer for any input is said as that, though it may overflow the window
    // as well. A provider refuses such a bound; where the request is written anew, the bound is
    // lowered to what the model can give at all.
    let most = model.max_output_tokens;
    let max_tokens = match facts.max_tokens {
        Some(max_tokens) if max_tokens <= most => Some(max_tokens),
        Some(max_tokens) if model.provider.dialect == facts.dialect => {
            return Some(Dropped::Output { max_tokens, max_output_tokens: most });
        }
        Some(_) => Some(most),
        None => None,
    };
    // An answer that nobody bounded needs room for one token at least.
    let answer = max_tokens.unwrap_or(1);
    if facts.input_tokens.saturating_add(answer) > model.context_window {
        return Some(Dropped::Context {
            input_tokens: facts.input_tokens,
            max_tokens,
            context_window: model.context_window,
        });
    }
    facts
        .needs
        .iter()
        .find(|(need, _)| !model.capabilities.contains(need))
        .map(|(need, field)| Dropped::Capability(*need, field))
}
