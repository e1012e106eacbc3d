//! After a request, however it ended: what it cost is charged, what it did not need is free again.
use super::super::{Effect, Envoy, Report};
use super::account::Account;
use super::bill::{self, Bill, Ending};
use super::hold::Asking;
use super::keeper::Note;
use super::{Payer, Source, Spent, away};
use crate::credit::Credits;
use crate::credit::wire::{Draw, Part, Settlement};
use crate::json::Writer;
use crate::policy::Policy;

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
    let bill = Bill::of(spent, policy, reports, ending);
    let mut effects = vec![Effect::Count(format!(
        "tradewind_settled_total.outcome.{}",
        if bill.estimated() && bill.outcome == "answered" { "estimated" } else { bill.outcome }
    ))];
    effects.push(Effect::State(BILL.into(), bill.spoken()));
    let note = match &spent.source {
        Source::Hold => Some(note(spent, &bill, None)),
        Source::Lease(lease) => {
            let rest = spent.held.less(bill.credits);
            let kept = rest.is_zero() || Account::give_back(envoy, &spent.payer, lease, rest);
            let releases = if kept { spent.held.less(rest) } else { spent.held };
            // A request that cost nothing leaves the lease as it was.
            (!releases.is_zero() || !bill.credits.is_zero())
                .then(|| note(spent, &bill, Some((lease, releases))))
        }
        Source::Nowhere => Some(note(spent, &bill, None)),
        Source::Grace => {
            away::settled(envoy, &spent.payer.tenant, spent.held.less(bill.credits));
            Some(note(spent, &bill, None))
        }
    };
    effects.extend(note.map(Effect::Keep));
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
        parts: bill.parts.iter().map(|own| part(bill, own)).collect(),
        ..blank(&spent.payer)
    };
    let owed = (spent.source == Source::Grace).then(|| spent.payer.tenant.clone());
    // No more than was run up: the rest is other requests'.
    written(&settlement, owed.map(|tenant| (tenant, bill.credits.min(spent.held))))
}

fn part<'b>(bill: &Bill, part: &'b bill::Part) -> Part<'b> {
    Part {
        model: part.model.as_str().into(),
        credits: part.credits,
        // Where it does not say, it is the settlement's own.
        outcome: (part.outcome != bill.outcome).then(|| part.outcome.into()),
        usage: part.usage,
        estimated: part.estimated,
    }
}

/// A request whose app was gone before the ledger had answered: whatever it held is given back.
pub(in super::super) fn abandon(asking: &Asking) -> Effect {
    let (payer, hold_id) = asking.holds();
    Effect::Keep(never(payer, hold_id))
}

/// A hold that may or may not have been made, and serves nobody. Should it be made later still,
/// its id is known by then.
pub(super) fn never(payer: &Payer, hold_id: &str) -> Note {
    let settlement = Settlement {
        hold_id: hold_id.into(),
        unheld: true,
        outcome: Some("abandoned".into()),
        ..blank(payer)
    };
    written(&settlement, None)
}

/// What is left of a lease at its end.
pub(super) fn remainder(payer: &Payer, lease: &str, credits: Credits) -> Note {
    returned(&payer.tenant, lease, credits)
}

/// The same where nothing but the tenant is known.
pub(super) fn returned(tenant: &str, lease: &str, credits: Credits) -> Note {
    let settlement = Settlement {
        hold_id: lease.into(),
        draw: Some(Draw { id: "remainder".into(), releases: credits }),
        tenant: tenant.into(),
        ..Settlement::default()
    };
    written(&settlement, None)
}

fn blank(payer: &Payer) -> Settlement<'_> {
    Settlement {
        tenant: payer.tenant.as_str().into(),
        user: payer.user.as_ref().map(Into::into),
        key: payer.key.as_ref().map(Into::into),
        ..Settlement::default()
    }
}

fn written(settlement: &Settlement<'_>, owed: Option<(String, Credits)>) -> Note {
    let mut json = Writer::after(Vec::with_capacity(256));
    settlement.write(&mut json);
    Note::Settlement { json: json.finish(), owed }
}
