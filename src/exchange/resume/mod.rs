//! An answer that broke in mid-stream, and goes on with another model.
//!
//! Once the app has content, Envoy makes no other attempt. So the provider role holds back the end
//! of the stream, and asks a listener within Envoy for the rest: there it is a request like any
//! other, with what was said of the answer as the assistant's last words, for the models that come
//! next ([`Resumption`]). It is paid, limited and logged there. What it answers comes whole, since
//! Envoy hands the answer to a call over at once, and is said to the app as the rest of its stream.
//!
//! What that request is made of the edge role leaves in filter state ([`Kept`]).
mod kept;
mod origin;
mod resumption;

pub(super) use kept::{BODY_MAX, Kept};
pub use resumption::FILTER_CHAIN as RESUME_LISTENER;
pub(super) use resumption::{FILTER_CHAIN, HEADER, Resumption};

/// The cluster that leads to the listener. No name of a policy's begins like it.
pub const RESUME_CLUSTER: &str = "-resume";
