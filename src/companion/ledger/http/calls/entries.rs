//! Entries: everything that ever changed a balance.
use axum::extract::State;
use axum::http::StatusCode;

use super::super::query::Query;
use super::super::reply::{self, optional, text};
use super::super::{App, Name};
use super::{CallResult, require_tenant};
use crate::credit::wire::counts;
use crate::credit::{Charge, Entry, Reason};
use crate::json::Writer;

/// `GET /v1/tenants/{tenant}/entries`
pub(in super::super) async fn list(
    State(app): State<App>,
    Name(tenant): Name,
    query: Query,
) -> CallResult {
    query.allow_only(&["after", "limit"])?;
    let (after, limit) = (query.after_number()?, query.limit()?);
    // One more than asked for tells whether there is another page.
    let mut entries = app.ledger.entries(&tenant, after, limit.saturating_add(1)).await?;
    if entries.is_empty() {
        require_tenant(&app, &tenant).await?;
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok(reply::object(StatusCode::OK, |w| {
        w.key("entries").array(|w| {
            for entry in &entries {
                w.object(|w| one(entry, w));
            }
        });
        match entries.last().filter(|_| more) {
            Some(last) => w.key("next").number(last.number),
            None => w.key("next").null(),
        }
    }))
}

fn one(entry: &Entry, w: &mut Writer) {
    w.key("seq").number(entry.number);
    text("at", entry.at, w);
    text("kind", entry.reason.name(), w);
    text("credits", entry.amount, w);
    text("balance", entry.balance, w);
    match &entry.reason {
        Reason::Purchase { key, expires_at } => {
            text("purchase_id", format!("{}/{}", entry.tenant, entry.number), w);
            text("idempotency_key", key, w);
            optional("expires_at", *expires_at, w);
        }
        Reason::Expiry { lot } => text("purchase_id", format!("{}/{lot}", entry.tenant), w),
        Reason::Repair { lot } => {
            optional("purchase_id", lot.map(|lot| format!("{}/{lot}", entry.tenant)), w);
        }
        Reason::Adjustment(adjusted) => {
            let lot = adjusted.lot.unwrap_or(entry.number);
            if adjusted.change != "debit" {
                text("purchase_id", format!("{}/{lot}", entry.tenant), w);
            }
            text("idempotency_key", &adjusted.key, w);
            optional("expires_at", adjusted.expires_at, w);
            text("reason", &adjusted.reason, w);
        }
        Reason::Charge(charge) => charged(charge, w),
    }
}

fn charged(charge: &Charge, w: &mut Writer) {
    text("hold_id", &charge.hold_id, w);
    optional("draw", charge.draw.as_ref(), w);
    w.key("part").number(charge.part);
    optional("user", charge.user.as_ref(), w);
    optional("key", charge.key.as_ref(), w);
    optional("model", charge.details.model.as_ref(), w);
    optional("outcome", charge.details.outcome.as_ref(), w);
    w.key("usage").object(|w| {
        for (name, tokens) in counts(&charge.details.usage) {
            if tokens > 0 {
                w.key(name).number(tokens);
            }
        }
    });
    w.key("estimated").boolean(charge.details.estimated);
    w.key("late").boolean(charge.late);
    if !charge.overrun.is_zero() {
        text("overrun", charge.overrun, w);
    }
    if !charge.flags.is_empty() {
        w.key("flags").array(|w| charge.flags.iter().for_each(|flag| w.string(flag)));
    }
}
