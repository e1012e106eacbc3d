//! Step `afford`: the most that a request may use and cost, before anything is known of its answer.
//!
//! The bound is a hard one for text: a token is at least a byte of it, so there are no more tokens
//! than bytes. That is up to four times what English takes; what is held too much is free again
//! when the request is settled.
use std::borrow::Cow;

use super::{Bounds, Candidate, Decision, Entry, Leg, Request, Size, Step, Verdict};
use crate::credit::Credits;
use crate::dialect::{Ask, Block, Fault, Image, Thread, is_full};
use crate::order;
use crate::policy::Model;

const NAME: &str = "afford";

pub(super) const STEP: Step = Step { name: NAME, run };

/// Most tokens that one image is taken for. Its size is not known: models that see in full detail
/// count up to 10,000 patches of it.
const IMAGE: u64 = 10_000;

/// The same of gpt-4o-mini, which counts 2,833 and 5,667 for each of at most eight tiles
/// (<https://platform.openai.com/docs/guides/images-vision>).
const IMAGE_OF_MINI: u64 = 48_200;

/// A server's own tools are called in turns of the model's, at most ten before the app is asked
/// again, and each reads all that came before: what they add up to is believed, up to this many
/// context windows and twice as many
/// (<https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview>).
const TURNS: u64 = 5;

/// What providers put around the functions that a request offers, or around the shape that its
/// answer must have, in tokens. Anthropic's own words
/// to its models are 313 to 804 tokens long
/// (<https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview>).
const AROUND: u64 = 1000;

/// What is written of a function that was called and is not offered: Anthropic refuses calls of a
/// function that it is not told of. In bytes, without its name.
const PAST_TOOL: u64 = 64;

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    if request.policy.credits().is_none() {
        return Ok(());
    }
    let (ask, quote) = (request.ask, &mut decision.quote);
    quote.size = Size { images: images(ask), choices: ask.choices, streamed: ask.stream };
    let need = Need::of(request, quote.size);
    need.bind(request, &mut quote.primary);
    quote.near_limit.iter_mut().for_each(|near| need.bind(request, near));
    let brings = "a whole context window is set aside: it may bring more to read";
    let twice = "as much again is set aside: its provider may read the conversation once more";
    let raised = [(need.brings, brings), (ask.compacts, twice)];
    decision.trace.extend(raised.into_iter().filter_map(|(field, reason)| {
        Some(Entry {
            step: NAME,
            chain: None,
            verdict: Verdict::Raised,
            subject: field?.to_owned(),
            reason: Cow::Borrowed(reason),
        })
    }));
    Ok(())
}

/// What a request may make a model read and write.
struct Need<'r> {
    ask: &'r Ask<'r>,
    size: Size,
    bytes: usize,
    /// Context windows that the provider may read on top of the request.
    windows: u64,
    /// A field by which the provider may read more than the request holds.
    brings: Option<&'r str>,
}

impl<'r> Need<'r> {
    fn of(request: &Request<'r>, size: Size) -> Self {
        let ask = request.ask;
        // A field that only its own dialect knows may bring the provider more to read, and what
        // nobody has counted may be among what is not remembered.
        let fields = ask.passthrough_only.as_slice();
        let windows = match fields {
            [] => 0,
            _ if is_full(fields) || fields.iter().any(|field| is_tool(field)) => TURNS,
            _ => 1,
        };
        let unknown = fields.last().filter(|_| is_full(fields));
        let brings = fields.iter().find(|field| brings(field)).or(unknown).map(AsRef::as_ref);
        // How long is what the provider has kept, only the provider knows.
        let kept = (ask.thread == Some(Thread::Continue)).then_some("thread");
        // Nor does anybody else know how much a document holds: a PDF is compressed, and each of
        // its pages is read as its text and as a picture.
        let documents = ask.needs().documents;
        let windows = windows.max(u64::from(documents.is_some()));
        let brings = kept.or(brings).or(documents);
        Self { ask, size, bytes: request.bytes, windows, brings }
    }

    /// Binds every model of a chain, and prices the dearest; or all of them, where each may have to
    /// be paid: an answer that is not accepted is charged like any other.
    fn bind(&self, request: &Request<'_>, candidate: &mut Candidate) {
        let mut max_cost = Credits::ZERO;
        for leg in &mut candidate.legs {
            let own = self.input(request, leg);
            // A conversation that is shortened first is read for that, and written anew.
            let is_twice = self.ask.compacts.is_some() && request.is_spoken_by(&leg.model);
            let passes = if is_twice { 2 } else { 1 };
            let choices = self.ask.choices.max(1).saturating_mul(passes);
            let output = leg.max_output_tokens.saturating_mul(choices);
            let window = leg.model.context_window;
            let input = own.max(window.saturating_mul(self.windows)).saturating_mul(passes);
            let estimate = leg.input_tokens(request);
            leg.bounds = Some(Bounds { input, output, estimate });
            let held = if self.brings.is_some() { own.max(window) } else { own };
            let held = held.saturating_mul(passes);
            let images = self.size.images;
            let cost = leg.model.price.map(|price| price.worst(held, output, images));
            let cost = cost.unwrap_or_default();
            max_cost = match candidate.cascade {
                Some(_) => max_cost.checked_add(cost).unwrap_or(Credits::MAX),
                None => max_cost.max(cost),
            };
        }
        candidate.max_cost = max_cost;
    }

    /// Most tokens of what a model is sent of the request itself.
    fn input(&self, request: &Request<'_>, leg: &Leg) -> u64 {
        let image = image_tokens(&leg.model);
        let shortened = leg.shortened.as_ref().and_then(|own| {
            own.read(request, |_, ask| {
                Some(input_tokens(ask, own.body().len(), images(ask).saturating_mul(image)))
            })
        });
        let images = self.size.images.saturating_mul(image);
        shortened.unwrap_or_else(|| input_tokens(self.ask, self.bytes, images))
    }
}

/// Most tokens that a model counts for one image.
fn image_tokens(model: &Model) -> u64 {
    if model.provider_model.contains("gpt-4o-mini") { IMAGE_OF_MINI } else { IMAGE }
}

/// Whether a field that only its own dialect knows is a tool that may run at the provider.
fn is_tool(field: &str) -> bool {
    let tool = field.starts_with("tools[") && field.ends_with(']');
    tool || ["web_search_options", "mcp_servers"].contains(&field)
}

/// Whether it may bring the provider more to read than the request holds: documents, of which a
/// page is more than its bytes, files by their address, what a tool of the provider's own finds.
fn brings(field: &str) -> bool {
    let block = field.contains(".content[");
    let source = [".source", ".url"].iter().any(|end| field.ends_with(end));
    // What a model said aloud is named by an id, wherever it is kept.
    let spoken = field.starts_with("messages[") && field.ends_with("].audio");
    let within = block && (source || field.ends_with(']'));
    is_tool(field) || field == "container" || spoken || within
}

/// How many images a request has.
fn images(ask: &Ask<'_>) -> u64 {
    let blocks = ask.turns.iter().flat_map(|turn| &turn.blocks);
    blocks.map(|block| seen(block).0).fold(0, u64::saturating_add)
}

/// Most tokens of the input, where its images are that many.
fn input_tokens(ask: &Ask<'_>, bytes: usize, images: u64) -> u64 {
    let blocks = ask.turns.iter().flat_map(|turn| &turn.blocks);
    let data = blocks.map(|block| seen(block).1).fold(0, u64::saturating_add);
    let text = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_sub(data);
    let shape = if ask.format.is_some() { AROUND } else { 0 };
    [images, tools(ask), shape].into_iter().fold(text, u64::saturating_add)
}

/// What is put around functions: those that a request offers, or else those that were called in it.
fn tools(ask: &Ask<'_>) -> u64 {
    if !ask.tools.is_empty() {
        return AROUND;
    }
    let blocks = ask.turns.iter().flat_map(|turn| &turn.blocks);
    let mut called: Vec<&str> = blocks
        .filter_map(|block| match block {
            Block::ToolCall { name, .. } => Some(&**name),
            _ => None,
        })
        .collect();
    order::sort(&mut called);
    called.dedup();
    let written = called
        .iter()
        .map(|name| PAST_TOOL.saturating_add(u64::try_from(name.len()).unwrap_or(u64::MAX)));
    let around = if called.is_empty() { 0 } else { AROUND };
    written.fold(around, u64::saturating_add)
}

/// The images in a block, and the bytes of those and of documents that are sent in place.
fn seen(block: &Block<'_>) -> (u64, u64) {
    match block {
        Block::Image(Image::Base64 { data, .. }) => {
            (1, u64::try_from(data.len()).unwrap_or(u64::MAX))
        }
        Block::Image(Image::Url(_)) => (1, 0),
        Block::File(file) => (0, u64::try_from(file.bytes()).unwrap_or(u64::MAX)),
        Block::ToolResult { content, .. } => content.iter().map(seen).fold((0, 0), |sum, own| {
            (u64::saturating_add(sum.0, own.0), u64::saturating_add(sum.1, own.1))
        }),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::{brings, is_tool};

    #[test]
    fn what_a_request_does_not_hold_is_known_by_its_field() {
        for (field, tool, more) in [
            ("tools[0]", true, true),
            ("tools[0].allowed_callers", false, false),
            ("web_search_options", true, true),
            ("mcp_servers", true, true),
            ("container", false, true),
            ("messages[0].content[1]", false, true),
            ("messages[0].content[1].content[0]", false, true),
            ("messages[0].content[1].source", false, true),
            ("messages[0].content[1].image_url.url", false, true),
            ("messages[2].audio", false, true),
            // Words of the request's own.
            ("messages[2]", false, false),
            ("messages[2].tool_calls[0]", false, false),
            ("audio", false, false),
            ("messages[0].content[1].citations", false, false),
            ("max_tokens", false, false),
            ("context_management", false, false),
        ] {
            assert_eq!((is_tool(field), brings(field)), (tool, more), "{field}");
        }
    }
}
