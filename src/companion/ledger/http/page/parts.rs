//! What several pages show in the same way.
use super::amount;
use crate::companion::html::{Attribute, Html, segment};
use crate::companion::ledger::view::{AlertView, DeliveryState};
use crate::credit::{Account, Balance, Credits, Moment};

/// A cell of a table that holds a balance, in red where it owes; its exact value is its title.
pub(super) fn balance_cell(balance: Balance, html: &mut Html) {
    let class = if balance.micros() < 0 { "n minus" } else { "n" };
    let exact = balance.to_string();
    html.leaf("td", &[("class", class), ("title", &exact)], &amount::balance(balance));
}

/// The same of a change of one, which is nothing to worry about.
pub(super) fn change_cell(change: Balance, html: &mut Html) {
    let exact = change.to_string();
    html.leaf("td", &[("class", "n"), ("title", &exact)], &amount::balance(change));
}

/// The same of what cannot be below zero.
pub(super) fn credits_cell(credits: Credits, html: &mut Html) {
    let exact = credits.to_string();
    html.leaf("td", &[("class", "n"), ("title", &exact)], &amount::micros(credits.micros()));
}

/// The heads of a table's columns; those that end in `#` are over numbers.
pub(super) fn heads(columns: &[&str], html: &mut Html) {
    html.element("thead", &[], |h| {
        h.element("tr", &[], |h| {
            for column in columns {
                let (text, class): (_, &[Attribute<'_>]) = match column.strip_suffix('#') {
                    Some(text) => (text, &[("scope", "col"), ("class", "n")]),
                    None => (*column, &[("scope", "col")]),
                };
                h.leaf("th", class, text);
            }
        });
    });
}

/// A table that scrolls by itself where it is too wide.
pub(super) fn table(
    caption: &str,
    columns: &[&str],
    html: &mut Html,
    rows: impl FnOnce(&mut Html),
) {
    html.element("div", &[("class", "scroll")], |h| {
        h.element("table", &[], |h| {
            if !caption.is_empty() {
                h.leaf("caption", &[], caption);
            }
            heads(columns, h);
            h.element("tbody", &[], rows);
        });
    });
}

/// A moment, to the second.
pub(super) fn time(moment: Moment, html: &mut Html) {
    let exact = moment.to_string();
    let day = exact.get(..10).unwrap_or_default();
    let clock = exact.get(11..19).unwrap_or_default();
    html.leaf("time", &[("datetime", &exact)], &format!("{day} {clock}"));
}

/// A figure with its name, and what more there is to say of it.
pub(super) fn tile(name: &str, value: &str, more: &str, html: &mut Html) {
    html.element("div", &[], |h| {
        h.leaf("dt", &[], name);
        h.element("dd", &[], |h| {
            h.text(value);
            if !more.is_empty() {
                h.leaf("small", &[], more);
            }
        });
    });
}

/// The way to a tenant's page.
pub(super) fn tenant_link(tenant: &str, html: &mut Html) {
    html.leaf("a", &[("href", &format!("/tenants/{}", segment(tenant)))], tenant);
}

/// A small word with a colour.
pub(super) fn chip(kind: &str, text: &str, html: &mut Html) {
    html.leaf("span", &[("class", &format!("chip {kind}"))], text);
}

/// What there is to worry about with an account: each as a chip's colour and its words.
pub(super) fn worries(account: &Account) -> Vec<(&'static str, String)> {
    let standing = account.standing();
    let mut worries = Vec::new();
    if standing.balance.micros() < 0 {
        worries.push(("bad", "owes".to_owned()));
    } else if standing.available.micros() <= 0 {
        worries.push(("bad", "nothing available".to_owned()));
    }
    let below = account.alert_rules.iter().filter(|alarm| alarm.below);
    worries.extend(below.map(|alarm| ("warn", format!("below {}", alarm.threshold))));
    worries
}

/// The same as chips, or that all is well.
pub(super) fn state(account: &Account, html: &mut Html) {
    let worries = worries(account);
    for (kind, words) in &worries {
        chip(kind, words, html);
    }
    if worries.is_empty() {
        chip("good", "fine", html);
    }
}

/// Alerts with how their delivery goes.
pub(super) fn alerts(alerts: &[AlertView], with_tenant: bool, html: &mut Html) {
    if alerts.is_empty() {
        html.leaf("p", &[("class", "none")], "No alert so far.");
        return;
    }
    let columns: &[&str] = match with_tenant {
        true => &["When", "Tenant", "Below", "Balance#", "Delivery"],
        false => &["When", "Below", "Balance#", "Delivery"],
    };
    table("", columns, html, |h| {
        for view in alerts {
            h.element("tr", &[], |h| {
                h.element("td", &[], |h| time(view.alert.at, h));
                if with_tenant {
                    h.element("td", &[("class", "id")], |h| tenant_link(&view.alert.tenant, h));
                }
                h.leaf("td", &[], &view.alert.threshold.to_string());
                balance_cell(view.alert.balance, h);
                h.element("td", &[("class", "id")], |h| delivery(view, h));
            });
        }
    });
}

fn delivery(view: &AlertView, html: &mut Html) {
    let delivery = &view.delivery;
    let (kind, word) = match delivery.state {
        DeliveryState::Delivered => ("good", "delivered"),
        DeliveryState::Pending => ("warn", "pending"),
        DeliveryState::Failed => ("bad", "given up"),
        DeliveryState::Nowhere => ("none", "no webhook set"),
    };
    chip(kind, word, html);
    let tried = match delivery.attempts {
        _ if delivery.state == DeliveryState::Nowhere => String::new(),
        0 => String::new(),
        1 => " 1 attempt".to_owned(),
        many => format!(" {many} attempts"),
    };
    html.leaf("span", &[("class", "soft")], &tried);
    if let Some(error) = &delivery.error {
        html.leaf("span", &[("class", "soft")], &format!(": {error}"));
    }
}

/// What a week's spend comes to a day.
pub(super) fn a_day(week: Credits) -> u64 {
    week.micros() / 7
}

/// How long what is available lasts at that rate.
pub(super) fn days_left(available: Balance, week: Credits) -> String {
    let left = available.credits().micros();
    match left.checked_div(a_day(week)) {
        None => "\u{2014}".to_owned(),
        Some(0) => "under a day".to_owned(),
        Some(1) => "1 day".to_owned(),
        Some(days) if days > 3650 => "over 10 years".to_owned(),
        Some(days) => format!("{} days", amount::grouped(days)),
    }
}
