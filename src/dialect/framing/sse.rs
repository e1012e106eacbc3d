//! Server-sent events, cut out of chunks that end anywhere.
//!
//! The format is the WHATWG HTML standard's, section "Server-sent events": lines end in CRLF, LF
//! or CR, a blank line ends an event, several `data` lines join with a newline, a line that begins
//! with a colon is a comment. `id` and `retry` mean nothing here.
use core::fmt;
use core::ops::Range;
use std::borrow::Cow;

/// Most bytes of one event that is read, its blank line included: 256 KiB. One that comes in pieces
/// is held until it is whole.
pub const EVENT_BYTES_MAX: usize = 256 << 10;

/// Where an event that is too long says that it tells a failure: in its first bytes, by its name or
/// by a key of its data.
const ERROR_WITHIN: usize = 1 << 10;
const ERRORS: [&[u8]; 3] = [b"event: error", b"event:error", b"\"error\""];

/// Most bytes of carry buffer kept for the next event once one has been delivered: 4 KiB.
const CARRY_KEPT: usize = 4 << 10;

/// How many bytes a carry buffer beyond that grows by: 16 KiB. Doubling would take twice what is
/// needed.
const CARRY_STEP: usize = 16 << 10;

/// A byte order mark, which may begin a stream.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// One event: borrowed from the bytes it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'b> {
    /// The `event` field; empty where the event has no such field, U+FFFD where it is not UTF-8.
    pub name: &'b str,
    /// The `data` lines, joined; each run of bytes that is not UTF-8 reads as U+FFFD.
    pub data: Cow<'b, str>,
    /// A comment stands among its lines.
    pub commented: bool,
}

/// What some bytes of a stream are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block<'b> {
    /// A whole event, with its blank line.
    Event(Event<'b>),
    /// Lines that say nothing: comments, spare blank lines, an event without data.
    Silent,
    /// A part of an event that is too long to be read.
    Part,
}

impl<'b> Block<'b> {
    /// The event, where it is one.
    #[must_use]
    pub fn event(self) -> Option<Event<'b>> {
        match self {
            Self::Event(event) => Some(event),
            Self::Silent | Self::Part => None,
        }
    }
}

/// The lines of some bytes, each with its end, and whether it is a comment.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    let lines = bytes.split_inclusive(|b| matches!(b, b'\n' | b'\r'));
    lines.map(|line| (line, line.starts_with(b":")))
}

/// Where in the bytes of an event a part of its data stands; `None` where it does not stand there
/// in one piece.
#[must_use]
pub fn place(raw: &[u8], data: &str, part: Range<usize>) -> Option<Range<usize>> {
    let unmarked = raw.strip_prefix(MARK).unwrap_or(raw);
    // Where the line begins in the bytes, and where its value begins in the data.
    let (mut line_at, mut data_at) = (raw.len().checked_sub(unmarked.len())?, 0_usize);
    for (line, _) in lines(unmarked) {
        let value = line.strip_prefix(b"data:");
        if let Some(value) = value.map(|value| value.strip_prefix(b" ").unwrap_or(value)) {
            // With the end of its line, which is a line feed in the data.
            let next = data_at.checked_add(value.len())?;
            if part.end < next {
                let before = line_at.checked_add(line.len().checked_sub(value.len())?)?;
                let from = before.checked_add(part.start.checked_sub(data_at)?)?;
                let place = from..from.checked_add(part.len())?;
                let same = raw.get(place.clone())? == data.as_bytes().get(part)?;
                return same.then_some(place);
            }
            data_at = next;
        }
        line_at = line_at.checked_add(line.len())?;
    }
    None
}

/// An event is longer than [`EVENT_BYTES_MAX`]: the stream cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event of the stream is longer than {EVENT_BYTES_MAX} bytes")
    }
}

impl core::error::Error for TooLong {}

/// Reads one stream, chunk by chunk.
///
/// Every byte of the stream is handed on exactly once and in order, so that a stream can be passed
/// through untouched, with what they are.
///
/// An event that stands whole in a chunk is borrowed from it; only one that is cut is copied.
#[derive(Debug, Default)]
pub struct Parser {
    /// An event's bytes so far, when its end has not come yet.
    carry: Vec<u8>,
    lines: Lines,
    /// The first block of the stream is over: a byte order mark can no longer come.
    begun: bool,
    long: Long,
    /// Bytes of events that were too long, handed on since [`Parser::take_unread`].
    unread: usize,
}

/// What becomes of an event that is longer than [`EVENT_BYTES_MAX`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Long {
    /// The stream cannot be read on.
    #[default]
    Refused,
    /// An event was too long: the stream is not read any further.
    Broken,
    /// Such an event is handed on unread.
    Passed,
    /// Such an event has begun and not ended.
    Passing,
}

impl Parser {
    /// From now on an event that is too long is handed on in pieces, as bytes that say nothing:
    /// for a stream that is passed through.
    pub fn pass_long(&mut self) {
        if self.long == Long::Refused {
            self.long = Long::Passed;
        }
    }

    /// Whether an event that is too long has begun to be handed on, and has not ended.
    #[must_use]
    pub fn passes_long(&self) -> bool {
        self.long == Long::Passing
    }

    /// Takes the next chunk. `each` gets every event that it completes, with the event's raw
    /// bytes, blank line included; and all other bytes with what they are.
    ///
    /// # Errors
    /// [`TooLong`], from then on always; never after [`Parser::pass_long`].
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut each: impl FnMut(Block<'_>, &[u8]),
    ) -> Result<(), TooLong> {
        if self.long == Long::Broken {
            return Err(TooLong);
        }
        let mut rest = chunk;
        if let Some(after) = self.spare_line_feed(rest) {
            each(Block::Silent, b"\n");
            rest = after;
        }
        while let Some((block, after)) =
            self.lines.block_end(rest).and_then(|end| rest.split_at_checked(end))
        {
            if self.is_long(block)? {
                self.pass(block, &mut each);
                self.long = Long::Passed;
            } else if self.carry.is_empty() {
                each(said(self.unmarked(block)), block);
            } else {
                self.carry(block);
                each(said(self.unmarked(&self.carry)), &self.carry);
                self.carry.clear();
                self.carry.shrink_to(CARRY_KEPT);
            }
            self.begun = true;
            rest = after;
        }
        if self.is_long(rest)? {
            self.pass(rest, &mut each);
            self.long = Long::Passing;
        } else {
            self.carry(rest);
        }
        Ok(())
    }

    /// How many bytes of events that were too long have been handed on since this was asked last.
    pub fn take_unread(&mut self) -> usize {
        core::mem::take(&mut self.unread)
    }

    /// Hands on what has come of an event that is too long.
    fn pass(&mut self, bytes: &[u8], each: &mut impl FnMut(Block<'_>, &[u8])) {
        let carried = core::mem::take(&mut self.carry);
        let length = carried.len().saturating_add(bytes.len());
        self.unread = self.unread.saturating_add(length);
        for bytes in [&carried, bytes].into_iter().filter(|bytes| !bytes.is_empty()) {
            each(Block::Part, bytes);
        }
    }

    fn carry(&mut self, bytes: &[u8]) {
        let length = self.carry.len().saturating_add(bytes.len());
        if length > self.carry.capacity() && length > CARRY_STEP {
            self.carry.reserve_exact(bytes.len().saturating_add(CARRY_STEP));
        }
        self.carry.extend_from_slice(bytes);
    }

    /// How many bytes the parser holds until more comes.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.carry.capacity()
    }

    /// The bytes of the event that has begun and not ended.
    #[must_use]
    pub fn carried(&self) -> &[u8] {
        &self.carry
    }

    /// Ends the stream. `each` gets what is carried, if anything: as an event if it has data, since
    /// some servers leave out the last blank line. Whether that data is whole cannot be told here.
    pub fn finish(&mut self, mut each: impl FnMut(Block<'_>, &[u8])) {
        if !self.carry.is_empty() {
            each(said(self.unmarked(&self.carry)), &self.carry);
        }
        *self = Self { begun: true, ..Self::default() };
    }

    /// What follows the line feed of a CRLF whose CR ended both an event and a chunk.
    fn spare_line_feed<'b>(&mut self, chunk: &'b [u8]) -> Option<&'b [u8]> {
        if !self.lines.after_cr || !self.carry.is_empty() {
            return None;
        }
        let after = chunk.strip_prefix(b"\n")?;
        self.lines.after_cr = false;
        Some(after)
    }

    /// Whether the current event is too long with these bytes, and is handed on.
    fn is_long(&mut self, bytes: &[u8]) -> Result<bool, TooLong> {
        let fits = self.carry.len().saturating_add(bytes.len()) <= EVENT_BYTES_MAX;
        match self.long {
            Long::Passing => Ok(true),
            _ if fits => Ok(false),
            Long::Passed if !self.is_error(bytes) => Ok(true),
            Long::Passed | Long::Refused | Long::Broken => {
                *self = Self { long: Long::Broken, ..Self::default() };
                Err(TooLong)
            }
        }
    }

    /// Whether the current event seems to tell a failure, which is never handed on as it is.
    fn is_error(&self, bytes: &[u8]) -> bool {
        let start: Vec<u8> = self.carry.iter().chain(bytes).take(ERROR_WITHIN).copied().collect();
        ERRORS.iter().any(|mark| start.windows(mark.len()).any(|at| at == *mark))
    }

    /// The block without the byte order mark that may begin a stream.
    fn unmarked<'b>(&self, block: &'b [u8]) -> &'b [u8] {
        if self.begun { block } else { block.strip_prefix(MARK).unwrap_or(block) }
    }
}

/// Where a line begins, across chunks.
#[derive(Debug, Default)]
struct Lines {
    /// Something stands in the current line.
    filled: bool,
    /// The last byte was a CR: a line feed now belongs to it.
    after_cr: bool,
}

impl Lines {
    /// The end of the current block, if it is in `bytes`: one past its blank line. All of `bytes`
    /// counts as seen if it is not.
    fn block_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0_usize;
        loop {
            let rest = bytes.get(at..)?;
            if rest.is_empty() {
                return None;
            }
            if core::mem::take(&mut self.after_cr) && rest.starts_with(b"\n") {
                at = at.saturating_add(1);
                continue;
            }
            let Some(length) = rest.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
                self.filled = true;
                return None;
            };
            at = at.saturating_add(length).saturating_add(1);
            self.after_cr = rest.get(length) == Some(&b'\r');
            let blank = !core::mem::take(&mut self.filled) && length == 0;
            if blank {
                return Some(if self.after_cr && bytes.get(at) == Some(&b'\n') {
                    self.after_cr = false;
                    at.saturating_add(1)
                } else {
                    at
                });
            }
        }
    }
}

/// A line's text: nearly always it is UTF-8, and found to be so in wide lanes.
fn text(value: &[u8]) -> Cow<'_, str> {
    match simdutf8::basic::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(value),
    }
}

/// What a block of lines says.
fn said(block: &[u8]) -> Block<'_> {
    let (mut name, mut commented) = ("", false);
    let mut data: Option<Cow<'_, str>> = None;
    // A CRLF makes an empty line more, which says nothing.
    for line in block.split(|b| matches!(b, b'\n' | b'\r')) {
        let colon = line.iter().position(|b| *b == b':').unwrap_or(line.len());
        let (field, value) = line.split_at_checked(colon).unwrap_or_default();
        let value = value.strip_prefix(b":").unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => name = core::str::from_utf8(value).unwrap_or("\u{FFFD}"),
            b"data" => match &mut data {
                None => data = Some(text(value)),
                Some(before) => {
                    let before = before.to_mut();
                    before.push('\n');
                    before.push_str(&text(value));
                }
            },
            b"" => commented |= !line.is_empty(),
            _ => {}
        }
    }
    data.map_or(Block::Silent, |data| Block::Event(Event { name, data, commented }))
}
