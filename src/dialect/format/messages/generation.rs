//! What a Claude model takes, told from its name: the same API refuses to a newer model what it
//! took for an older one.
//!
//! Sources: Anthropic's migration guide and its pages on adaptive thinking and on effort, as of
//! November 2026.

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation {
    /// `temperature`, `top_p` and `top_k`: from 4.7 on only their defaults.
    pub(super) sampling: bool,
    /// `temperature` and `top_p` in one request: until 4.1.
    pub(super) both_samplers: bool,
    /// A thinking budget: from 3.7 until 4.6. Later models find their own.
    pub(super) budget: bool,
    /// Adaptive thinking, and effort in words: from 4.6 on.
    pub(super) adaptive: bool,
    /// Thinks unless told not to: from 5 on.
    pub(super) thinks: bool,
    /// Can be told not to think.
    pub(super) off: bool,
    /// Goes on with an assistant's last message: until 4.6.
    pub(super) prefill: bool,
    /// Tools held to their schema: from 4.5 on.
    pub(super) strict: bool,
}

impl Generation {
    /// A name we cannot read is that of a model we know nothing of: all that the API has is taken
    /// to be there, in its oldest form.
    pub(super) fn of(model: &str) -> Self {
        let family = |name: &str| model.contains(name);
        let always = family("fable") || family("mythos");
        let version = if always { Some((5, 0)) } else { version(model) };
        let from = |at: (u8, u8)| version.is_some_and(|version| version >= at);
        Self {
            sampling: !from((4, 7)),
            both_samplers: !from((4, 1)),
            budget: version.is_none() || (from((3, 7)) && !from((4, 7))),
            adaptive: from((4, 6)),
            thinks: from((5, 0)),
            off: !always,
            prefill: !from((4, 6)),
            strict: version.is_none() || from((4, 5)),
        }
    }
}

/// The version in names such as `claude-3-5-haiku-20241022`, `claude-opus-4-7` and
/// `us.anthropic.claude-sonnet-4-5-20250929-v1:0`: the first number or two of at most two digits.
fn version(model: &str) -> Option<(u8, u8)> {
    let (_, name) = model.split_once("claude-")?;
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
