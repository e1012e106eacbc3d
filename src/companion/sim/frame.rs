//! How events are put on the wire, plainly or in ways that are legal and rare.
use hyper::body::Bytes;

/// One piece of a stream before it is framed.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// The event's name, for APIs that name them.
    pub(super) name: Option<&'static str>,
    pub(super) data: String,
    /// Whether it carries some of the answer.
    pub(super) content: bool,
    /// Whether it stands in a JSON array instead of an event stream.
    pub(super) bare: bool,
    /// Whether lines end with CRLF.
    pub(super) crlf: bool,
}

impl Event {
    /// An event with data and no name.
    pub(super) fn data(data: impl Into<String>, content: bool) -> Self {
        Self { name: None, data: data.into(), content, bare: false, crlf: false }
    }
}

/// Legal ways to frame a stream that few clients expect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Framing {
    /// Lines end with CRLF.
    pub(super) crlf: bool,
    /// Comments stand between events.
    pub(super) comments: bool,
    /// Data is spread over several `data:` lines where its JSON allows a line break.
    pub(super) multi_line: bool,
    /// No space stands after the colon.
    pub(super) no_space: bool,
    /// Fields that no client knows and `retry:` stand in every event.
    pub(super) extra_fields: bool,
    /// Every TCP write carries one byte.
    pub(super) one_byte: bool,
    /// Pieces end inside characters of several bytes.
    pub(super) split_utf8: bool,
    /// Pieces of this many bytes, whatever they cut.
    pub(super) split: Option<usize>,
    /// The stream begins with a byte order mark.
    pub(super) bom: bool,
    /// All events in one piece.
    pub(super) one_piece: bool,
}

/// The bytes of one event.
pub(super) fn frame(event: &Event, how: Framing) -> Vec<u8> {
    if event.bare {
        return event.data.clone().into_bytes();
    }
    let end = if how.crlf || event.crlf { "\r\n" } else { "\n" };
    let space = if how.no_space { "" } else { " " };
    let mut out = String::with_capacity(event.data.len().saturating_add(40));
    if how.comments {
        out.push_str(": a comment, as keep-alives are");
        out.push_str(end);
        out.push(':');
        out.push_str(end);
        out.push_str(end);
    }
    if how.extra_fields {
        for field in ["retry: 3000", "unknown: field", "valueless"] {
            out.push_str(field);
            out.push_str(end);
        }
    }
    if let Some(name) = event.name {
        for part in ["event:", space, name, end] {
            out.push_str(part);
        }
    }
    let broken = if how.multi_line { broken(&event.data) } else { vec![event.data.as_str()] };
    for line in broken {
        for part in ["data:", space, line, end] {
            out.push_str(part);
        }
    }
    out.push_str(end);
    out.into_bytes()
}

/// A JSON text in lines: cut after the first brace and before the last, where white space is legal.
fn broken(data: &str) -> Vec<&str> {
    let inner = data.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inner.map_or_else(|| vec![data], |inner| vec!["{", inner, "}"])
}

/// Bytes in the pieces the framing asks for.
pub(super) fn split(bytes: &[u8], how: Framing) -> Vec<Bytes> {
    if let Some(size) = how.split.filter(|size| *size > 0) {
        return bytes.chunks(size).map(Bytes::copy_from_slice).collect();
    }
    if !how.split_utf8 {
        return vec![Bytes::copy_from_slice(bytes)];
    }
    let mut out = Vec::new();
    let mut piece = Vec::new();
    for byte in bytes {
        piece.push(*byte);
        if *byte >= 0xC0 {
            out.push(Bytes::from(std::mem::take(&mut piece)));
        }
    }
    if !piece.is_empty() {
        out.push(Bytes::from(piece));
    }
    out
}
