//! Reads answers. A stream is a row of whole answers, each with the next piece.
use super::{fault, parts, usage};
use crate::dialect::redact::redact;
use crate::dialect::{Event, Fault, FaultKind, Sink, Stop, StreamReader};
use crate::json::{Document, Limits, Value};

/// Reads a whole answer.
pub(super) fn whole(document: &Document<'_>, sink: Sink<'_>) {
    let mut reader = Reader::default();
    reader.answer(document.root(), sink);
    if !reader.done {
        if reader.answered {
            reader.stop("STOP", "", sink);
        } else {
            sink(broken("the provider's answer has no candidates"));
        }
    }
}

/// A reader of streamed answers.
pub(super) fn stream() -> Box<dyn StreamReader> {
    Box::new(Reader::default())
}

#[derive(Debug, Default)]
struct Reader {
    /// The answer's id: known once it has begun.
    id: Option<String>,
    /// Function calls so far.
    calls: u32,
    /// A candidate came.
    answered: bool,
    /// It ended or failed.
    done: bool,
}

impl StreamReader for Reader {
    fn held(&self) -> usize {
        self.id.as_ref().map_or(0, String::len)
    }

    fn read(&mut self, _name: &str, data: &str, sink: Sink<'_>) {
        match Document::parse(data.as_bytes(), Limits::lenient()) {
            Ok(document) => self.answer(document.root(), sink),
            Err(_) if self.done => {}
            Err(error) => {
                self.done = true;
                sink(broken(&format!("the provider's stream is not JSON: {error}")));
            }
        }
    }
}

impl Reader {
    fn answer(&mut self, answer: Value<'_>, sink: Sink<'_>) {
        let used = answer.given("usageMetadata").map(|data| Event::Usage(usage::read(data)));
        if self.done {
            // There is no end mark: a count may still come after the reason for the end.
            used.into_iter().for_each(sink);
            return;
        }
        if let Some(error) = fault::within(answer) {
            self.done = true;
            return sink(Event::Fault(fault::of(error, None)));
        }
        self.start(answer, sink);
        // Before the content: an Anthropic app is told the input's tokens when its answer begins.
        used.into_iter().for_each(&mut *sink);
        let first = answer.get("candidates").and_then(|all| all.items().find(|one| first(*one)));
        if let Some(candidate) = first {
            self.answered = true;
            let parts = candidate.get("content").and_then(|content| content.get("parts"));
            let id = self.id.as_deref().unwrap_or_default();
            for part in parts.iter().flat_map(|parts| parts.items()) {
                parts::read(part, id, &mut self.calls, sink);
            }
        }
        let blocked = answer.given("promptFeedback").and_then(|said| said.given("blockReason"));
        if let Some(reason) = first.and_then(|candidate| candidate.str_of("finishReason")) {
            let why = first.and_then(|candidate| candidate.str_of("finishMessage"));
            self.stop(&reason, &why.unwrap_or_default(), sink);
        } else if blocked.is_some() && first.is_none() {
            self.end(Stop::Filtered, sink);
        }
    }

    fn start(&mut self, answer: Value<'_>, sink: Sink<'_>) {
        if self.id.is_none() {
            let id = answer.str_of("responseId").unwrap_or_default();
            self.id = Some(id.clone().into_owned());
            sink(Event::Start { id, model: answer.str_of("modelVersion").unwrap_or_default() });
        }
    }

    fn stop(&mut self, reason: &str, why: &str, sink: Sink<'_>) {
        match reason {
            "FINISH_REASON_UNSPECIFIED" => {}
            "MAX_TOKENS" => self.end(Stop::MaxTokens, sink),
            "SAFETY"
            | "RECITATION"
            | "LANGUAGE"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "MODEL_ARMOR"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION" => {
                self.end(Stop::Filtered, sink);
            }
            // The model began an answer and could not finish it: another one may.
            "MALFORMED_FUNCTION_CALL"
            | "UNEXPECTED_TOOL_CALL"
            | "TOO_MANY_TOOL_CALLS"
            | "MALFORMED_RESPONSE"
            | "MISSING_THOUGHT_SIGNATURE"
            | "NO_IMAGE"
            | "IMAGE_OTHER"
            | "OTHER" => {
                self.done = true;
                let colon = if why.is_empty() { "" } else { ": " };
                let why = redact(why);
                sink(broken(&format!("the model ended its answer with `{reason}`{colon}{why}")));
            }
            "STOP" if self.calls > 0 => self.end(Stop::ToolCalls, sink),
            "STOP" => self.end(Stop::End, sink),
            _ => self.end(Stop::Unsaid { calls: self.calls > 0 }, sink),
        }
    }

    fn end(&mut self, stop: Stop<'_>, sink: Sink<'_>) {
        self.done = true;
        sink(Event::Stop(stop));
        sink(Event::End);
    }
}

/// Whether it is the first of the candidates: its index is left out when it is 0.
fn first(candidate: Value<'_>) -> bool {
    candidate.get("index").and_then(Value::as_u64).unwrap_or(0) == 0
}

fn broken(message: &str) -> Event<'static> {
    Event::Fault(Fault::new(FaultKind::Internal, message).with_status(502))
}
