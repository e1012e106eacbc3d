//! What is left of a conversation that a model has no room for.
use super::Request;
use crate::dialect::{Ask, Edit};
use crate::json::{Document, Limits};

/// A conversation without its oldest turns.
#[derive(Debug, PartialEq, Eq)]
pub struct Shortened {
    /// The place of the message at which it begins.
    pub from: usize,
    /// How many of the messages before it are the operator's examples, which stay.
    pub examples: usize,
    /// How many messages are left out.
    pub dropped: u64,
    /// What makes the app's body the shorter one.
    pub edits: Vec<Edit>,
    /// Estimated tokens of what is left.
    pub input_tokens: u64,
    /// The shorter body.
    pub(super) body: Vec<u8>,
}

impl Shortened {
    /// The request without them, as a format's half reads it; `None` where it does not.
    pub fn read<T>(
        &self,
        request: &Request<'_>,
        take: impl FnOnce(&Document<'_>, &Ask<'_>) -> Option<T>,
    ) -> Option<T> {
        let document = Document::parse(&self.body, Limits::default()).ok()?;
        let ask = (request.inbound.read_request)(&document).ok()?;
        take(&document, &ask)
    }

    /// The shorter body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}
