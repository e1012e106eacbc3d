//! One model of a plan.
use std::borrow::Cow;

use crate::decide;
use crate::layout::{Reader, Writer};
use crate::policy::{Unsupported, answer_room};

/// One model to try. A provider's cluster serves all of its models, so what differs between them
/// stands here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg<'p> {
    /// The model's name in the policy.
    pub model: Cow<'p, str>,
    /// The provider's name in the policy, which is also its cluster's.
    pub provider: Cow<'p, str>,
    /// The provider's own name of the model.
    pub provider_model: Cow<'p, str>,
    /// Most tokens of a request and its answer together.
    pub context_window: u64,
    /// Most tokens of an answer that the model and the policy allow.
    pub max_output_tokens: u64,
    /// What the provider's dialect cannot say is left out, and named in a response header.
    pub drops: bool,
    /// The most tokens of an answer that were paid for; `None` where nobody counts credits.
    pub bound: Option<u64>,
}

impl<'p> Leg<'p> {
    /// The leg of a decision, as a plan says it.
    #[must_use]
    pub fn of(leg: &'p decide::Leg) -> Self {
        let model = &leg.model;
        Self {
            model: Cow::Borrowed(&model.name),
            provider: Cow::Borrowed(&model.provider.name),
            provider_model: Cow::Borrowed(&model.provider_model),
            context_window: model.context_window,
            max_output_tokens: leg.max_output_tokens,
            drops: model.unsupported == Unsupported::Drop,
            bound: leg.bounds.map(|bounds| bounds.answer),
        }
    }

    /// Most tokens of an answer to an input of that many, when the app sets no bound; at least 1.
    #[must_use]
    pub fn room(&self, input_tokens: u64) -> u64 {
        answer_room(self.max_output_tokens, self.context_window, input_tokens)
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.text(&self.model);
        out.text(&self.provider);
        out.text(&self.provider_model);
        out.number(self.context_window);
        out.number(self.max_output_tokens);
        out.flag(self.drops);
        out.option(self.bound, Writer::number);
    }

    pub(super) fn read(fields: &mut Reader<'p>) -> Option<Self> {
        Some(Self {
            model: fields.text()?.into(),
            provider: fields.text()?.into(),
            provider_model: fields.text()?.into(),
            context_window: fields.number()?,
            max_output_tokens: fields.number()?,
            drops: fields.flag()?,
            bound: fields.option(Reader::number)?,
        })
    }
}
