//! After a request, however it ended: what it cost is charged, what it did not need is free again.
use std::rc::Rc;

use super::super::line::Line;
use super::super::used::{Ending, Last, Speed};
use super::super::{Effect, Host, Item, Ledger, OutboxItem, Report, metric};
use super::Payer;
use super::bill::{self, Bill};
use super::reservation::{Reservation, Source};
use super::tenant::TenantRecord;
use crate::credit::Credits;
use crate::credit::wire::{LeaseDraw, Settlement, SettlementPart};
use crate::decide::Spent;
use crate::json::Writer;
use crate::resilience::Records;

/// Settles a request that ran.
pub(in super::super) fn settle(
    reservation: &Reservation,
    reports: &[Report],
    ending: Ending,
    host: &dyn Host,
    line: &mut Line,
) -> Vec<Effect> {
    let records = Records::at(host, host.now_ms());
    let last = Last::of(reservation.size, reports, ending, records);
    let bill = Bill::of(reservation, reports, last);
    let exact = bill.parts.iter().zip(reports).filter(|(part, _)| part.is_exact());
    for (_, report) in exact {
        Speed::learn(records, report, reservation.size);
    }
    for (part, report) in bill.parts.iter().zip(reports) {
        if let Some(account) = reservation.account(report) {
            Spent::add(records, account, part.credits, host.unix_seconds());
        }
    }
    let answered = bill.outcome == "answered";
    let outcome = if bill.estimated() && answered { "estimated" } else { bill.outcome };
    let mut effects = vec![metric::SETTLED.count(&[outcome])];
    line.text("held_in", reservation.source.name());
    bill.tell(line);
    effects
        .extend(bill.parts.iter().zip(reports).flat_map(|(part, report)| rejected(part, report)));
    let item = match &reservation.source {
        Source::Hold => Some(settlement(reservation, &bill, None)),
        Source::Lease(lease) => {
            let rest = reservation.held().saturating_sub(bill.credits);
            let kept = rest.is_zero() || reservation.give_back(records, lease, rest);
            let releases =
                if kept { reservation.held().saturating_sub(rest) } else { reservation.held() };
            // A request that cost nothing leaves the lease as it was.
            (!releases.is_zero() || !bill.credits.is_zero())
                .then(|| settlement(reservation, &bill, Some((lease, releases))))
        }
        Source::Nowhere => Some(settlement(reservation, &bill, None)),
        Source::Grace => {
            let rest = reservation.held().saturating_sub(bill.credits);
            TenantRecord::settled(records, &reservation.ledger, &reservation.payer.tenant, rest);
            Some(settlement(reservation, &bill, None))
        }
    };
    effects.extend(item.map(Effect::Queue));
    effects.extend(reservation.closed());
    if reservation.follows_balance {
        TenantRecord::charged(
            records,
            &reservation.ledger,
            &reservation.payer.tenant,
            bill.credits,
        );
    }
    effects
}

fn settlement(
    reservation: &Reservation,
    bill: &Bill,
    lease: Option<(&String, Credits)>,
) -> OutboxItem {
    let unheld = matches!(reservation.source, Source::Nowhere | Source::Grace);
    let settlement = Settlement {
        hold_id: lease.map_or(&reservation.id, |(lease, _)| lease).into(),
        draw: lease.map(|(_, releases)| LeaseDraw { id: reservation.id.as_str().into(), releases }),
        unheld,
        credits: bill.credits,
        outcome: Some(bill.outcome.into()),
        flags: bill.flags().chain(bill.cached.then_some("cached")).map(Into::into).collect(),
        parts: bill.parts.iter().map(|own| part(bill, own)).collect(),
        ..blank(&reservation.payer)
    };
    let owed = (reservation.source == Source::Grace).then(|| reservation.payer.tenant.clone());
    // No more than was run up: the rest is other requests'.
    let owed = owed.map(|tenant| (tenant, bill.credits.min(reservation.held())));
    written(&reservation.ledger, &settlement, owed)
}

fn part<'b>(bill: &Bill, part: &'b bill::Part) -> SettlementPart<'b> {
    SettlementPart {
        model: part.model.as_str().into(),
        credits: part.credits,
        // Where a part has no outcome, it is the settlement's own.
        outcome: (part.outcome != bill.outcome).then(|| part.outcome.into()),
        usage: part.charged.usage,
        estimated: part.charged.estimated,
    }
}

/// A report of usage that is not believed is an operator's to look at: a provider's fault, or a
/// bound of ours that is wrong.
fn rejected(part: &bill::Part, report: &Report) -> Vec<Effect> {
    if !part.charged.rejected {
        return Vec::new();
    }
    let usage = report.used.reported.unwrap_or_default();
    let (input, output) = (usage.input_total(), usage.output.max(usage.reasoning));
    let what = if usage.garbled { " or what is no number" } else { "" };
    let line = format!(
        "model `{}`: it reports {input} input and {output} output tokens{what}, which is more than \
         the request allows: an estimate is charged instead",
        part.model
    );
    vec![metric::USAGE_REJECTED.count(&[&part.model]), Effect::Log(line)]
}

/// The settlement of a hold that may or may not have been made, and serves nobody. Should the hold
/// be made later still, the ledger knows its id by then.
pub(super) fn void(ledger: &Rc<Ledger>, payer: &Payer, hold_id: &str) -> OutboxItem {
    let settlement = Settlement {
        hold_id: hold_id.into(),
        unheld: true,
        outcome: Some("abandoned".into()),
        ..blank(payer)
    };
    written(ledger, &settlement, None)
}

/// What is left of a lease of a tenant's at its end.
pub(super) fn returned(
    ledger: &Rc<Ledger>,
    (tenant, lease): (&str, &str),
    credits: Credits,
) -> OutboxItem {
    let settlement = Settlement {
        hold_id: lease.into(),
        draw: Some(LeaseDraw { id: "remainder".into(), releases: credits }),
        tenant: tenant.into(),
        ..Settlement::default()
    };
    written(ledger, &settlement, None)
}

fn blank(payer: &Payer) -> Settlement<'_> {
    Settlement {
        tenant: payer.tenant.as_str().into(),
        user: payer.user.as_ref().map(Into::into),
        key: payer.key.as_ref().map(Into::into),
        ..Settlement::default()
    }
}

fn written(
    ledger: &Rc<Ledger>,
    settlement: &Settlement<'_>,
    owed: Option<(String, Credits)>,
) -> OutboxItem {
    let mut json = Writer::after(Vec::with_capacity(256));
    settlement.write(&mut json);
    OutboxItem { ledger: Rc::clone(ledger), item: Item::Settlement { json: json.finish(), owed } }
}
