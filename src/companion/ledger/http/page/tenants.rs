//! `GET /`: every tenant, and what they spend together.
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::App;
use super::super::problem::ProblemDetails;
use super::super::query::Query;
use super::chart::Chart;
use super::parts::{self, credits_cell};
use super::{Failed, amount, page};
use crate::companion::html::{Html, segment};
use crate::companion::ledger::view::{DeliveryState, TenantView};
use crate::credit::{Balance, Credits, Moment, Period, Window};

/// Tenants of one page.
const TENANTS: u32 = 100;
const ALERTS: u32 = 10;
/// Days that the chart shows.
pub(super) const DAYS: u32 = 14;

/// `GET /`
pub(in super::super) async fn tenants(
    State(app): State<App>,
    query: Result<Query, ProblemDetails>,
) -> Result<Response, Failed> {
    let query = query?;
    query.allow_only(&["after"])?;
    let after = query.after_name()?;
    let mut views = app.ledger.tenants(after.as_deref(), TENANTS.saturating_add(1)).await?;
    let most = usize::try_from(TENANTS).unwrap_or(usize::MAX);
    let more = views.len() > most;
    views.truncate(most);
    let alerts = app.ledger.alerts(None, ALERTS).await?;
    let spend = app.ledger.spend(None, DAYS).await?;
    let now = app.ledger.now();
    let spend = spend.iter().map(|row| (&*row.day, &*row.model, row.credits));
    let chart = Chart::new(days(now), spend);
    let nowhere = alerts.iter().any(|view| view.delivery.state == DeliveryState::Nowhere);
    Ok(page(StatusCode::OK, "Tenants", Some(now), |h| {
        h.leaf("h1", &[], "Tenants");
        if views.is_empty() {
            h.element("section", &[], empty);
            return;
        }
        // Sums of a part would be taken for sums of all.
        if after.is_none() && !more {
            h.element("dl", &[("class", "tiles")], |h| totals(&views, h));
        }
        h.element("section", &[], |h| {
            list(&views, h);
            if let Some(last) = views.last().filter(|_| more) {
                let next = format!("/?after={}", segment(&last.account.tenant));
                h.element("p", &[], |h| h.leaf("a", &[("href", &next)], "Further tenants"));
            }
        });
        h.element("section", &[], |h| chart.write("Spend by model, all tenants, last 14 days", h));
        h.element("section", &[], |h| {
            h.leaf("h2", &[], "Latest alerts");
            parts::alerts(&alerts, true, h);
            if nowhere && app.webhook.is_none() {
                let hint = "Serve with --webhook-url, or set a tenant\u{2019}s webhook.";
                h.leaf("p", &[("class", "none")], hint);
            }
        });
    }))
}

/// The last days, the oldest first.
pub(super) fn days(now: Moment) -> Vec<String> {
    let day = |back: u32| {
        let millis = now.millis().saturating_sub(u64::from(back).saturating_mul(86_400_000));
        let window = Window::of(Period::Day, Moment::of_millis(millis)).to_string();
        window.trim_start_matches("day:").to_owned()
    };
    (0..DAYS).rev().map(day).collect()
}

fn empty(html: &mut Html) {
    html.leaf(
        "p",
        &[("class", "none")],
        "No tenant has bought credits yet. The first begins with:",
    );
    html.leaf(
        "pre",
        &[],
        "curl localhost:8700/v1/tenants/acme/purchases -d '{\"credits\": \"100\"}' \\\n  \
         -H 'content-type: application/json' -H 'idempotency-key: first'",
    );
}

fn totals(views: &[TenantView], html: &mut Html) {
    let sum = |of: fn(&TenantView) -> i64| {
        let sum = views.iter().map(of).fold(0, i64::saturating_add);
        Balance::of_micros(sum)
    };
    let balance = sum(|view| view.account.balance.micros());
    let held = sum(|view| micros(view.account.held));
    let week = sum(|view| micros(view.spent_week));
    let worrying = views.iter().filter(|view| !parts::worries(&view.account).is_empty());
    parts::tile("Tenants", &amount::grouped(u64::try_from(views.len()).unwrap_or(0)), "", html);
    parts::tile("Balance", &amount::balance(balance), "sum of all", html);
    parts::tile("Held", &amount::balance(held), "for requests that run", html);
    let rate = amount::micros(parts::a_day(week.credits()));
    parts::tile("Burn rate", &rate, "a day, over 7 days", html);
    parts::tile("Running low", &worrying.count().to_string(), "tenants", html);
}

fn micros(credits: Credits) -> i64 {
    i64::try_from(credits.micros()).unwrap_or(i64::MAX)
}

fn list(views: &[TenantView], html: &mut Html) {
    const COLUMNS: [&str; 8] = [
        "Tenant",
        "State",
        "Balance#",
        "Available#",
        "Held#",
        "Burn a day#",
        "Lasts#",
        "Last purchase#",
    ];
    parts::table("", &COLUMNS, html, |h| {
        for view in views {
            let (account, week) = (&view.account, view.spent_week);
            let standing = account.standing();
            h.element("tr", &[], |h| {
                h.element("th", &[("scope", "row")], |h| parts::tenant_link(&account.tenant, h));
                h.element("td", &[], |h| parts::state(account, h));
                parts::balance_cell(standing.balance, h);
                parts::balance_cell(standing.available, h);
                credits_cell(account.held, h);
                let rate = Credits::clamped(parts::a_day(week).into());
                credits_cell(rate, h);
                h.leaf("td", &[("class", "n")], &parts::days_left(standing.available, week));
                credits_cell(standing.last_purchase, h);
            });
        }
    });
}
