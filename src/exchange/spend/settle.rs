//! After a request, however it ended: what it cost is charged, what it did not need is free again.
use std::rc::Rc;

use super::super::{Effect, Envoy, Progress, Report};
use super::bill::{self, Bill, Ending, Last};
use super::hold::Asking;
use super::left::{self, Left};
use super::outbox::{Kept, Note};
use super::speed::Speed;
use super::tenant::Known;
use super::{Ledger, Payer, Source, Spent};
use crate::credit::Credits;
use crate::credit::wire::{Draw, Part, Settlement};
use crate::json::Writer;
use crate::policy::{Policy, metric_label};

/// Filter state for the access log: what was charged.
const BILL: &str = "tw.bill";

/// Settles a request that ran.
pub(in super::super) fn settle(
    spent: &Spent,
    policy: &Policy,
    reports: &[Report],
    ending: Ending,
    envoy: &dyn Envoy,
) -> Vec<Effect> {
    let left = reports.last().and_then(|last| Left::of(spent, policy, last, ending, envoy));
    let runs = reports.last().is_some_and(|last| last.progress == Progress::Running);
    let reached = left.is_some() || (runs && !ending.answered && left::is_connected(envoy));
    let bill = Bill::of(spent, policy, reports, Last { ending, left, reached });
    let exact = bill.parts.iter().zip(reports).filter(|(part, _)| part.is_exact());
    for (_, report) in exact {
        Speed::learn(envoy, report, spent.size);
    }
    let mut effects = vec![Effect::Count(format!(
        "tradewind_settled_total.outcome.{}",
        if bill.estimated() && bill.outcome == "answered" { "estimated" } else { bill.outcome }
    ))];
    effects.push(Effect::State(BILL.into(), bill.spoken()));
    effects
        .extend(bill.parts.iter().zip(reports).flat_map(|(part, report)| rejected(part, report)));
    let note = match &spent.source {
        Source::Hold => Some(note(spent, &bill, None)),
        Source::Lease(lease) => {
            let rest = spent.held.less(bill.credits);
            let kept = rest.is_zero() || spent.give_back(envoy, lease, rest);
            let releases = if kept { spent.held.less(rest) } else { spent.held };
            // A request that cost nothing leaves the lease as it was.
            (!releases.is_zero() || !bill.credits.is_zero())
                .then(|| note(spent, &bill, Some((lease, releases))))
        }
        Source::Nowhere => Some(note(spent, &bill, None)),
        Source::Grace => {
            let rest = spent.held.less(bill.credits);
            Known::settled(envoy, &spent.ledger, &spent.payer.tenant, rest);
            Some(note(spent, &bill, None))
        }
    };
    effects.extend(note.map(Effect::Keep));
    effects.extend(spent.closed());
    if policy.credits().is_some_and(|credits| credits.near_limit.is_some()) {
        Known::charged(envoy, &spent.ledger, &spent.payer.tenant, bill.credits);
    }
    effects
}

fn note(spent: &Spent, bill: &Bill, lease: Option<(&String, Credits)>) -> Note {
    let unheld = matches!(spent.source, Source::Nowhere | Source::Grace);
    let settlement = Settlement {
        hold_id: lease.map_or(&spent.id, |(lease, _)| lease).into(),
        draw: lease.map(|(_, releases)| Draw { id: spent.id.as_str().into(), releases }),
        unheld,
        credits: bill.credits,
        outcome: Some(bill.outcome.into()),
        flags: bill.flags().map(Into::into).collect(),
        parts: bill.parts.iter().map(|own| part(bill, own)).collect(),
        ..blank(&spent.payer)
    };
    let owed = (spent.source == Source::Grace).then(|| spent.payer.tenant.clone());
    // No more than was run up: the rest is other requests'.
    let owed = owed.map(|tenant| (tenant, bill.credits.min(spent.held)));
    written(&spent.ledger, &settlement, owed)
}

fn part<'b>(bill: &Bill, part: &'b bill::Part) -> Part<'b> {
    Part {
        model: part.model.as_str().into(),
        credits: part.credits,
        // Where it does not say, it is the settlement's own.
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
    let model = metric_label(&part.model);
    let count = Effect::Count(format!("tradewind_usage_rejected_total.model.{model}"));
    vec![count, Effect::Log(line)]
}

/// A request whose app was gone before the ledger had answered: whatever it held is given back.
pub(in super::super) fn abandon(asking: &Asking) -> Effect {
    Effect::Keep(asking.never())
}

/// A hold that may or may not have been made, and serves nobody. Should it be made later still,
/// its id is known by then.
pub(super) fn never(ledger: &Rc<Ledger>, payer: &Payer, hold_id: &str) -> Note {
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
) -> Note {
    let settlement = Settlement {
        hold_id: lease.into(),
        draw: Some(Draw { id: "remainder".into(), releases: credits }),
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
) -> Note {
    let mut json = Writer::after(Vec::with_capacity(256));
    settlement.write(&mut json);
    Note { ledger: Rc::clone(ledger), kept: Kept::Settlement { json: json.finish(), owed } }
}
