//! Why a model cannot serve a request, in words for an operator.
use core::fmt;

use crate::policy::Capability;

/// Why a model cannot serve a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// The request and the answer it asks for do not fit into the model's context window.
    Context {
        /// Tokens of the input, estimated.
        input_tokens: u64,
        /// Tokens of the answer asked for, where the request says.
        max_tokens: Option<u64>,
        /// The context window, in tokens.
        context_window: u64,
    },
    /// They do not fit even without the oldest turns of the conversation.
    Shortened {
        /// Tokens of what is left of the input, estimated.
        least: u64,
        /// Tokens of the answer asked for, where the request says.
        max_tokens: Option<u64>,
        /// The context window, in tokens.
        context_window: u64,
    },
    /// The model lacks a capability that this field needs.
    Capability(Capability, &'static str),
    /// The provider's dialect cannot say these fields.
    Dialect(String),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Context { input_tokens, max_tokens, context_window } => {
                tokens(f, *input_tokens, *max_tokens)?;
                write!(f, "do not fit its context window of {context_window}")
            }
            Self::Shortened { least, max_tokens, context_window } => {
                f.write_str("even without every turn that may be left out, ")?;
                tokens(f, *least, *max_tokens)?;
                write!(f, "do not fit its context window of {context_window}")
            }
            Self::Capability(capability, field) => {
                write!(f, "it has no `{}`, which `{field}` needs", capability.name())
            }
            Self::Dialect(lack) => f.write_str(lack),
        }
    }
}

fn tokens(f: &mut fmt::Formatter<'_>, input: u64, output: Option<u64>) -> fmt::Result {
    write!(f, "about {input} input tokens ")?;
    output.map_or(Ok(()), |output| write!(f, "and an answer of {output} "))
}
