//! Fields of a request that this format cannot say.
use super::context::EDITS;
use super::generation::Generation;
use super::options::Options;
use super::schema;
use crate::dialect::{
    Ask, Block, File, FileSource, Given, Image, Number, Reason, ResponseFormat, Target,
    UnsupportedField,
};

/// Image types that Anthropic reads.
const IMAGES: &[&str] = &["image/jpeg", "image/png", "image/gif", "image/webp"];

/// An image's type by the name that Anthropic knows it by: apps call JPEG by its files' ending too.
pub(super) fn media_type(given: &str) -> &str {
    if given == "image/jpg" { "image/jpeg" } else { given }
}

/// Most characters of a tool's name.
const NAME: usize = 128;

/// Why a field cannot be said that no model of this provider has.
const NOWHERE: &str = "is not offered by this provider";

/// Collects what cannot be said to that model.
pub(super) fn unsupported(ask: &Ask<'_>, target: &Target<'_>, out: &mut Vec<UnsupportedField>) {
    let options = Options::of(ask, target);
    let generation = options.generation;
    let mut add = |field: Option<&'static str>, reason: Option<Reason>| {
        if let (Some(field), Some(reason)) = (field, reason) {
            out.push(reason.of(field));
        }
    };
    add(path(ask.temperature.as_ref()), options.temperature.err());
    add(path(ask.top_p.as_ref()), options.top_p.err());
    add(path(ask.top_k.as_ref()), options.top_k.err());
    // An app of this format's own says how much in another field, and this one is what goes.
    let thinking = if ask.reasoning_is_best_effort { Some("thinking") } else { None };
    add(thinking.or(path(ask.reasoning.as_ref())), options.thinking.err());
    if ask.effort_alone && generation.known && generation.effort.is_none() {
        let why = Reason::advice("is not taken by this model").of_model(true);
        add(path(ask.reasoning.as_ref()), Some(why));
    }
    if ask.clears_thoughts && options.stops_thinking(ask) {
        let why = Reason::advice("takes thoughts out, and this request goes on without thinking");
        add(Some(EDITS), Some(why.of_model(true)));
    }
    add(path(ask.seed.as_ref()), Some(Reason::advice(NOWHERE)));
    for penalty in [&ask.frequency_penalty, &ask.presence_penalty] {
        let felt = penalty.as_ref().filter(|given| !zero(given));
        add(path(felt), Some(Reason::demand(NOWHERE)));
    }
    add(path(ask.format.as_ref()), ask.format.as_ref().and_then(|given| shapeless(&given.value)));
    let blank = ask.stop.as_ref().filter(|given| given.value.iter().any(|text| blank(text)));
    add(path(blank), Some(Reason::demand("must not be white space alone there")));
    if !generation.forced && ask.forces_a_call() {
        let why = Reason::demand("cannot make this model call a tool, which always thinks");
        add(path(ask.tool_choice.as_ref()), Some(why.of_model(true)));
    }
    if let Some(index) = ask.prefill.filter(|_| !generation.prefill) {
        let why = Reason::demand("is the assistant's, which this model does not go on with");
        out.push(why.of_model(true).of(format!("messages[{index}]")));
    }
    tools(ask, generation, out);
    let blocks = || ask.turns.iter().flat_map(|turn| &turn.blocks);
    if blocks().any(|block| has(block, strange_image)) {
        let why = "hold an image that is no JPEG, PNG, GIF or WebP, or not at `https:`";
        out.push(Reason::demand(why).of("messages"));
    }
    if blocks().any(|block| has(block, unfetched)) {
        out.push(Reason::demand("hold a document that is not at `https:`").of("messages"));
    }
}

/// Why an answer cannot be held to that shape.
fn shapeless(format: &ResponseFormat<'_>) -> Option<Reason> {
    match format {
        ResponseFormat::JsonObject => {
            Some(Reason::advice("is asked for in words: only a schema is held to there"))
        }
        ResponseFormat::JsonSchema { schema, .. } if schema::of_answer(schema).is_none() => {
            Some(Reason::demand("must have `additionalProperties` false in every object there"))
        }
        ResponseFormat::JsonSchema { .. } => None,
    }
}

/// A penalty of nothing is none.
fn zero(given: &Given<Number<'_>>) -> bool {
    given.value.value.abs() < f64::EPSILON
}

/// The API answers 400 to a stop sequence that is nothing but white space.
pub(super) fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn path<T>(given: Option<&Given<T>>) -> Option<&'static str> {
    given.map(|given| given.field)
}

fn tools(ask: &Ask<'_>, generation: Generation, out: &mut Vec<UnsupportedField>) {
    for tool in &ask.tools {
        let reason = if !nameable(&tool.name) {
            Reason::demand(
                "has a name that is not 1 to 128 letters, digits, `_` and `-`, as this provider \
                 wants",
            )
        } else if tool.strict == Some(true) && !generation.strict {
            Reason::demand("cannot be held to its schema strictly by this model").of_model(true)
        } else if !tool.schema.is_none_or(schema::takes) {
            Reason::demand(
                "has a schema with `oneOf`, `anyOf` or `allOf` at its top, which this provider \
                 refuses",
            )
        } else {
            continue;
        };
        out.push(reason.of(format!("tools[{}]", tool.place)));
    }
}

/// Whether a tool may have that name.
pub(super) fn nameable(name: &str) -> bool {
    (1..=NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Whether it is one of those, or a function answered with one.
fn has(block: &Block<'_>, is: fn(&Block<'_>) -> bool) -> bool {
    match block {
        Block::ToolResult { content, .. } => content.iter().any(is),
        block => is(block),
    }
}

fn strange_image(block: &Block<'_>) -> bool {
    matches!(block, Block::Image(image) if !readable(image))
}

fn unfetched(block: &Block<'_>) -> bool {
    matches!(block, Block::File(file) if !fetched(file))
}

/// Whether Anthropic can come by that document.
pub(super) fn fetched(file: &File<'_>) -> bool {
    match &file.source {
        FileSource::Url(url) => is_https(url),
        FileSource::Pdf(_) => true,
    }
}

fn is_https(url: &str) -> bool {
    url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
}

/// Whether Anthropic reads that image. It fetches over `https:` alone.
pub(super) fn readable(image: &Image<'_>) -> bool {
    match image {
        Image::Url(url) => is_https(url),
        Image::Base64 { media_type, .. } => IMAGES.contains(&self::media_type(media_type)),
    }
}
