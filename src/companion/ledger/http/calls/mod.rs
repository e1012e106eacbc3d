//! What can be called: one file per kind of thing.
pub(super) mod alerts;
pub(super) mod entries;
pub(super) mod holds;
pub(super) mod purchases;
pub(super) mod renewals;
pub(super) mod service;
pub(super) mod settlements;
pub(super) mod tenants;
pub(super) mod tiers;

use super::App;
use super::problem::Problem;
use crate::credit::Outcome;

/// What a call answers.
type Called = Result<axum::response::Response, Problem>;

/// Fails when there is no such tenant.
async fn exists(app: &App, tenant: &str) -> Result<(), Problem> {
    match app.ledger.tenant(tenant).await? {
        Some(_) => Ok(()),
        None => Err(unknown_tenant(tenant)),
    }
}

pub(super) fn unknown_tenant(tenant: &str) -> Problem {
    let detail = format!("nobody has bought credits for `{tenant}` or given it settings");
    Problem::outcome(Outcome::UnknownTenant, &detail)
}

fn overflow() -> Problem {
    Problem::outcome(Outcome::Overflow, "an account can hold nine trillion credits")
}
