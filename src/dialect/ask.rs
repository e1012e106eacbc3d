//! What an app asks for, in words that belong to no provider.
//!
//! A client's format reads a body into an [`Ask`]; a provider's format writes a body from one.
//! Everything is borrowed from the app's own text where it can be.
use std::borrow::Cow;

use super::File;
use super::unsupported::{Field, UnsupportedField};

/// A request in our words.
///
/// INVARIANT: turns alternate between user and assistant; tool results stand in user turns, before
/// anything else the user said in that turn.
#[derive(Debug, Clone, Default)]
pub struct Ask<'d> {
    /// The route the app names in its `model` field.
    pub model: Cow<'d, str>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether a streamed answer is to end with its usage (always true where the dialect does so
    /// unasked).
    pub stream_usage: bool,
    /// The instructions that come before the conversation, in order.
    pub system: Vec<Cow<'d, str>>,
    /// How many of these come before the conversation; `None` where there is no conversation. Those
    /// that come later are none that it began with.
    pub opening: Option<usize>,
    /// The conversation, oldest turn first.
    pub turns: Vec<Turn<'d>>,
    /// How many messages the app sent, before they were joined into turns.
    pub messages: u64,
    /// Functions the model may call.
    pub tools: Vec<Tool<'d>>,
    /// Whether and which function it must call.
    pub tool_choice: Option<Given<ToolChoice<'d>>>,
    /// Whether it may call several at once.
    pub parallel_tools: Option<Given<bool>>,
    /// The shape the answer must have; `None` for free text.
    pub format: Option<Given<ResponseFormat<'d>>>,
    /// Most tokens of the answer; `None` where the app sets no bound.
    pub max_tokens: Option<Given<u64>>,
    /// How many answers are wanted at once; 0 stands for 1.
    pub choices: u64,
    /// Sampling temperature: 0 for the likeliest token always.
    pub temperature: Option<Given<Number<'d>>>,
    /// Nucleus sampling: the share of the probability that is sampled from, 0 to 1.
    pub top_p: Option<Given<Number<'d>>>,
    /// Sampling from the k likeliest tokens.
    pub top_k: Option<Given<Number<'d>>>,
    /// Seed of the sampling, for answers that can be had again.
    pub seed: Option<Given<Number<'d>>>,
    /// Penalty for tokens by how often they came.
    pub frequency_penalty: Option<Given<Number<'d>>>,
    /// Penalty for tokens that came at all.
    pub presence_penalty: Option<Given<Number<'d>>>,
    /// Texts that end the answer.
    pub stop: Option<Given<Vec<Cow<'d, str>>>>,
    /// How much to think before answering.
    pub reasoning: Option<Given<Reasoning>>,
    /// Whether [`Ask::reasoning`] is best effort: a model that cannot think that much, or at all,
    /// still serves the request.
    pub reasoning_is_best_effort: bool,
    /// Whether [`Ask::reasoning`] is an effort alone: how much to do, with no wish to think.
    pub effort_alone: bool,
    /// Whether the message whose calls are being answered came with its thoughts, as their own
    /// provider has signed them.
    pub keeps_thoughts: bool,
    /// Whether thoughts are to be taken out of the conversation: only a request that thinks may ask
    /// for it.
    pub clears_thoughts: bool,
    /// What has a provider of the app's own format read the conversation once more, to shorten it.
    pub compacts: Option<&'static str>,
    /// What has a provider of the app's own format serve the request sooner, for more money.
    pub premium: Option<&'static str>,
    /// The message of the assistant that the answer is to go on with, by its place.
    pub prefill: Option<usize>,
    /// The app's own name for its end user.
    pub user: Option<Given<Cow<'d, str>>>,
    /// Whether its provider is to keep the conversation, or has kept what came before.
    pub thread: Option<Thread>,
    /// The message that its provider's conversation goes on from, where that is all it is told.
    pub goes_on_from: Option<Cow<'d, str>>,
    /// Fields that name what a provider keeps for whoever has its key: files, containers, what was
    /// said before.
    pub stored: Vec<Field>,
    /// Fields that mean something and that only the app's own format can say.
    pub passthrough_only: Vec<Field>,
    /// Fields that are best effort (cache hints, labels): left out where they cannot be said, and
    /// named in a response header, but no reason to pass a model over.
    pub best_effort: Vec<Field>,
}

/// How Claude Code begins a text of its own beside what functions have answered.
const REMINDER: &str = "<system-reminder>";

impl Ask<'_> {
    /// Whether a field that cannot be said is left out like those in [`Ask::best_effort`].
    #[must_use]
    pub fn is_best_effort(&self, unsupported: &UnsupportedField) -> bool {
        let of_reasoning = self.reasoning.is_some_and(|given| unsupported.field == given.field);
        unsupported.reason.is_advice || (self.reasoning_is_best_effort && of_reasoning)
    }

    /// The answer goes on with what the assistant has said last, whatever its model's format: it is
    /// asked only of models that do ([`super::Format::goes_on`]).
    pub fn goes_on(&mut self) {
        if let Some(index) = self.prefill {
            let own = format!("messages[{index}]");
            self.passthrough_only.retain(|field| *field != own);
        }
    }

    /// Whether what the app says last answers calls of functions.
    #[must_use]
    pub fn answers_calls(&self) -> bool {
        let last = self.turns.iter().rev().find(|turn| turn.role == Role::User);
        last.is_some_and(|turn| matches!(turn.blocks.first(), Some(Block::ToolResult { .. })))
    }

    /// The place of the last turn in which the user says something, among the turns. What functions
    /// have answered since is nothing that the user says, and neither is what agents remind a model
    /// of beside it.
    #[must_use]
    pub fn said_last(&self) -> Option<usize> {
        let says = |block: &Block<'_>| match block {
            Block::Text(text) => !text.starts_with(REMINDER),
            _ => false,
        };
        let is_said = |turn: &Turn<'_>| turn.role == Role::User && turn.blocks.iter().any(says);
        let last = || self.turns.iter().rposition(|turn| turn.role == Role::User);
        self.turns.iter().rposition(is_said).or_else(last)
    }

    /// Whether a function must be called.
    #[must_use]
    pub fn forces_a_call(&self) -> bool {
        let choice = self.tool_choice.as_ref().map(|given| &given.value);
        matches!(choice, Some(ToolChoice::Required | ToolChoice::Named(_)))
    }
}

/// A conversation that its provider keeps, so that a request need not bring it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thread {
    /// The provider is to keep it from here on.
    Create,
    /// The provider has kept what came before, and the request holds only what follows.
    Continue,
}

/// A value and the name of the field that gave it, as the app wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given<T> {
    /// What was given.
    pub value: T,
    /// The field's path in the app's own dialect.
    pub field: &'static str,
}

/// A number as the app wrote it, and its nearest double.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number<'d> {
    /// The digits, as the app wrote them.
    pub text: &'d str,
    /// The nearest double, to be compared with a range.
    pub value: f64,
}

/// What one side said before the other spoke.
#[derive(Debug, Clone)]
pub struct Turn<'d> {
    /// Who speaks in this turn.
    pub role: Role,
    /// What is said, in order.
    pub blocks: Vec<Block<'d>>,
}

/// One of the two sides of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The app and its user.
    User,
    /// The model, or what the app says that it has said.
    Assistant,
}

/// One piece of a turn.
#[derive(Debug, Clone)]
pub enum Block<'d> {
    /// Words, in any language or format.
    Text(Cow<'d, str>),
    /// An image to look at.
    Image(Image<'d>),
    /// A document to read.
    File(File<'d>),
    /// The assistant called a function.
    ToolCall {
        /// The call's id, which its result repeats.
        id: Cow<'d, str>,
        /// The name of the function.
        name: Cow<'d, str>,
        /// The arguments: a text that is a JSON object.
        arguments: Cow<'d, str>,
    },
    /// What a function answered.
    ToolResult {
        /// The id of the call.
        id: Cow<'d, str>,
        /// The name of the function, looked up from the call with that id; empty where no call
        /// has it.
        name: Cow<'d, str>,
        /// What the function gave back: text, images and documents only.
        content: Vec<Block<'d>>,
        /// Whether the function failed.
        failed: bool,
    },
    /// What the model thought. Its signature is not kept: it proves nothing to anyone but the
    /// provider that made it.
    Reasoning(Cow<'d, str>),
    /// The model declined, in its own words.
    Refusal(Cow<'d, str>),
}

/// An image, by where its bytes are.
#[derive(Debug, Clone)]
pub enum Image<'d> {
    /// By address (`http:` or `https:`).
    Url(Cow<'d, str>),
    /// In the request itself.
    Base64 {
        /// The media type, such as `image/png`.
        media_type: Cow<'d, str>,
        /// The bytes in standard base64.
        data: Cow<'d, str>,
    },
}

/// A function the model may call.
#[derive(Debug, Clone, Default)]
pub struct Tool<'d> {
    /// Its place in the app's own list, which holds other tools too.
    pub place: usize,
    /// What the model calls the function.
    pub name: Cow<'d, str>,
    /// What the function does, for the model to read.
    pub description: Option<Cow<'d, str>>,
    /// The JSON schema of the arguments, as the app wrote it; `None` for a function without any.
    pub schema: Option<&'d str>,
    /// Whether arguments must follow the schema exactly.
    pub strict: Option<bool>,
}

/// Whether and which function must be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice<'d> {
    /// The model chooses whether to call one.
    Auto,
    /// No function may be called.
    None,
    /// At least one function must be called.
    Required,
    /// The function of this name must be called.
    Named(Cow<'d, str>),
}

/// The shape of the answer.
#[derive(Debug, Clone)]
pub enum ResponseFormat<'d> {
    /// A JSON object of any shape.
    JsonObject,
    /// JSON that follows a schema.
    JsonSchema {
        /// The schema's name, where the dialect gives one.
        name: Option<Cow<'d, str>>,
        /// The schema, as the app wrote it.
        schema: &'d str,
        /// Whether it must be followed exactly.
        strict: Option<bool>,
    },
}

/// How much to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reasoning {
    /// No thinking before the answer.
    Off,
    /// As much as the model finds right.
    Adaptive,
    /// As a word for the effort.
    Effort(Effort),
    /// As a budget, in tokens.
    Budget(u64),
}

/// Effort in words, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Hardly any thinking.
    Minimal,
    /// Less thinking than usual.
    Low,
    /// What models do unless told otherwise.
    Medium,
    /// More thinking than usual.
    High,
    /// As much thinking as the model offers.
    Max,
}

impl Reasoning {
    /// The effort nearest to this; `None` for no thinking at all.
    #[must_use]
    pub const fn effort(self) -> Option<Effort> {
        match self {
            Self::Off | Self::Budget(0) => None,
            Self::Adaptive => Some(Effort::Medium),
            Self::Effort(effort) => Some(effort),
            Self::Budget(1..=1024) => Some(Effort::Minimal),
            Self::Budget(1025..=4096) => Some(Effort::Low),
            Self::Budget(4097..=16384) => Some(Effort::Medium),
            Self::Budget(16385..=32768) => Some(Effort::High),
            Self::Budget(_) => Some(Effort::Max),
        }
    }

    /// The budget nearest to this, in tokens: the upper end of the range that
    /// [`Reasoning::effort`] reads as the same effort.
    #[must_use]
    pub const fn budget(self) -> u64 {
        match self {
            Self::Off => 0,
            Self::Budget(tokens) => tokens,
            Self::Effort(Effort::Minimal) => 1024,
            Self::Effort(Effort::Low) => 4096,
            Self::Adaptive | Self::Effort(Effort::Medium) => 16_384,
            Self::Effort(Effort::High) => 32_768,
            Self::Effort(Effort::Max) => 65_536,
        }
    }
}
