//! Framings: how a stream of bytes is cut into events. One file per framing.
pub mod sse;

/// How a provider's streams are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events, as browsers read them: [`sse`].
    ServerSentEvents,
}

impl Framing {
    /// The content type of a stream.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::ServerSentEvents => "text/event-stream",
        }
    }

    /// Whether a content type is that of a stream: media types have no case (RFC 9110, 8.3.1).
    #[must_use]
    pub fn is_of(self, content_type: &str) -> bool {
        let own = self.media_type();
        content_type.get(..own.len()).is_some_and(|given| given.eq_ignore_ascii_case(own))
    }

    /// What cuts a stream, from its first byte.
    #[must_use]
    pub fn parser(self) -> sse::Parser {
        match self {
            Self::ServerSentEvents => sse::Parser::default(),
        }
    }
}
