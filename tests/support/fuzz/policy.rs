//! What Envoy hands to the module of what operators write.
use tradewind::complexity::Weights;
use tradewind::exchange::{Connections, Memory, Plugin, Retries, Seats, Tabs};
use tradewind::policy::Policy;

use super::seeds::{files, short};
use crate::files::texts;
use crate::lives::Gateway;

pub(super) fn policies() -> Vec<Vec<u8>> {
    files("exchange/policy", &[".json"])
}

/// A policy as the module gets it: what is one configures every plugin.
pub(super) fn policy(bytes: &[u8]) {
    if Policy::from_json(bytes).is_ok() {
        let gateway = Gateway::new(&String::from_utf8_lossy(bytes));
        assert!(gateway.is_ok(), "{gateway:?}");
    }
    let _ = Weights::parse(bytes);
}

pub(super) fn configs() -> Vec<Vec<u8>> {
    let policies = texts("exchange/policy", ".json");
    let gateways = policies.values().filter_map(|policy| Gateway::new(policy).ok());
    short(gateways.flat_map(|gateway| gateway.configurations.into_values()).collect())
}

/// What a plugin is configured with.
pub(super) fn config(bytes: &[u8]) {
    let shared = (&Connections::default(), &Retries::default());
    let _ =
        Plugin::configure(bytes, &Memory::default(), shared, (&Seats::default(), &Tabs::default()));
}
