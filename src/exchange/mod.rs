//! One request's life, without a proxy: what Envoy tells comes in as data, what Envoy is to do
//! goes out as data. Of the core it is the one room that knows all others.
//!
//! One module plays two roles, each in a VM of its own in every worker: one for the edge role, one
//! for the provider roles of all clusters. The [`edge`] role meets the app: it reads the
//! request, decides which models may serve it, leaves a [`plan`] in the stream's filter state, and
//! mostly writes the first attempt's body. The [`provider`] role stands in a provider's cluster: it
//! writes the headers and every other body in that provider's dialect, and the answer in the app's.
mod answer;
mod attempt;
mod breaker;
mod call;
mod callback;
pub mod conclusion;
mod connections;
mod contract;
mod credible;
mod dropped;
mod duty;
pub mod edge;
mod effect;
pub mod filter_state;
pub mod hop;
mod judged;
mod ledger;
mod limits;
mod line;
mod loaded;
mod memory;
pub mod metric;
mod outbox_item;
mod outcome;
mod plan;
mod plugin;
mod port;
pub mod provider;
mod record;
mod reply;
mod report;
mod resume;
mod retries;
mod said;
mod shadow;
mod spend;
mod stopped_by;
mod store;
mod used;
mod whose;

pub use call::{Call, CallId, Purpose};
pub use callback::Callback;
pub use connections::Connections;
pub use contract::{Body, RETRIED_4XX, StreamBuffer, TooLarge, is_retried, retries};
pub use effect::{Effect, Effects, Flow, Header, HeaderMap, Headers};
use filter_state::{JUDGED, NEXT, ORIGINAL, PLAN, RESUME};
pub use ledger::Ledger;
pub use limits::Tabs;
pub use loaded::Loaded;
pub use memory::{ALLOWANCE, Full, Memory, Permit, STREAM_MOST};
pub use outbox_item::{Item, OutboxItem};
pub use outcome::{Health, Outcome, Verdict};
pub use plan::{Acceptance, Change, CreditTerms, First, Leg, Mismatch, Plan, Turn};
pub use plugin::{Plugin, Stream};
pub use port::{Clock, Envoy, Host, Random, Read, Shared};
pub use reply::Reply;
use report::QUIET_MS;
pub use report::{Progress, Quiet, Report, Used};
pub use resume::{RESUME_CLUSTER, RESUME_LISTENER};
pub use retries::Retries;
pub use said::{Hearing, Said, Words};
pub use shadow::{Parcel, SHADOW_CLUSTER, SHADOW_LISTENER, Seats};
pub use spend::Outboxes;
pub use stopped_by::StoppedBy;

// The filter hands it on, and knows no policy.
pub use crate::policy::CreditPolicy;
