//! How hard a request looks, from its text alone: one pass over the bytes, a small table of
//! weights, whole numbers only, so that a proxy and a laptop say the same to the last bit.
//!
//! What a score means is learned from an operator's own labels (`tradewind calibrate`): it is the
//! share of those requests that need the premium model less than this one. Without weights there
//! is only the length of the text, which says little: see [`Classifier::baseline`].
mod ask;
mod base64;
mod classifier;
mod features;
mod file;
mod hash;
mod keywords;
mod kinds;
mod lexical;
mod score;
mod text;
mod weights;

pub use ask::texts;
pub use classifier::{Basis, Class, Classifier, Judged};
pub use features::{Features, features};
pub use hash::TABLE_BITS;
pub use kinds::{KINDS_MAX, Kind, SQUARE, nearest};
pub use lexical::LEXICAL;
pub use score::Score;
pub use text::READ_MAX;
pub use weights::{KNOTS, Lexical, ONE, ROUTES_MAX, Route, Weights};
