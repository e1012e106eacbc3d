//! What the workers of a proxy know together, in the data that Envoy shares between them: small
//! typed records, and values of any length in places of fixed number. The room reads no clock: the
//! time comes in as milliseconds.
mod cell;
mod places;
mod sip;
mod snapshot;

pub use cell::{Record, Records, UpdateError, digest};
pub use places::{Found, Name, Places};
pub use sip::Sip;
pub use snapshot::Snapshot;
