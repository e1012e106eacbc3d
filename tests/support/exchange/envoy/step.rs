//! What Envoy brings to a filter, and what becomes of it.
use tradewind::exchange::Reply;

/// Which way a piece goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Request,
    Response,
}

/// What Envoy delivers to a filter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece<'p> {
    Headers { end: bool },
    Body(&'p [u8], bool),
    Trailers,
}

/// What a filter made of a piece.
#[derive(Debug)]
pub(crate) enum Step {
    /// It holds it back.
    Wait,
    /// It lets go of this much of the body; of the headers too, if they had not gone before.
    Pass { headers: bool, body: Vec<u8> },
    /// It answers the app itself.
    Reply(Reply),
}
