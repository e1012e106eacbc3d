//! How large a request is, and what that may make of it, for whoever counts.
use std::rc::Rc;

use crate::policy::{Model, parted};

/// The most that one model may use of a request, in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Input tokens, the context windows included that a provider's own tools may read.
    pub input: u64,
    /// Output of all answers.
    pub output: u64,
    /// Input tokens of what the model is sent, as estimated from the text: what is charged where
    /// its provider reports none.
    pub estimate: u64,
}

/// How large a request is. All zero where nobody counts it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Size {
    /// How many images the request has.
    pub images: u64,
    /// Answers that are asked for at once; 0 stands for 1.
    pub choices: u64,
    /// Whether the answer is streamed.
    pub streamed: bool,
}

/// What a request may use, whichever of its models it is sent to.
#[derive(Debug, Clone, Default)]
pub struct Need {
    /// What each of them may use: what is beyond that is not believed.
    pub bounds: Vec<(Rc<Model>, Bounds)>,
    /// How large it is, but for its images.
    pub size: Size,
}

impl Need {
    /// What a model of that name may use; nothing where the request was not for it.
    #[must_use]
    pub fn of(&self, model: &str) -> Bounds {
        let own = self.bounds.iter().find(|(own, _)| parted(&own.name).0 == model);
        own.map(|(_, bounds)| *bounds).unwrap_or_default()
    }
}
