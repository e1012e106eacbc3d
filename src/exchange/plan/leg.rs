//! One model of a plan.
use std::borrow::Cow;

use super::{Pair, pair, pairs};
use crate::decide;
use crate::dialect::CacheMarks;
use crate::layout::{Reader, Writer};
use crate::policy::{Unsupported, parted};

/// One model to try. A provider's cluster serves all of its models, so what differs between them
/// stands here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg<'p> {
    /// The leg's name: the model's in the policy, `MODEL@ACCOUNT` where its provider has accounts.
    pub model: Cow<'p, str>,
    /// The name of its provider's cluster: the provider's in the policy, or `PROVIDER@ACCOUNT`.
    pub provider: Cow<'p, str>,
    /// The provider's own name of the model.
    pub provider_model: Cow<'p, str>,
    /// Most tokens of one answer: what the app asks for, as far as the model and the policy allow;
    /// where the app sets no bound, also what the request leaves of the model's context window. The
    /// window lowers nothing where the provider speaks the app's format and nobody counts credits.
    pub max_output_tokens: u64,
    /// What the provider's dialect cannot say is left out, and named in a response header.
    pub drops: bool,
    /// Whether that many were paid for.
    pub is_paid: bool,
    /// Whether that many are said to the provider whatever the app has said.
    pub states_bound: bool,
    /// Which of [`super::Plan::changes`] makes the app's body one for this model, where its
    /// provider speaks the app's format.
    pub change: usize,
    /// The place of the message at which the conversation begins for this model; 0 where it is sent
    /// all of it.
    pub from: usize,
    /// How many of the messages before it are the operator's examples, which stay.
    pub examples: usize,
    /// How many messages are left out by that.
    pub left_out: u64,
    /// What of a body that is written anew is marked for its provider's cache.
    pub marks: Option<CacheMarks>,
    /// How long a stream may take to its first content, in milliseconds; 0 where only silence ends
    /// it.
    pub first_token_ms: u64,
    /// Its breaker has left it alone: it is asked where all others have failed.
    pub is_last_resort: bool,
    /// Headers of its answer: that the model is retired soon.
    pub says: Vec<Pair<'p>>,
}

impl<'p> Leg<'p> {
    /// The leg of a decision, as a plan with that change of its body and that time says it.
    #[must_use]
    pub fn of(leg: &'p decide::Leg, change: usize, first_token_ms: u64) -> Self {
        let model = &leg.model;
        let retiring = model.retires.iter().flat_map(|own| &own.told);
        Self {
            model: Cow::Borrowed(&model.name),
            provider: Cow::Borrowed(&model.provider.name),
            provider_model: Cow::Borrowed(&model.provider_model),
            max_output_tokens: leg.max_output_tokens,
            drops: model.unsupported == Unsupported::Drop,
            is_paid: leg.bounds.is_some(),
            states_bound: leg.states_bound,
            change,
            from: leg.shortened.as_ref().map_or(0, |own| own.from),
            examples: leg.shortened.as_ref().map_or(0, |own| own.examples),
            left_out: leg.shortened.as_ref().map_or(0, |own| own.dropped),
            marks: leg.marks,
            first_token_ms,
            is_last_resort: leg.is_last_resort,
            says: retiring.map(|(name, value)| ((*name).into(), value.into())).collect(),
        }
    }

    /// The model's name in the policy.
    #[must_use]
    pub fn own_model(&self) -> &str {
        parted(&self.model).0
    }

    /// The most tokens of one answer that were paid for; `None` where nobody counts credits.
    #[must_use]
    pub fn paid(&self) -> Option<u64> {
        self.is_paid.then_some(self.max_output_tokens)
    }

    /// The most tokens of one answer that the provider is told; `None` where it is told what the
    /// app has said.
    #[must_use]
    pub fn stated(&self) -> Option<u64> {
        self.states_bound.then_some(self.max_output_tokens)
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.text(&self.model);
        out.text(&self.provider);
        out.text(&self.provider_model);
        out.number(self.max_output_tokens);
        out.flag(self.drops);
        out.flag(self.is_paid);
        out.flag(self.states_bound);
        for place in [self.change, self.from, self.examples] {
            out.number(u64::try_from(place).unwrap_or(u64::MAX));
        }
        out.number(self.left_out);
        out.option(self.marks, |out, marks| {
            out.flag(marks.hour);
            out.flag(marks.turns);
        });
        out.number(self.first_token_ms);
        out.flag(self.is_last_resort);
        pairs(&self.says, out);
    }

    pub(super) fn read(fields: &mut Reader<'p>) -> Option<Self> {
        Some(Self {
            model: fields.text()?.into(),
            provider: fields.text()?.into(),
            provider_model: fields.text()?.into(),
            max_output_tokens: fields.number()?,
            drops: fields.flag()?,
            is_paid: fields.flag()?,
            states_bound: fields.flag()?,
            change: usize::try_from(fields.number()?).ok()?,
            from: usize::try_from(fields.number()?).ok()?,
            examples: usize::try_from(fields.number()?).ok()?,
            left_out: fields.number()?,
            marks: fields.option(|fields| {
                Some(CacheMarks { hour: fields.flag()?, turns: fields.flag()? })
            })?,
            first_token_ms: fields.number()?,
            is_last_resort: fields.flag()?,
            says: fields.list(pair)?,
        })
    }
}
