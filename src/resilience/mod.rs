//! What the workers of a proxy know together, in the data that Envoy shares between them: small
//! typed records, and values of any length in places of fixed number. The room reads no clock: the
//! time comes in as milliseconds.
mod breaker;
mod cell;
mod flow;
mod places;
mod secret;
mod sip;
mod slots;
mod snapshot;

pub use breaker::{Breaker, Calm, Change, Known, OpenedBy, Rate, Rule, Sign, Stand};
pub use cell::{Record, Records, UpdateError, digest};
pub use flow::{Flow, nanos};
pub use places::{Found, Name, Places, Spot};
pub use secret::Secret;
pub use sip::Sip;
pub use slots::{Slots, stretch};
pub use snapshot::Snapshot;
