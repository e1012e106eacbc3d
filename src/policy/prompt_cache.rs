//! `models.<name>.prompt_cache`: what of a request is marked for its provider's cache.
use super::field::{Defaulted, Field, Section, Spot, Whole, Word, Words};
use super::provider::Provider;
use crate::dialect::Operation;

/// `prompt_cache`: what of a request is marked for its provider's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptCache {
    /// Beside functions and instructions, the conversation as far as it has come.
    pub turns: bool,
    /// Kept for an hour; otherwise for five minutes.
    pub hour: bool,
    /// The least tokens of a request that is marked, estimated.
    pub min_tokens: u64,
}

pub(super) const PROMPT_CACHE: Section = Section::new(
    "an object of settings",
    "Marks in a request up to which its provider keeps it in its cache (Anthropic's \
     `cache_control`), for apps that set none: at the end of the functions, of the instructions, \
     of the user's last turn, and of the one before it, which the request before has written. An \
     app's own marks in Anthropic's API are left alone, and then none is added. Those of an app \
     that speaks another API are left out, as `x-tradewind-dropped` says, and these stand for \
     them. What is written into the cache costs more than what is not, and what is read from it a \
     fraction: say so in `price`. It pays where requests begin alike, as those of one conversation \
     do, so have `sticky` keep a conversation on its model. A conversation without its oldest \
     turns (`context`) begins otherwise each time: then only functions and instructions are \
     marked. One that its provider keeps (`thread`) is not marked.",
    "prompt_cache: {marks: auto, ttl: 5m, min_tokens: 1024}",
    &[&MARKS, &TTL, &MIN_TOKENS],
);

const MARKS: Defaulted<Words<bool>> = Field::defaulted(
    "marks",
    Words {
        what: "value",
        of: &[
            Word::new(
                "auto",
                true,
                "Functions, instructions and the conversation: for apps that go on with it.",
            ),
            Word::new(
                "instructions",
                false,
                "Functions and instructions: for apps that ask one thing at a time.",
            ),
        ],
    },
    true,
    "What is marked.",
);

const TTL: Defaulted<Words<bool>> = Field::defaulted(
    "ttl",
    Words {
        what: "time",
        of: &[
            Word::new("5m", false, "Five minutes from when it was read last: `cache_write`."),
            Word::new("1h", true, "An hour from when it was read last: `cache_write_1h`."),
        ],
    },
    false,
    "How long the provider keeps it, and by which `price` it is written.",
);

const MIN_TOKENS: Defaulted<Whole> = Field::defaulted(
    "min_tokens",
    Whole { of: "tokens", least: 1, most: 10_000_000 },
    1024,
    "Requests with fewer tokens, as they are estimated, are not marked. Each model has a least of \
     its own, from 512 to 4096 tokens, below which its provider keeps nothing and says nothing of \
     it: see Anthropic's documentation.",
);

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(spot: &Spot<'_>, provider: Option<&Provider>) -> Option<PromptCache> {
    let mut fields = spot.object(&PROMPT_CACHE)?;
    let (turns, hour) = (fields.read(&MARKS), fields.read(&TTL));
    let min_tokens = fields.read(&MIN_TOKENS);
    fields.finish();
    let endpoint = provider.and_then(|own| own.dialect.endpoint(Operation::CHAT));
    if let (Some(endpoint), Some(provider)) = (endpoint, provider)
        && endpoint.format.marking.is_none()
    {
        spot.problem(format!(
            "the dialect `{}` has no marks for a cache: leave this out",
            provider.dialect.name
        ));
    }
    Some(PromptCache { turns: turns?, hour: hour?, min_tokens: min_tokens? })
}
