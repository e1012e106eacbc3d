//! `GET /tenants/{tenant}`: one tenant's account, and what moved it.
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::calls;
use super::super::problem::ProblemDetails;
use super::super::{App, Name, reply};
use super::chart::Chart;
use super::parts::{self, balance_cell, change_cell, credits_cell};
use super::tenants::{DAYS, days};
use super::{Failed, amount, page};
use crate::companion::html::Html;
use crate::companion::ledger::view::{AlertView, TenantView};
use crate::credit::{Budget, Credits, Entry, Meter, Moment, Reason, Window};

const ENTRIES: u32 = 25;
const ALERTS: u32 = 10;

/// `GET /tenants/{tenant}`
pub(in super::super) async fn tenant(
    State(app): State<App>,
    name: Result<Name, ProblemDetails>,
) -> Result<Response, Failed> {
    let Name(tenant) = name?;
    let view = app.ledger.tenant(&tenant).await?;
    let view = view.ok_or_else(|| calls::unknown_tenant(&tenant))?;
    let entries = app.ledger.last_entries(&tenant, ENTRIES).await?;
    let alerts = app.ledger.alerts(Some(&tenant), ALERTS).await?;
    let spend = app.ledger.spend(Some(&tenant), DAYS).await?;
    let now = app.ledger.now();
    let spend = spend.iter().map(|row| (&*row.day, &*row.model, row.credits));
    let chart = Chart::new(days(now), spend);
    Ok(page(StatusCode::OK, &tenant, Some(now), |h| {
        h.leaf("h1", &[], &tenant);
        h.element("p", &[], |h| parts::state(&view.account, h));
        h.element("dl", &[("class", "tiles")], |h| tiles(&view, h));
        h.element("section", &[], |h| chart.write("Spend by model, last 14 days", h));
        h.element("div", &[("class", "pair")], |h| {
            h.element("section", &[], |h| lots(&view, h));
            h.element("section", &[], |h| thresholds(&app, &view, h));
        });
        h.element("section", &[], |h| budgets(&view, now, h));
        h.element("section", &[], |h| recent(&alerts, h));
        h.element("section", &[], |h| journal(&entries, h));
    }))
}

fn tiles(view: &TenantView, html: &mut Html) {
    let account = &view.account;
    let standing = account.standing();
    let overdraft = match account.overdraft.is_zero() {
        true => "no overdraft".to_owned(),
        false => format!("and an overdraft of {}", amount::micros(account.overdraft.micros())),
    };
    let holds = match view.open_holds {
        1 => "1 open hold".to_owned(),
        many => format!("{} open holds", amount::grouped(many)),
    };
    let rate = amount::micros(parts::a_day(view.spent_week));
    parts::tile("Balance", &amount::balance(standing.balance), "sum of all entries", html);
    parts::tile("Available", &amount::balance(standing.available), &overdraft, html);
    parts::tile("Held", &amount::micros(account.held.micros()), &holds, html);
    parts::tile("Burn rate", &rate, "a day, over 7 days", html);
    let lasts = parts::days_left(standing.available, view.spent_week);
    parts::tile("Lasts", &lasts, "at that rate", html);
    let last = amount::micros(standing.last_purchase.micros());
    parts::tile("Last purchase", &last, "", html);
}

fn lots(view: &TenantView, html: &mut Html) {
    html.leaf("h2", &[], "Lots");
    if view.account.lots.is_empty() {
        html.leaf("p", &[("class", "none")], "Nothing is left of any purchase.");
        return;
    }
    let caption = "What is left of each purchase; the first is used first.";
    parts::table(caption, &["Entry", "Left#", "Expires"], html, |h| {
        for lot in &view.account.lots {
            h.element("tr", &[], |h| {
                h.leaf("td", &[], &format!("#{}", lot.number));
                credits_cell(lot.remaining, h);
                h.element("td", &[], |h| match lot.expires_at {
                    Some(expires_at) => parts::time(expires_at, h),
                    None => h.text("never"),
                });
            });
        }
    });
}

fn thresholds(app: &App, view: &TenantView, html: &mut Html) {
    html.leaf("h2", &[], "Thresholds");
    if view.account.alert_rules.is_empty() {
        html.leaf("p", &[("class", "none")], "Nobody is told when the balance gets low.");
        return;
    }
    let host = |url: &str| {
        let uri = url.parse::<axum::http::Uri>().ok();
        uri.and_then(|uri| uri.host().map(ToOwned::to_owned)).unwrap_or_default()
    };
    let caption = match (&view.account.webhook, &app.webhook) {
        (Some(url), _) => format!("Alerts go to this tenant\u{2019}s webhook at {}.", host(url)),
        (None, Some(url)) => format!("Alerts go to the ledger\u{2019}s webhook at {}.", host(url)),
        (None, None) => "There is no webhook: alerts are only shown here.".to_owned(),
    };
    parts::table(&caption, &["Threshold", "Credits#", "State"], html, |h| {
        for alarm in &view.account.alert_rules {
            h.element("tr", &[], |h| {
                h.leaf("td", &[], &alarm.threshold.to_string());
                credits_cell(alarm.threshold.level(view.account.last_purchase), h);
                h.element("td", &[], |h| match alarm.below {
                    true => parts::chip("warn", "below", h),
                    false => parts::chip("good", "above", h),
                });
            });
        }
    });
}

fn budgets(view: &TenantView, now: Moment, html: &mut Html) {
    html.leaf("h2", &[], "Budgets");
    if view.budgets.is_empty() {
        html.leaf("p", &[("class", "none")], "Only the balance limits what is spent.");
        return;
    }
    const COLUMNS: [&str; 7] = ["For", "Per", "Budget#", "Spent#", "Held#", "Used", "Begins anew"];
    parts::table("", &COLUMNS, html, |h| {
        for (budget, meter) in &view.budgets {
            h.element("tr", &[], |h| {
                h.leaf("td", &[("class", "id")], &reply::scope(&budget.scope));
                h.leaf("td", &[], budget.per.name());
                credits_cell(budget.credits, h);
                match meter {
                    Some(meter) => {
                        credits_cell(meter.spent, h);
                        credits_cell(meter.held, h);
                        h.element("td", &[], |h| used(budget, meter, h));
                    }
                    None => {
                        let each = [("class", "soft"), ("colspan", "3")];
                        h.leaf("td", &each, "counted for each alone");
                    }
                }
                h.element("td", &[], |h| parts::time(Window::of(budget.per, now).end(), h));
            });
        }
    });
}

/// A bar of what is spent and what is held.
fn used(budget: &Budget, meter: &Meter, html: &mut Html) {
    let width =
        |credits: Credits| super::scale::along(credits.micros(), budget.credits.micros(), 100);
    let spent = width(meter.spent);
    let both = width(meter.spent.checked_add(meter.held).unwrap_or(Credits::MAX));
    let said = format!("{both} % used");
    let frame =
        [("viewBox", "0 0 100 8"), ("width", "120"), ("role", "img"), ("aria-label", &*said)];
    html.element("svg", &frame, |h| {
        h.leaf("title", &[], &said);
        for (class, width) in [("bar", 100), ("reserved", both), ("used", spent)] {
            let width = width.to_string();
            h.leaf(
                "rect",
                &[("class", class), ("width", &width), ("height", "8"), ("rx", "2")],
                "",
            );
        }
    });
}

fn recent(alerts: &[AlertView], html: &mut Html) {
    html.leaf("h2", &[], "Latest alerts");
    parts::alerts(alerts, false, html);
}

fn journal(entries: &[Entry], html: &mut Html) {
    html.leaf("h2", &[], "Latest entries");
    if entries.is_empty() {
        html.leaf("p", &[("class", "none")], "Nothing has changed the balance yet.");
        return;
    }
    parts::table("", &["Entry#", "When", "What", "Credits#", "Balance#", "For"], html, |h| {
        for entry in entries {
            h.element("tr", &[], |h| {
                h.leaf("td", &[("class", "n soft")], &entry.number.to_string());
                h.element("td", &[], |h| parts::time(entry.at, h));
                h.element("td", &[], |h| what(entry, h));
                change_cell(entry.amount, h);
                balance_cell(entry.balance, h);
                h.leaf("td", &[("class", "id soft")], &purpose(entry));
            });
        }
    });
}

fn what(entry: &Entry, html: &mut Html) {
    html.text(entry.reason.name());
    if let Reason::Charge(charge) = &entry.reason {
        let marks = [
            (charge.late, "late"),
            (charge.details.estimated, "estimated"),
            (!charge.overrun.is_zero(), "overrun"),
        ];
        let marks = marks.into_iter().filter(|(marked, _)| *marked).map(|(_, mark)| mark);
        for mark in marks.chain(charge.flags.iter().map(String::as_str)) {
            html.text(" ");
            parts::chip("warn", mark, html);
        }
    }
}

fn purpose(entry: &Entry) -> String {
    match &entry.reason {
        Reason::Purchase { key, .. } => format!("key {key}"),
        Reason::Expiry { lot } => format!("what was left of entry {lot}"),
        Reason::Repair { lot: Some(lot) } => format!("what a wrong clock took of entry {lot}"),
        Reason::Repair { lot: None } => "the clock is right again".to_owned(),
        Reason::Adjustment(adjusted) => {
            let lot = adjusted.lot.map(|lot| format!("entry {lot}"));
            let reason = Some(adjusted.reason.clone());
            let parts = [reason, lot, Some(format!("key {}", adjusted.key))];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
        Reason::Charge(charge) => {
            let model = charge.details.model.as_deref();
            let user = charge.user.as_ref().map(|user| format!("user {user}"));
            let key = charge.key.as_ref().map(|key| format!("key {key}"));
            let outcome = charge.details.outcome.as_deref();
            let hold = Some(format!("hold {}", charge.hold_id));
            let parts =
                [model.map(ToOwned::to_owned), outcome.map(ToOwned::to_owned), user, key, hold];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
    }
}
