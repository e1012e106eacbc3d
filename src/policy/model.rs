//! `models.<name>`: one model of one provider.
use std::rc::Rc;

use super::price;
use super::provider::{Provider, Providers};
use super::read::Spot;
use super::table::Table;
use crate::credit::Price;

/// The most that a context window or an answer may be, in tokens.
const MOST_TOKENS: u64 = 100_000_000;

/// `models.<name>`: one model of one provider.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name in the policy.
    pub name: String,
    /// Whose it is.
    pub provider: Rc<Provider>,
    /// The provider's own name of it.
    pub provider_model: String,
    /// Most tokens of a request and its answer together.
    pub context_window: u64,
    /// Most tokens of an answer; never above `context_window`.
    pub max_output_tokens: u64,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// What it costs; none for a model that nobody charges for.
    pub price: Option<Price>,
    /// What becomes of a field that its provider's dialect cannot say.
    pub unsupported: Unsupported,
}

/// Something that not every model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// `tools`: call functions.
    Tools,
    /// `images`: see.
    Images,
    /// `json_schema`: answer in a given shape.
    JsonSchema,
    /// `reasoning`: think before it answers.
    Reasoning,
}

/// `unsupported`: what becomes of a field that cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// `skip`: the model is passed over.
    Skip,
    /// `drop`: the field is left out, and named in a response header.
    Drop,
}

/// Most tokens of an answer to an input of that many tokens, at least 1, when the app sets no
/// bound: what the model gives, or what its context window has left.
#[must_use]
pub fn answer_room(max_output_tokens: u64, context_window: u64, input_tokens: u64) -> u64 {
    max_output_tokens.min(context_window.saturating_sub(input_tokens)).max(1)
}

impl Capability {
    /// Every capability.
    pub const ALL: [Self; 4] = [Self::Tools, Self::Images, Self::JsonSchema, Self::Reasoning];

    /// Its name in a policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Images => "images",
            Self::JsonSchema => "json_schema",
            Self::Reasoning => "reasoning",
        }
    }
}

pub(super) type Models<'n> = Table<'n, Model>;

pub(super) fn read<'n>(section: Option<Spot<'n>>, providers: &Providers<'n>) -> Models<'n> {
    let models = Table::read("model", section, |name, spot| model(name, spot, providers));
    if !models.known {
        providers.unsure();
    }
    models.distinct();
    models
}

fn model(name: &str, spot: &Spot<'_>, providers: &Providers<'_>) -> Option<Model> {
    let Some(mut fields) = spot.object("an object that describes a model") else {
        providers.unsure();
        return None;
    };
    let provider = providers.find(fields.required("provider").as_ref());
    let provider_model =
        fields.required("name").and_then(|spot| spot.label("the provider's name of the model"));
    let window = fields.required("context_window").and_then(|spot| tokens(&spot));
    let output = fields.required("max_output_tokens");
    let max_output_tokens = output.as_ref().and_then(tokens);
    let capabilities = fields.optional("capabilities").map(|spot| capabilities(&spot));
    let price = fields.optional("price").map(|spot| price::read(&spot));
    let unsupported = fields.optional("unsupported").map(|spot| {
        spot.word("value", &[("skip", Unsupported::Skip), ("drop", Unsupported::Drop)])
    });
    fields.finish();
    if let (Some(spot), Some(most), Some(window)) = (&output, max_output_tokens, window)
        && most > window
    {
        spot.problem(format!("{most} is more than the `context_window` of {window} tokens"));
    }
    Some(Model {
        name: name.to_owned(),
        provider: Rc::clone(providers.value(provider?)?),
        provider_model: provider_model?.to_owned(),
        context_window: window?,
        max_output_tokens: max_output_tokens?,
        capabilities: capabilities.unwrap_or_default(),
        price: price.flatten(),
        unsupported: unsupported.flatten().unwrap_or(Unsupported::Skip),
    })
}

fn tokens(spot: &Spot<'_>) -> Option<u64> {
    spot.whole("tokens", 1..=MOST_TOKENS)
}

fn capabilities(spot: &Spot<'_>) -> Vec<Capability> {
    let words = Capability::ALL.map(|capability| (capability.name(), capability));
    let mut found = Vec::new();
    for item in spot.list_or_empty("capabilities").unwrap_or_default() {
        let Some(capability) = item.word("capability", &words) else {
            continue;
        };
        if found.contains(&capability) {
            item.problem(format!("`{}` stands in this list before", capability.name()));
        }
        found.push(capability);
    }
    found
}
