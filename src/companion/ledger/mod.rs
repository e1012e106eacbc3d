//! The credit service: an HTTP server in front of accounts that a database keeps.
mod adjusting;
mod cli;
mod clock;
mod engine;
mod http;
mod metrics;
mod service;
mod store;
mod view;
mod webhook;

pub use cli::run;
pub use engine::{
    BATCH_BOUNDS, Clock, Ledger, OpenError, ParseStoreUrlError, Stats, StoreUrl, Unavailable,
};
pub use http::Tokens;
pub use service::{Options, Service};
pub use view::{AlertView, Audit, Delivery, DeliveryState, SpendRow, TenantView, Webhook};
pub use webhook::Secrets;
