//! Copies of requests that go to another chain as well, after their answers.
//!
//! A request that is sampled takes a [`Seat`], and keeps its body until it is over. Was it
//! answered, its worker's [`Postbox`] sends the copy to a listener within Envoy, where it is a
//! request like any other: no app waits for it, and no app can reach that listener. Never is a copy
//! sent from a callback of the app's own stream: what waits is sent when the plugin ticks.
mod origin;
mod parcel;
mod postbox;
mod record;
mod sampled;
mod seat;

pub use origin::FILTER_CHAIN as SHADOW_LISTENER;
pub(super) use origin::{FILTER_CHAIN, HEADER, Origin};
pub use parcel::Parcel;
pub(super) use postbox::Postbox;
pub(super) use record::Record;
pub use sampled::CLUSTER as SHADOW_CLUSTER;
pub(super) use sampled::{Copied, Sampled, sample};
pub(super) use seat::Seat;
pub use seat::Seats;
