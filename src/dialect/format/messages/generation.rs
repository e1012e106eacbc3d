//! What a Claude model takes, told from its name: the same API refuses to a newer model what it
//! took for an older one. This is the one table of it, whether a request is written or an app's own
//! is passed on.
//!
//! Sources: Anthropic's migration guide and its pages on adaptive thinking, on effort and on
//! mid-conversation system messages, and the model map of LiteLLM 1.110, as of November 2026.

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation {
    /// Whether the name tells a version. All else of one that does not is a guess: good enough to
    /// write a request by, and no reason to change one.
    pub(super) known: bool,
    /// `temperature`, `top_p` and `top_k`: from 4.7 on only their defaults.
    pub(super) sampling: bool,
    /// `temperature` and `top_p` in one request: until 4.1.
    pub(super) both_samplers: bool,
    /// A thinking budget: from 3.7 until 4.6. Later models find their own.
    pub(super) budget: bool,
    /// Adaptive thinking: from 4.6 on.
    pub(super) adaptive: bool,
    /// The most effort in words, where it takes any.
    pub(super) effort: Option<MostEffort>,
    /// Thinks unless told not to: from 5 on.
    pub(super) thinks: bool,
    /// Can be told not to think.
    pub(super) off: bool,
    /// A tool that must be called: not where thinking cannot be turned off, from 5.1 on.
    pub(super) forced: bool,
    /// Goes on with an assistant's last message: until 4.6.
    pub(super) prefill: bool,
    /// Tools held to their schema: from 4.5 on.
    pub(super) strict: bool,
    /// Instructions among the messages: from 4.8 on.
    pub(super) instructions: bool,
}

/// The most effort that a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MostEffort {
    /// `low`, `medium` and `high`: Opus 4.5.
    High,
    /// `max` too, and no `xhigh`: 4.6.
    Max,
    /// Every word: from 4.7 on.
    Any,
}

impl Generation {
    /// A name we cannot read is that of a model we know nothing of: all that the API has is taken
    /// to be there, in its oldest form.
    pub(super) fn of(model: &str) -> Self {
        let name = own_name(model).unwrap_or_default();
        let family = |family: &str| name.starts_with(family);
        let nameless = family("fable") || family("mythos");
        let version = version(name).or(nameless.then_some((5, 0)));
        let from = |at: (u8, u8)| version.is_some_and(|version| version >= at);
        let always = nameless || (from((5, 5)) && (family("opus") || family("sonnet")));
        Self {
            known: version.is_some(),
            sampling: !from((4, 7)),
            both_samplers: !from((4, 1)),
            budget: version.is_none() || (from((3, 7)) && !from((4, 7))),
            adaptive: from((4, 6)),
            effort: match version {
                Some(version) if version >= (4, 7) => Some(MostEffort::Any),
                Some((4, 6)) => Some(MostEffort::Max),
                Some((4, 5)) if family("opus") => Some(MostEffort::High),
                _ => None,
            },
            thinks: from((5, 0)),
            off: !always,
            forced: !(always && from((5, 1))),
            prefill: !from((4, 6)),
            strict: version.is_none() || from((4, 5)),
            instructions: from((4, 8)),
        }
    }
}

/// What follows `claude-` in names such as `claude-opus-4-7` and
/// `us.anthropic.claude-sonnet-4-5-20250929-v1:0`: resellers put themselves before it.
fn own_name(model: &str) -> Option<&str> {
    let (before, name) = model.split_once("claude-")?;
    let is_whole = !before.ends_with(|last: char| last.is_ascii_alphanumeric());
    is_whole.then_some(name)
}

/// The version in names such as `3-5-haiku-20241022`, `opus-4-7` and `sonnet-4.5@20250929`: the
/// first number or two of at most two digits.
fn version(name: &str) -> Option<(u8, u8)> {
    let mut parts = name.split(['-', '@', ':', '.']).skip_while(|part| number(part).is_none());
    let major = number(parts.next()?)?;
    Some((major, parts.next().and_then(number).unwrap_or(0)))
}

fn number(part: &str) -> Option<u8> {
    if part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit()) {
        part.parse().ok()
    } else {
        None
    }
}
