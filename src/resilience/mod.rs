//! What the workers of a proxy know together: small typed records in the data that Envoy shares
//! between them. The room reads no clock: the time comes in as milliseconds.
mod breaker;
mod cell;
mod flow;
mod slots;
mod snapshot;

pub use breaker::{Breaker, Change, OpenedBy, Rate, Rule, Sign, Stand};
pub use cell::{Record, Records, UpdateError, digest};
pub use flow::{Flow, nanos};
pub use slots::{Slots, stretch};
pub use snapshot::Snapshot;
