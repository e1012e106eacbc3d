//! A provider's streamed answer, chunk by chunk.
use core::ops::Range;

use super::answer_read::{arguments, call_id, empty, stop, texts};
use super::{fault, usage};
use crate::dialect::{Event, Fault, FaultKind, Sink, StreamReader};
use crate::json::{Document, Limits, Value};
use crate::usage::Usage;

/// Most calls of one answer that are told apart; OpenAI's own models make at most 128.
const CALLS: usize = 1024;

/// Reads a stream from its beginning.
pub(super) fn reader() -> Box<dyn StreamReader> {
    Box::new(Reader::default())
}

#[derive(Debug, Default)]
struct Reader {
    started: bool,
    refused: bool,
    stopped: bool,
    ended: bool,
    /// Something of an answer came, if only the reason of its end.
    said: bool,
    /// The calls so far, in the order they began.
    calls: Vec<Call>,
    /// Bytes of their ids and names.
    held: usize,
    /// The choices that an app of this format may have asked for beside the first.
    others: Others,
    /// Where the model is named, in the chunk that was read last.
    model: Option<Range<usize>>,
}

/// Choices beside the first, a bit each: those that have begun, and those that have ended.
#[derive(Debug, Default)]
struct Others {
    begun: u128,
    ended: u128,
}

impl Others {
    fn note(&mut self, index: u64, ended: bool) {
        let bit = u32::try_from(index).ok().and_then(|index| 1_u128.checked_shl(index));
        // One that is beyond all that can be asked for never ends.
        self.begun |= bit.unwrap_or(1);
        self.ended |= bit.filter(|_| ended).unwrap_or(0);
    }
}

#[derive(Debug, Default)]
struct Call {
    /// The index that the provider gives it; `None` from servers that give no index.
    theirs: Option<u64>,
    id: String,
    name: String,
    told: bool,
}

impl Call {
    fn tell(&mut self, index: u32, sink: Sink<'_>) {
        self.told = true;
        if self.id.is_empty() {
            self.id = call_id(index);
        }
        sink(Event::ToolCall { index, id: (&*self.id).into(), name: (&*self.name).into() });
    }
}

impl StreamReader for Reader {
    fn model(&self) -> Option<Range<usize>> {
        self.model.clone()
    }

    fn is_whole(&self) -> bool {
        self.stopped && !self.ended && self.others.begun == self.others.ended
    }

    fn has_untold(&self) -> bool {
        self.calls.iter().any(|call| !call.told)
    }

    fn held(&self) -> usize {
        self.held.saturating_add(self.calls.len().saturating_mul(size_of::<Call>()))
    }

    /// Some servers report it after the mark of the end.
    fn late(&mut self, data: &str) -> Option<Usage> {
        let data = Some(data.trim()).filter(|_| self.ended)?;
        let document = Document::parse(data.as_bytes(), Limits::lenient()).ok()?;
        document.root().get("usage").and_then(usage::read)
    }

    fn read(&mut self, name: &str, data: &str, sink: Sink<'_>) {
        self.model = None;
        let whole = data.len();
        let data = data.trim_start();
        let before = whole.saturating_sub(data.len());
        let data = data.trim_end();
        if self.ended || data.is_empty() {
            return;
        }
        if data == "[DONE]" {
            if !self.said && self.calls.is_empty() {
                return self.fail(empty(), sink);
            }
            self.stop(None, sink);
            self.ended = true;
            return sink(Event::End);
        }
        let Ok(document) = Document::parse(data.as_bytes(), Limits::lenient()) else {
            return self.fail(unreadable(), sink);
        };
        let chunk = document.root();
        if let Some(error) = chunk.given("error") {
            return self.fail(fault::in_band(error), sink);
        }
        if name == "error" {
            return self.fail(fault::in_band(chunk), sink);
        }
        let model = chunk.get("model");
        self.model = model
            .map(Value::span)
            .map(|at| at.start.saturating_add(before)..at.end.saturating_add(before));
        let mut said = false;
        self.chunk(chunk, &mut |event| {
            said |= event.is_content();
            sink(event);
        });
        self.said |= said;
    }
}

impl Reader {
    fn chunk(&mut self, chunk: Value<'_>, sink: Sink<'_>) {
        let mut first = None;
        for choice in chunk.get("choices").into_iter().flat_map(Value::items) {
            match choice.given("index").map_or(Some(0), Value::as_u64) {
                Some(0) => first = first.or(Some(choice)),
                Some(index) => {
                    let reason = choice.str_of("finish_reason");
                    self.others.note(index, reason.is_some_and(|reason| !reason.is_empty()));
                }
                None => {}
            }
        }
        let id = chunk.str_of("id").unwrap_or_default();
        // Azure's first chunk holds only its filter's verdict, and neither id nor model.
        if !self.started && (first.is_some() || !id.is_empty()) {
            self.started = true;
            sink(Event::Start { id, model: chunk.str_of("model").unwrap_or_default() });
        }
        if let Some(choice) = first {
            if let Some(delta) = choice.given("delta") {
                self.refused |= texts(delta, sink);
                self.calls(delta, sink);
            }
            if let Some(reason) = choice.str_of("finish_reason").filter(|r| !r.is_empty()) {
                self.stop(Some(&reason), sink);
            }
        }
        if let Some(usage) = chunk.get("usage").and_then(usage::read) {
            sink(Event::Usage(usage));
        }
    }

    fn calls(&mut self, delta: Value<'_>, sink: Sink<'_>) {
        for piece in delta.get("tool_calls").into_iter().flat_map(Value::items) {
            let function = piece.given("function");
            self.piece(piece.get("index").and_then(Value::as_u64), piece, function, sink);
        }
        if let Some(function) = delta.given("function_call") {
            self.piece(Some(0), delta, Some(function), sink);
        }
    }

    fn piece(
        &mut self,
        theirs: Option<u64>,
        piece: Value<'_>,
        function: Option<Value<'_>>,
        sink: Sink<'_>,
    ) {
        let id = piece.str_of("id").unwrap_or_default();
        let name = function.and_then(|function| function.str_of("name")).unwrap_or_default();
        let index = match self.known(theirs, &id, &name) {
            Some(index) => index,
            None if self.calls.len() >= CALLS => return,
            None => {
                self.calls.push(Call { theirs, ..Call::default() });
                self.calls.len().saturating_sub(1)
            }
        };
        let json = function.and_then(|f| f.get("arguments")).and_then(arguments);
        let Some(call) = self.calls.get_mut(index) else { return };
        let index = narrow(index);
        if !call.told {
            if call.id.is_empty() {
                self.held = self.held.saturating_add(id.len());
                call.id = id.into_owned();
            }
            if call.name.is_empty() {
                self.held = self.held.saturating_add(name.len());
                call.name = name.into_owned();
            }
            // Some bring the id and the name one after the other, and some bring no id at all.
            if json.is_some() || !(call.id.is_empty() || call.name.is_empty()) {
                call.tell(index, sink);
            }
        }
        if let Some(json) = json {
            sink(Event::Arguments { index, json });
        }
    }

    /// The call that a piece goes on with; `None` when it begins one.
    ///
    /// Some servers give no index, and some give every call the same: a new id with a name begins
    /// a call, whatever its index is.
    fn known(&self, theirs: Option<u64>, id: &str, name: &str) -> Option<usize> {
        let begins = !id.is_empty() && !name.is_empty();
        if begins {
            self.calls.iter().rposition(|call| {
                call.theirs == theirs && (call.id == id || (!call.told && call.id.is_empty()))
            })
        } else if theirs.is_some() {
            self.calls.iter().rposition(|call| call.theirs == theirs)
        } else if id.is_empty() {
            let nameless = name.is_empty();
            self.calls.len().checked_sub(1).filter(|_| nameless)
        } else {
            self.calls.iter().rposition(|call| call.id == id)
        }
    }

    fn stop(&mut self, reason: Option<&str>, sink: Sink<'_>) {
        if !self.stopped {
            self.stopped = true;
            for (index, call) in self.calls.iter_mut().enumerate().filter(|(_, c)| !c.told) {
                call.tell(narrow(index), sink);
            }
            sink(Event::Stop(stop(reason, !self.calls.is_empty(), self.refused)));
        }
    }

    fn fail(&mut self, fault: Fault, sink: Sink<'_>) {
        self.ended = true;
        sink(Event::Fault(fault));
    }
}

fn unreadable() -> Fault {
    Fault::new(FaultKind::Internal, "the provider sent an event that is not JSON").with_status(502)
}

fn narrow(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
