//! `resilience`: what happens when a model fails.
use super::breaker::{self, Breaker};
use super::deadline::{self, Deadline};
use super::document::Content;
use super::fallback::FALLBACK;
use super::field::{
    Boolean, Defaulted, Duration, Field, Nested, Object, Optional, Read as _, Section, Spot, Whole,
    Word, Words,
};
use super::identity::Identity;
use super::retry_budget::{self, RetryBudget};

/// `resilience`: what happens when a model fails.
#[derive(Debug, Clone)]
pub struct Resilience {
    /// Most models tried for one request, from 1 to 10.
    pub attempts: u32,
    /// Longest silence of a provider, before or within an answer, in milliseconds. Bytes that are
    /// held back count for nothing: a whole answer has to be there by then.
    pub idle_timeout_ms: u64,
    /// How long a stream may take to its first content, in milliseconds; `None` where nothing but
    /// silence ends it.
    pub first_token_timeout_ms: Option<u64>,
    /// How long a request may take with all of its attempts; `None` where only silence ends it.
    pub deadline: Option<Deadline>,
    /// How many requests may be at another model than their first at once.
    pub retry_budget: RetryBudget,
    /// When a model that fails is left alone; `None` where it never is.
    pub breaker: Option<Breaker>,
    /// Whether a stream that is cut is ended in its app's own format.
    pub finish_cut_streams: bool,
    /// Whether another model goes on with a stream that breaks.
    pub resumes: bool,
}

pub(super) const RESILIENCE: Section = Section::new(
    "an object of settings",
    "What happens when a model fails: the next one of its chain is asked, as long as there are \
     attempts. One that fails after an interim answer (100, 102 or 103) is the last: Envoy's \
     router passes such an answer on, asks nobody else after that, and nothing before it can take \
     the answer out. No provider is known to send one; the app is told of the failure in its \
     API's words.",
    "resilience: {attempts: 3, idle_timeout: 20s}",
    &[
        &ATTEMPTS,
        &IDLE_TIMEOUT,
        &FIRST_TOKEN_TIMEOUT,
        &DEADLINE,
        &RETRY_BUDGET,
        &BREAKER,
        &FINISH_CUT_STREAMS,
        &RESUME,
        &HEDGE,
        &FALLBACK,
    ],
);

const ATTEMPTS: Defaulted<Whole> = Field::defaulted(
    "attempts",
    Whole { of: "attempts", least: 1, most: 10 },
    4,
    "The most models that are tried for one request. No chain may be longer; a model counts once \
     for each account of its provider. A model of another chain that is asked first since it has \
     answered before (`sticky`) comes on top of these.",
);

const IDLE_TIMEOUT: Defaulted<Duration> = Field::defaulted(
    "idle_timeout",
    Duration { least: 1, most: 3_600_000 },
    60_000,
    "The longest silence of a provider, before its answer or within it; then the attempt has \
     failed. An answer that is not streamed has to be there whole by then, so set this longer than \
     your longest. Once a stream's first content is there, bytes of any kind are a sign of life, \
     comments and pings among them: providers send these so that nobody takes a model that thinks \
     for one that is gone, and what ends a long silence without them must not end a long thought. \
     An app that does not read on for so long, in the middle of a long stream, has its own cut as \
     well: Envoy reads no more of an answer than its app does, and takes that for silence.",
);

/// How long a stream may take to its first content. A model may have its own.
const FIRST_TOKEN_TIMEOUT: Optional<Duration> = Field::optional(
    "first_token_timeout",
    Duration { least: 100, most: 3_600_000 },
    "only silence ends an attempt, by `idle_timeout`",
    "The longest that a stream takes to its first content, counted from when the provider was \
     asked; then the next model is asked. Comments and pings are no content. A stream that is \
     given up by this is a failure of its model, and counts for `breaker`: the time has to cover \
     what models think before they answer, or the thinking of one app's requests has a model left \
     alone for everybody. A model may have its own (`models.NAME.first_token_timeout`), which is \
     kept to the moment once its provider has sent a header; while it sends nothing at all, Envoy \
     has one timeout for all models that a request may go to, and that is the longest of theirs \
     (of one without, `idle_timeout`). \
     Answers that are not streamed, or are judged before the app sees any of them, come at their \
     end: only `idle_timeout` bounds them.",
);

const DEADLINE: Optional<Nested> = Field::optional(
    "deadline",
    Nested(&deadline::DEADLINE),
    "none: attempts follow each other for as long as they may",
    "How long an app may wait for the first of its answer, over all attempts.",
);

const RETRY_BUDGET: Optional<Nested> = Field::optional(
    "retry_budget",
    Nested(&retry_budget::RETRY_BUDGET),
    "`{share: 20%, at_least: 1000}`",
    "How many requests may be at another model than their first at once.",
);

const BREAKER: Optional<Nested> = Field::optional(
    "breaker",
    Nested(&breaker::BREAKER),
    "no model is left alone",
    "When a model that fails is left alone for a time.",
);

/// Whether a stream that is cut is ended in its app's own format.
const FINISH_CUT_STREAMS: Defaulted<Boolean> = Field::defaulted(
    "finish_cut_streams",
    Boolean,
    false,
    "Whether a stream whose provider breaks off in the middle is ended as its API ends one that \
     fails: with an error event, after all that had arrived, and in order. Otherwise the app's \
     connection breaks too where the provider's is reset, closes within a chunk or falls silent, \
     since Envoy tells no filter of these; an error event, and a stream that only ends too soon, \
     are told of either way. Streams then go through a second listener within Envoy, which costs \
     5 us of CPU for each of their chunks and 50 KiB for each that is open; other requests do \
     not, but of a silence they are told half a second later. For Envoy alone, not for a mesh.",
);

/// Whether another model goes on with a stream that breaks.
const RESUME: Defaulted<Words<bool>> = Field::defaulted(
    "resume",
    Words {
        what: "way to resume",
        of: &[
            Word::new("off", false, "None does: the app has what had arrived, and an error."),
            Word::new("continue", true, "The next one that can is asked for the rest."),
        ],
    },
    false,
    "Whether another model goes on with a stream that breaks in the middle. Of the models that \
     come next in its chain, and behind it in that of `fallback`, those are asked for the rest \
     that go on with the beginning of an answer as if it were their own: Claude before 4.6, by \
     the model's `name`, and Gemini. It comes in the same stream, \
     with the usage of both at its end, and at once: until all of it is there the app gets \
     nothing, for `idle_timeout` at most. Text alone is gone on with. Where a function was \
     called, a thought was not over or the answer is held to a shape, where several answers were \
     asked for, and where nobody can go on or fails as well, it ends as with `off`. The rest is \
     a request of its own, while the one that broke still runs: credits are held for it beside \
     that one's and its tokens charged, also where the app leaves meanwhile, limits count it \
     (`concurrent` too), it has no `deadline`, `retry_budget` and breakers hold for it, and the \
     access log has it in a line that says which request it `resumes`. A stream that is reset or \
     falls silent goes on where `finish_cut_streams` is set: otherwise nobody is told that it \
     broke. While the rest is waited for Envoy hears nothing of the stream: so what else is \
     silent, an answer that is not streamed and, without `finish_cut_streams`, a stream, is given \
     up after twice `idle_timeout`. The app's body, of 4 MiB at most, is kept until its answer is \
     over. For Envoy alone, not for a mesh.",
);

/// Whether another model is asked while one is slow.
const HEDGE: Defaulted<Words<()>> = Field::defaulted(
    "hedge",
    Words {
        what: "way to hedge",
        of: &[Word::new("off", (), "None is: the next model is asked once this one has failed.")],
    },
    (),
    "Whether another model is asked as well where one takes long to begin. There is no way to: \
     where Envoy hedges it asks the same model again, and goes on to no other, even from one that \
     fails. `first_token_timeout` gives a slow one up instead.",
);

/// What is refused of `hedge`, and why: whatever would turn it on.
fn hedge(spot: &Spot<'_>) -> Option<()> {
    if matches!(&spot.node.content, Content::Text(text) if text == "off") {
        return HEDGE.kind.read(spot);
    }
    spot.problem(
        "a request cannot be at two models at once: where Envoy hedges it asks the same cluster \
         again, and its retries go on to no other model any more. Leave it `off`, and have slow \
         models given up by `first_token_timeout`",
    );
    None
}

/// Reads the section, but for `fallback`, which names chains and is given back; `None`, and a
/// report, when something is wrong with it.
pub(super) fn read<'n>(
    mut fields: Object<'n>,
    identity: &[Identity],
) -> Option<(Resilience, Option<Spot<'n>>)> {
    let attempts = fields.read(&ATTEMPTS);
    let idle_timeout_ms = fields.read(&IDLE_TIMEOUT);
    let first_token_timeout_ms = fields.read(&FIRST_TOKEN_TIMEOUT);
    let deadline = fields.read_with(&DEADLINE, |spot| deadline::read(spot, identity));
    let retry_budget = fields.read_with(&RETRY_BUDGET, retry_budget::read);
    let breaker = fields.read_with(&BREAKER, breaker::read);
    let finish_cut_streams = fields.read(&FINISH_CUT_STREAMS).unwrap_or_default();
    let resumes = fields.read(&RESUME).unwrap_or_default();
    fields.read_with(&HEDGE, hedge);
    let fallback = fields.spot(&FALLBACK);
    fields.finish();
    // What is wrong with the time says nothing of the attempts, which chains are compared with.
    let idle_timeout_ms = idle_timeout_ms.unwrap_or(IDLE_TIMEOUT.default());
    let attempts = u32::try_from(attempts?).ok()?;
    // What is wrong with it has been reported.
    let (breaker, deadline) = (breaker.flatten(), deadline.flatten());
    let first_token_timeout_ms = first_token_timeout_ms.flatten();
    let retry_budget = retry_budget.flatten().unwrap_or_default();
    #[rustfmt::skip]
    let read = Resilience {
        attempts, idle_timeout_ms, first_token_timeout_ms, deadline, retry_budget, breaker,
        finish_cut_streams, resumes,
    };
    Some((read, fallback))
}
