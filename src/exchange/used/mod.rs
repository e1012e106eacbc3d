//! What the attempts of a request have used: what their providers report, and an estimate where
//! these report nothing, not all of it, or what cannot be. Credits and limits count by the same.
mod abandoned;
mod attempt;
mod speed;

pub(super) use abandoned::{EndedBy, Ending};
pub(super) use attempt::{Amount, Last, amount, each, is_made};
pub(super) use speed::Speed;
