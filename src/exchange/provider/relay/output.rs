//! What goes to the app: the provider's own bytes, or what is written for it.
use core::ops::Range;

use super::super::super::Envoy;
use super::context::AttemptContext;
use crate::dialect::{AnswerWriter, Event, sse};

/// What is kept free of a stream's buffer for the words that end it.
const END_BYTES: u64 = 64 << 10;

/// Most bytes of a buffer that is kept for the next chunk: 16 KiB. A larger one is rare, and would
/// be held for as long as its stream is open.
const KEPT: usize = 16 << 10;

/// What goes to the app.
#[derive(Debug)]
pub(super) struct Output {
    bytes: Bytes,
    writer: Box<dyn AnswerWriter>,
    /// What is added to the provider's own bytes, or stands in their place.
    out: Vec<u8>,
    /// The name that the provider's own bytes are to give the model, as JSON; empty where theirs
    /// stays.
    name: Vec<u8>,
    /// Most bytes that are written at a time.
    most: usize,
}

#[derive(Debug)]
enum Bytes {
    /// The app reads another dialect: all is written for it.
    Written,
    /// The provider's own, of which Envoy holds all that was read: so many, but for these.
    Marked { passing: Passing, read: usize, cuts: Vec<Cut> },
    /// The provider's own, copied; whether they differ from what Envoy holds.
    Copied { passing: Passing, differ: bool },
}

/// Bytes of the provider's that do not go on.
#[derive(Debug, Clone)]
struct Cut {
    at: Range<usize>,
    /// They are the model's name, and the other one takes their place.
    is_name: bool,
}

/// How a provider's own bytes are passed on.
#[derive(Debug, Clone, Copy)]
struct Passing {
    /// The app did not ask for the usage, and we did.
    hides_usage: bool,
    /// The answer may be ended by us, in the middle: the writer has to know where it stands.
    follows: bool,
}

impl Output {
    pub(super) fn new(context: &AttemptContext, envoy: &dyn Envoy) -> Self {
        let most = context.config.buffer.bytes().saturating_sub(END_BYTES);
        let bytes = if context.is_same_format() {
            let hides_usage = !context.asked.stream_usage;
            let passing =
                Passing { hides_usage, follows: context.stop_at().is_some() || context.resumes() };
            Bytes::Marked { passing, read: 0, cuts: Vec::new() }
        } else {
            Bytes::Written
        };
        Self {
            bytes,
            writer: context.writer(envoy),
            out: Vec::new(),
            name: context.name(),
            most: usize::try_from(most).unwrap_or(usize::MAX),
        }
    }

    /// Bytes that it holds until more comes: not what goes to the app now, where it is `ready`.
    pub(super) fn held(&self, ready: bool) -> usize {
        let cuts = match &self.bytes {
            Bytes::Marked { cuts, .. } => cuts.len().saturating_mul(size_of::<Cut>()),
            Bytes::Written | Bytes::Copied { .. } => 0,
        };
        let out = if ready { 0 } else { self.out.len().saturating_add(cuts) };
        out.saturating_add(self.writer.held())
    }

    /// Whether an event that tells the usage alone is not for the app.
    pub(super) const fn hides_usage(&self) -> bool {
        match &self.bytes {
            Bytes::Written => false,
            Bytes::Marked { passing, .. } | Bytes::Copied { passing, .. } => passing.hides_usage,
        }
    }

    /// Whether the app gets the provider's own bytes, so that an event need not be read.
    pub(super) const fn passes(&self) -> bool {
        !matches!(self.bytes, Bytes::Written)
    }

    /// An event of the provider's; false when there is no room for what it says.
    pub(super) fn event(&mut self, event: &Event<'_>) -> bool {
        match &self.bytes {
            Bytes::Written => {
                let before = self.out.len();
                self.writer.write(event, &mut self.out);
                if self.out.len() > self.most {
                    self.out.truncate(before);
                    return false;
                }
            }
            Bytes::Marked { passing, .. } | Bytes::Copied { passing, .. } if passing.follows => {
                let before = self.out.len();
                self.writer.write(event, &mut self.out);
                self.out.truncate(before);
            }
            Bytes::Marked { .. } | Bytes::Copied { .. } => {}
        }
        true
    }

    /// The next bytes of the provider's, and whether they go on.
    pub(super) fn raw(&mut self, raw: &[u8], goes: bool) {
        match &mut self.bytes {
            Bytes::Written => {}
            Bytes::Marked { read, cuts, .. } => {
                let from = *read;
                *read = from.saturating_add(raw.len());
                match cuts.last_mut() {
                    _ if goes => {}
                    Some(last) if last.at.end == from && !last.is_name => last.at.end = *read,
                    _ => cuts.push(Cut { at: from..*read, is_name: false }),
                }
            }
            Bytes::Copied { .. } if goes => self.out.extend_from_slice(raw),
            Bytes::Copied { differ, .. } => *differ = true,
        }
    }

    /// The next bytes of the provider's: an event that goes on. Where another name of the model
    /// than the app's stands at `model` of its data, the app's takes its place.
    pub(super) fn goes(&mut self, raw: &[u8], event: &sse::Event<'_>, model: Option<Range<usize>>) {
        let Some((before, own, after)) = model.and_then(|at| self.other_name(raw, event, at))
        else {
            return self.words(raw, event.commented);
        };
        self.words(before, event.commented);
        match &mut self.bytes {
            Bytes::Written => {}
            Bytes::Marked { read, cuts, .. } => {
                let from = *read;
                *read = from.saturating_add(own.len());
                cuts.push(Cut { at: from..*read, is_name: true });
            }
            Bytes::Copied { differ, .. } => {
                *differ = true;
                self.out.extend_from_slice(&self.name);
            }
        }
        self.words(after, event.commented);
    }

    /// What stands before another name of the model than the app's, that name, and what follows.
    fn other_name<'r>(
        &self,
        raw: &'r [u8],
        event: &sse::Event<'_>,
        at: Range<usize>,
    ) -> Option<(&'r [u8], &'r [u8], &'r [u8])> {
        let own = event.data.as_bytes().get(at.clone())?;
        if self.name.is_empty() || own == self.name {
            return None;
        }
        let at = sse::place(raw, &event.data, at)?;
        Some((raw.get(..at.start)?, raw.get(at.clone())?, raw.get(at.end..)?))
    }

    fn words(&mut self, raw: &[u8], commented: bool) {
        if commented {
            self.uncommented(raw);
        } else {
            self.raw(raw, true);
        }
    }

    /// The next bytes of the provider's, which say nothing. A comment keeps the app's connection
    /// alive, and its words are for nobody: who knows what a provider writes there.
    /// Before the app has anything it keeps nothing alive, and goes whole.
    pub(super) fn silent(&mut self, raw: &[u8], begun: bool) {
        if begun {
            self.uncommented(raw);
        } else {
            let commented = sse::lines(raw).any(|(_, comment)| comment);
            self.raw(raw, !commented);
        }
    }

    /// The next bytes of the provider's, without the words of their comments.
    fn uncommented(&mut self, raw: &[u8]) {
        for (line, comment) in sse::lines(raw) {
            let words = line.trim_ascii_end().get(1..).filter(|_| comment).unwrap_or_default();
            let (colon, rest) = line.split_at(usize::from(!words.is_empty()));
            let (words, end) = rest.split_at_checked(words.len()).unwrap_or_default();
            self.raw(colon, true);
            if !words.is_empty() {
                self.raw(words, false);
            }
            self.raw(end, true);
        }
    }

    /// What Envoy holds is not what goes to the app.
    pub(super) const fn differs(&mut self) {
        if let Bytes::Copied { differ, .. } = &mut self.bytes {
            *differ = true;
        }
    }

    /// Writes an event of ours.
    pub(super) fn say(&mut self, event: &Event<'_>) {
        self.differs();
        self.writer.write(event, &mut self.out);
    }

    /// Ends an answer that is whole, but for the mark of its end.
    pub(super) fn complete(&mut self, mark: &str) {
        match self.bytes {
            Bytes::Written => self.say(&Event::End),
            Bytes::Marked { .. } | Bytes::Copied { .. } => self.add(mark.as_bytes()),
        }
    }

    /// Ends an event that lacks its blank line, or of which the app has only a part: what follows
    /// is another.
    pub(super) fn end_event(&mut self) {
        if !matches!(self.bytes, Bytes::Written) {
            self.add(b"\n\n");
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.differs();
        self.out.extend_from_slice(bytes);
    }

    /// Whether what is written next stands where the provider has stopped, which has numbered this
    /// block last.
    pub(super) fn is_at(&self, block: Option<u64>) -> bool {
        matches!(self.bytes, Bytes::Written) || self.writer.block() == block
    }

    /// What goes to the app, in the place of the `size` bytes that Envoy holds; `None` when that
    /// is what they are. The first `ready` of them are the app's already.
    pub(super) fn take(&mut self, ready: usize, size: usize, envoy: &dyn Envoy) -> Option<Vec<u8>> {
        let mut out = core::mem::take(&mut self.out);
        match &mut self.bytes {
            Bytes::Marked { passing, read, cuts } => {
                let (read, cuts) = (*read, core::mem::take(cuts));
                self.bytes = Bytes::Copied { passing: *passing, differ: false };
                let same = cuts.is_empty() && read == size && out.is_empty();
                (!same).then(|| joined(&envoy.response_body(0, read), &cuts, &self.name, &out))
            }
            Bytes::Copied { differ: false, .. } => {
                out.clear();
                out.shrink_to(KEPT);
                self.out = out;
                None
            }
            Bytes::Written if out.is_empty() && ready == size => None,
            Bytes::Written => Some(after(ready, out, envoy)),
            Bytes::Copied { differ, .. } => {
                *differ = false;
                Some(after(ready, out, envoy))
            }
        }
    }
}

/// The first bytes that Envoy holds, and these after them.
fn after(ready: usize, mut out: Vec<u8>, envoy: &dyn Envoy) -> Vec<u8> {
    if ready == 0 {
        return out;
    }
    let mut body = envoy.response_body(0, ready);
    body.append(&mut out);
    body
}

/// These bytes without the pieces that are cut, with the model's name in its places, and what
/// follows them.
fn joined(bytes: &[u8], cuts: &[Cut], name: &[u8], after: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().saturating_add(after.len()));
    let mut from = 0_usize;
    for Cut { at, is_name } in cuts {
        out.extend_from_slice(bytes.get(from..at.start).unwrap_or_default());
        out.extend_from_slice(if *is_name { name } else { &[] });
        from = at.end;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    out.extend_from_slice(after);
    out
}
