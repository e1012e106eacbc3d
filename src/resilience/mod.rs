//! What the workers of a proxy know together: small typed records in the data that Envoy shares
//! between them. The room reads no clock and calls nobody: both come in as [`Shared`] and as
//! milliseconds.
mod cell;

pub use cell::{Missed, Record, digest, read, update};

/// Data that every worker of a proxy shares: values by their keys, which cannot be deleted.
pub trait Shared {
    /// The value of a key, empty where there is none, and what to show to change it.
    fn shared(&self, key: &str) -> (Vec<u8>, Option<u32>);

    /// Writes a value; not when somebody else has since it was read. `unchanged` is what
    /// [`Shared::shared`] gave, nothing for a key that was not there.
    fn share(&self, key: &str, value: &[u8], unchanged: Option<u32>) -> bool;
}
