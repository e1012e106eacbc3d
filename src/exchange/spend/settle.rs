//! After a request, however it ended: what it cost is charged, what it did not need is free again.
use super::super::{Effect, Envoy};
use super::account::Account;
use super::hold::Asking;
use super::keeper::Note;
use super::{Payer, Source, Spent, Used, away, used};
use crate::credit::Credits;
use crate::credit::wire::{Draw, Part, Settlement, counts};
use crate::json::Writer;
use crate::policy::Policy;
use crate::usage::Usage;

/// How a request ended, as the edge role saw it.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Ending {
    /// How many models were tried.
    pub(in super::super) attempts: usize,
    /// The app has been answered, at least in part.
    pub(in super::super) answered: bool,
    /// Bytes of the answer's body that went to the app.
    pub(in super::super) relayed: u64,
}

/// What a request cost.
struct Bill<'s> {
    credits: Credits,
    usage: Usage,
    estimated: bool,
    model: Option<&'s str>,
    outcome: &'static str,
}

/// Filter state for the access log: what was charged.
const BILL: &str = "tw.bill";

/// What was charged, as the access log prints it.
fn spoken(bill: &Bill<'_>) -> Vec<u8> {
    let mut json = Writer::after(Vec::with_capacity(96));
    json.object(|json| {
        json.key("credits").string(&bill.credits.to_string());
        for (name, tokens) in counts(&bill.usage) {
            if tokens > 0 {
                json.key(name).number(tokens);
            }
        }
        if bill.estimated {
            json.key("estimated").boolean(true);
        }
    });
    json.finish()
}

/// Settles a request that ran.
pub(in super::super) fn settle(
    spent: &Spent,
    policy: &Policy,
    ending: Ending,
    envoy: &dyn Envoy,
) -> Vec<Effect> {
    let bill = bill(spent, policy, ending, envoy);
    let mut effects = vec![Effect::Count(format!(
        "tradewind_settled_total.outcome.{}",
        if bill.estimated && bill.outcome == "answered" { "estimated" } else { bill.outcome }
    ))];
    effects.push(Effect::State(BILL.into(), spoken(&bill)));
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

/// Adds up what every attempt cost that the provider charges for.
fn bill<'s>(spent: &'s Spent, policy: &Policy, ending: Ending, envoy: &dyn Envoy) -> Bill<'s> {
    let tried = ending.attempts.clamp(1, spent.chain.len().max(1));
    let mut bill = Bill {
        credits: Credits::ZERO,
        usage: Usage::default(),
        estimated: false,
        model: spent.chain.get(tried.saturating_sub(1)).map(String::as_str),
        outcome: "failed",
    };
    for (index, model) in spent.chain.iter().take(tried).enumerate() {
        let attempt = index.saturating_add(1);
        let last = attempt == tried;
        let told = envoy.property(&[&used::key(attempt)]).and_then(|told| Used::read(&told));
        let told = match told {
            Some(told) => told,
            // The app left while the provider was at work, which the provider charges for.
            None if last && !ending.answered && ending.attempts > 0 => Used::default(),
            None => continue,
        };
        let relayed = if last { ending.relayed } else { 0 };
        let (usage, estimated) = told.charged(spent.size, relayed);
        let price = policy.model(model).and_then(|model| model.price);
        let cost = price.map_or(Credits::ZERO, |price| price.cost(&usage, spent.size.images));
        let all = bill.credits.plus(cost).unwrap_or(Credits::MAX);
        // What failed before the app saw any of it is charged as far as the hold goes and no
        // further: the hold was for one answer.
        bill.credits = if bill.credits.is_zero() { all } else { all.min(spent.held).max(cost) };
        bill.usage = sum(bill.usage, usage);
        bill.estimated |= estimated;
        bill.outcome = match (told.ended, last && ending.answered) {
            (true, true) => "answered",
            (true, false) => "failed",
            (false, _) => "cut",
        };
    }
    bill
}

fn sum(one: Usage, other: Usage) -> Usage {
    // A ledger takes no more: what a provider makes up beyond it must not cost the settlement.
    let add = |one: u64, other: u64| one.saturating_add(other).min(TOKENS_MAX);
    Usage {
        input: add(one.input, other.input),
        cached_input: add(one.cached_input, other.cached_input),
        cache_write: add(one.cache_write, other.cache_write),
        cache_write_hour: add(one.cache_write_hour, other.cache_write_hour),
        output: add(one.output, other.output),
        reasoning: add(one.reasoning, other.reasoning),
    }
}

/// Most tokens of one kind that a settlement says.
const TOKENS_MAX: u64 = 1 << 53;

fn note(spent: &Spent, bill: &Bill<'_>, lease: Option<(&String, Credits)>) -> Note {
    let unheld = matches!(spent.source, Source::Nowhere | Source::Grace);
    let settlement = Settlement {
        hold_id: lease.map_or(&spent.id, |(lease, _)| lease).into(),
        draw: lease.map(|(_, releases)| Draw { id: spent.id.as_str().into(), releases }),
        unheld,
        credits: bill.credits,
        outcome: Some(bill.outcome.into()),
        parts: bill.model.into_iter().map(|model| part(bill, model)).collect(),
        ..blank(&spent.payer)
    };
    let owed = (spent.source == Source::Grace).then(|| spent.payer.tenant.clone());
    // No more than was run up: the rest is other requests'.
    written(&settlement, owed.map(|tenant| (tenant, bill.credits.min(spent.held))))
}

fn part<'b>(bill: &Bill<'b>, model: &'b str) -> Part<'b> {
    Part {
        model: model.into(),
        credits: bill.credits,
        outcome: None,
        usage: bill.usage,
        estimated: bill.estimated,
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
