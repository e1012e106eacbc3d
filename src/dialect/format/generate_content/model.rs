//! What a model's name tells of it: the API asks different things of different generations.

/// Signatures, thinking levels and images inside function responses came with this generation.
const SIGNED: u32 = 3;

/// What is asked of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Traits {
    /// Thinks by level, wants a signature on a function call, takes images inside a function
    /// response, and tools together with a response schema.
    pub(super) signed: bool,
    /// How the amount of thinking is said.
    pub(super) thinking: Thinking,
    /// Thinks unless told not to: from 2.5 on. To the others thinking need not be mentioned.
    pub(super) thinks: bool,
    /// Heeds a temperature and its like: not from 3.6 on, nor does 3.5 Flash-Lite
    /// (<https://ai.google.dev/gemini-api/docs/models>).
    pub(super) samples: bool,
}

/// How the amount of thinking is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinking {
    /// `thinkingLevel`.
    Level,
    /// `thinkingBudget`, in tokens of this range.
    Budget {
        /// Whether 0 turns it off.
        off: bool,
        /// The least when it is on.
        least: u64,
        /// The most.
        most: u64,
    },
}

/// Reads `gemini-2.5-pro`, `gemini-3.8-flash` and their like.
///
/// A name without a number (`gemini-flash-latest`) is an alias of a model of the newest
/// generation; a name of another family (`gemma-3-27b-it`) is asked nothing new.
/// Budget ranges: <https://ai.google.dev/gemini-api/docs/thinking>.
pub(super) fn traits(model: &str) -> Traits {
    let rest = model.rsplit('/').next().unwrap_or(model).strip_prefix("gemini-");
    let (generation, minor) = rest.map_or((0, 0), |rest| {
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut numbers = rest.split('-').next().unwrap_or_default().split('.');
        match numbers.next() {
            Some(word) if !word.starts_with(|c: char| c.is_ascii_digit()) => {
                (if rest.ends_with("-latest") { SIGNED } else { 0 }, 0)
            }
            major => (number(major), number(numbers.next())),
        }
    });
    let signed = generation >= SIGNED;
    let thinking = if signed {
        Thinking::Level
    } else if model.contains("-pro") {
        Thinking::Budget { off: false, least: 128, most: 32_768 }
    } else if model.contains("-lite") {
        Thinking::Budget { off: true, least: 512, most: 24_576 }
    } else {
        Thinking::Budget { off: true, least: 1, most: 24_576 }
    };
    let thinks = signed || rest.is_some_and(|rest| rest.starts_with("2.5"));
    let version: (u32, u32) = (generation, minor);
    let samples = version < (3, 5) || (version == (3, 5) && !model.contains("-lite"));
    Traits { signed, thinking, thinks, samples }
}
