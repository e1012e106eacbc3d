//! `models.<name>`: one model of one provider.
use std::rc::Rc;

use super::account::{joined, parted};
use super::field::{
    Defaulted, Duration, Entries, Field, Label, List, NameOf, Nested, Optional, Read as _,
    Required, Section, Spot, Whole, Word, Words,
};
use super::price;
use super::prompt_cache::{self, PromptCache};
use super::provider::{PROVIDERS, Provider, Providers};

use super::retirement::{self, Retirement};
use super::table::Table;
use super::tags::{self, KnownTags, Tags, TagsKind};
use crate::credit::Price;

/// `models.<name>`: one model of one provider.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name in the policy.
    pub name: String,
    /// The provider that has the model.
    pub provider: Rc<Provider>,
    /// The provider's own name of the model.
    pub provider_model: String,
    /// Most tokens of a request and its answer together.
    pub context_window: u64,
    /// Most tokens of an answer; never above `context_window`.
    pub max_output_tokens: u64,
    /// What the model can do.
    pub capabilities: Vec<Capability>,
    /// The model's price; `None` where credits are not counted.
    pub price: Option<Price>,
    /// What happens to a field that the provider's dialect cannot express.
    pub unsupported: Unsupported,
    /// What callers may require of it.
    pub tags: Tags,
    /// What of a request is marked for its provider's cache; `None` where nothing is.
    pub prompt_cache: Option<PromptCache>,
    /// How long a stream of it may take to its first content, in milliseconds; `None` for what the
    /// policy says of all models.
    pub first_token_timeout_ms: Option<u64>,
    /// When its provider retires it; `None` where no day is known.
    pub retires: Option<Retirement>,
    /// Under what a proxy keeps what it knows of its failures: its name, and who it is. One that
    /// becomes another model, or another server's, begins anew.
    pub breaker_name: String,
    /// The same model at each account of its provider; empty where that has no accounts.
    pub accounts: Vec<Rc<Model>>,
}

/// Something that not every model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// `tools`: it can call functions.
    Tools,
    /// `images`: it accepts images in its input.
    Images,
    /// `json_schema`: it can answer in the shape of a schema.
    JsonSchema,
    /// `reasoning`: it can reason before it answers.
    Reasoning,
}

/// `unsupported`: what happens to a field that the provider's dialect cannot express.
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
    /// Its name in a policy.
    #[must_use]
    pub fn name(self) -> &'static str {
        CAPABILITY.word(self)
    }
}

pub(super) const MODELS: Entries = Entries::of("model", &Nested(&MODEL));

const MODEL: Section = Section::new(
    "an object that describes a model",
    "One model of one provider: what it is called there, how much it takes, what it can do and \
     what it costs. A request goes only to models of its chain that can serve it.",
    "models:
  claude-sonnet:
    provider: anthropic
    name: claude-sonnet-5-5
    context_window: 1000000
    max_output_tokens: 128000
    capabilities: [tools, images, json_schema, reasoning]
    price: {input: \"2\", cached_input: \"0.10\", cache_write: \"2.50\", output: \"10\"}",
    &[
        &PROVIDER,
        &NAME,
        &CONTEXT_WINDOW,
        &MAX_OUTPUT_TOKENS,
        &CAPABILITIES,
        &PRICE,
        &UNSUPPORTED,
        &TAGS,
        &CACHE,
        &FIRST_TOKEN_TIMEOUT,
        &DEPRECATED,
    ],
);

/// More tokens than any model is expected to take.
const TOKENS: Whole = Whole { of: "tokens", least: 1, most: 100_000_000 };

const PROVIDER: Required<NameOf> =
    Field::required("provider", NameOf(PROVIDERS.one), "Whose model it is.");

const NAME: Required<Label> = Field::required(
    "name",
    Label("the provider's name of the model"),
    "What the provider calls it.",
);

const CONTEXT_WINDOW: Required<Whole> = Field::required(
    "context_window",
    TOKENS,
    "The most tokens of a request and its answer together. A request that does not fit, by an \
     estimate, goes to the next model.",
);

const MAX_OUTPUT_TOKENS: Required<Whole> = Field::required(
    "max_output_tokens",
    TOKENS,
    "The most tokens of an answer, `context_window` at most. Where credits are counted, an answer \
     that its request does not bound is bounded by this, and by what the request leaves of \
     `context_window`.",
);

const CAPABILITIES: Optional<List> = Field::optional(
    "capabilities",
    List::of("capabilities", &CAPABILITY).or_empty().unique(),
    "none",
    "What it can do. A request that needs anything else goes to the next model.",
);

const CAPABILITY: Words<Capability> = Words {
    what: "capability",
    of: &[
        Word::new("tools", Capability::Tools, "It calls functions."),
        Word::new("images", Capability::Images, "It reads images."),
        Word::new("json_schema", Capability::JsonSchema, "It answers in the shape of a schema."),
        Word::new("reasoning", Capability::Reasoning, "It thinks before it answers."),
    ],
};

const PRICE: Optional<Nested> = Field::optional(
    "price",
    Nested(&price::PRICE),
    "none: nobody is charged",
    "What it costs. Required where there are `credits`.",
);

const UNSUPPORTED: Defaulted<Words<Unsupported>> = Field::defaulted(
    "unsupported",
    Words {
        what: "value",
        of: &[
            Word::new("skip", Unsupported::Skip, "The model is passed over, and the log says why."),
            Word::new(
                "drop",
                Unsupported::Drop,
                "The field is left out, and `x-tradewind-dropped` names it.",
            ),
        ],
    },
    Unsupported::Skip,
    "What becomes of a request with a field that the provider's dialect cannot say, or the model \
     does not take. A field that only advises (sampling, `seed`, one call at a time) is always \
     left out and named.",
);

const TAGS: Optional<TagsKind> = Field::optional(
    "tags",
    TagsKind,
    "none",
    "What holds of it by your own names, such as `{region: eu, zero_retention: true}`: callers may \
     `require` it.",
);

const CACHE: Optional<Nested> = Field::optional(
    "prompt_cache",
    Nested(&prompt_cache::PROMPT_CACHE),
    "nothing is marked",
    "What of a request is marked for its provider's cache.",
);

const FIRST_TOKEN_TIMEOUT: Optional<Duration> = Field::optional(
    "first_token_timeout",
    Duration { least: 100, most: 3_600_000 },
    "`resilience.first_token_timeout`",
    "The longest that a stream of it takes to its first content.",
);

const DEPRECATED: Optional<Nested> = Field::optional(
    "deprecated",
    Nested(&retirement::DEPRECATED),
    "no day is known",
    "When its provider retires it, and what serves then.",
);

pub(super) type Models<'n> = Table<'n, Model>;

/// Reads the section, and notes where models are named that stand for retired ones.
pub(super) fn read<'n>(
    section: Option<Spot<'n>>,
    providers: &Providers<'n>,
    successors: &mut Vec<Spot<'n>>,
) -> Models<'n> {
    let models =
        Table::read(MODELS, section, |name, spot| model(name, spot, providers, successors));
    if !models.was_read {
        providers.skip_unused_check();
    }
    models.distinct();
    models
}

fn model<'n>(
    name: &str,
    spot: &Spot<'n>,
    providers: &Providers<'_>,
    successors: &mut Vec<Spot<'n>>,
) -> Option<Model> {
    let Some(mut fields) = spot.object(&MODEL) else {
        providers.skip_unused_check();
        return None;
    };
    let provider = providers.find(fields.spot(&PROVIDER).as_ref());
    let provider_model = fields.read(&NAME);
    let window = fields.read(&CONTEXT_WINDOW);
    let max_output_tokens = fields.read(&MAX_OUTPUT_TOKENS);
    let output = fields.place(&MAX_OUTPUT_TOKENS);
    let capabilities = fields.spot(&CAPABILITIES).map(|spot| capabilities(&spot));
    let price = fields.read_with(&PRICE, price::read);
    let unsupported = fields.read(&UNSUPPORTED);
    let tags = fields.read_with(&TAGS, |spot| tags::read(spot).map(|(tags, _)| tags));
    let provider = provider.and_then(|provider| providers.value(provider));
    let prompt_cache =
        fields.read_with(&CACHE, |spot| prompt_cache::read(spot, provider.map(Rc::as_ref)));
    let first_token_timeout_ms = fields.read(&FIRST_TOKEN_TIMEOUT);
    let retires = fields.read_with(&DEPRECATED, |spot| retirement::read(spot, successors));
    fields.finish();
    if let (Some(most), Some(window)) = (max_output_tokens, window)
        && most > window
    {
        output.problem(format!("{most} is more than the `context_window` of {window} tokens"));
    }
    let (provider, provider_model) = (provider?, provider_model?);
    let model = Model {
        name: name.to_owned(),
        breaker_name: breaker_name(name, &provider_model, provider),
        provider: Rc::clone(provider),
        provider_model,
        context_window: window?,
        max_output_tokens: max_output_tokens?,
        capabilities: capabilities.unwrap_or_default(),
        // One that is wrong has been reported, and is not missing.
        price: price?,
        unsupported: unsupported.unwrap_or(UNSUPPORTED.default()),
        tags: tags?.unwrap_or_default(),
        prompt_cache: prompt_cache?,
        first_token_timeout_ms: first_token_timeout_ms.flatten(),
        retires: retires?,
        accounts: Vec::new(),
    };
    let accounts = provider.accounts.iter().map(|account| Rc::new(model.at(account))).collect();
    Some(Model { accounts, ..model })
}

impl Model {
    /// The model as it is asked: itself, or it at each account of its provider.
    #[must_use]
    pub fn asked(own: &Rc<Self>) -> &[Rc<Self>] {
        if own.accounts.is_empty() { core::slice::from_ref(own) } else { &own.accounts }
    }

    /// The same model at an account of its provider.
    fn at(&self, account: &Rc<Provider>) -> Self {
        let name = joined(&self.name, parted(&account.name).1.unwrap_or_default());
        let breaker_name = breaker_name(&name, &self.provider_model, account);
        Self { name, breaker_name, provider: Rc::clone(account), ..self.clone() }
    }
}

fn breaker_name(name: &str, provider_model: &str, provider: &Provider) -> String {
    let endpoint = &provider.endpoint;
    let server = [&*endpoint.authority(), &*endpoint.prefix].concat();
    [name, provider_model, &provider.name, &server].join("\x1f")
}

/// The tags of all models.
pub(super) fn known_tags(models: &Models<'_>) -> KnownTags {
    let tags =
        |models: &mut dyn Iterator<Item = &Model>| models.map(|own| own.tags.clone()).collect();
    KnownTags::of(models.values().map(|mut models| tags(&mut models)))
}

fn capabilities(spot: &Spot<'_>) -> Vec<Capability> {
    let mut found = Vec::new();
    for item in CAPABILITIES.kind.items(spot).unwrap_or_default() {
        let Some(capability) = CAPABILITY.read(&item) else {
            continue;
        };
        if found.contains(&capability) {
            item.problem(format!("`{}` stands in this list before", capability.name()));
        }
        found.push(capability);
    }
    found
}
