//! Step `budget`: an account that has cost what its operator allows is asked nothing until its day
//! or month is over.
//!
//! It comes before the breakers, so that of those accounts that may be asked one always is.
use std::borrow::Cow;

use super::account::{by_account, by_model};
use super::{Decision, Leg, Request, Step};
use crate::credit::{Credits, Moment, Window};
use crate::dialect::{Fault, FaultKind};
use crate::layout::{Reader, Writer};
use crate::policy::Provider;
use crate::resilience::{Record, Records};

const NAME: &str = "budget";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let legs = decision.quote.candidates().flat_map(|own| &own.legs);
    if !legs.flat_map(|leg| &leg.accounts).any(|account| account.provider.budget.is_some()) {
        return Ok(());
    }
    decision.quote.candidates_mut().for_each(by_account);
    let mut wait_ms = u64::MAX;
    let left = decision.pass_over(request, NAME, |leg| {
        let (why, left_ms) = used_up(request, leg)?;
        wait_ms = wait_ms.min(left_ms);
        Some(why)
    });
    decision.quote.candidates_mut().for_each(|own| by_model(own, request.policy));
    // Which accounts there are, and what they may cost, is nothing for apps: the log says it.
    left.map_err(|_| {
        let message = format!(
            "no model behind `{}` can serve this request now: the gateway's accounts with its \
             providers have cost what they may; try again later, or ask the gateway's operator",
            request.ask.model
        );
        Fault { wait_ms, ..Fault::new(FaultKind::Overloaded, message) }
    })
}

/// Why an account is asked nothing, and for how many milliseconds; `None` where it has something
/// left.
fn used_up(request: &Request<'_>, leg: &Leg) -> Option<(Cow<'static, str>, u64)> {
    let account = &leg.model.provider;
    let budget = account.budget?;
    let spent = request.world.record::<Spent>(&account.name)?;
    let unix_seconds = request.world.unix_seconds();
    let window = window(account, unix_seconds)?;
    let is_over = spent.since == window.begins() && spent.micros >= budget.credits.micros();
    is_over.then(|| {
        let (per, credits) = (budget.per.name(), budget.credits);
        let why = format!("the {credits} credits of its account for this {per} are used up");
        (Cow::Owned(why), window.end().millis().saturating_sub(unix_seconds.saturating_mul(1_000)))
    })
}

fn window(account: &Provider, unix_seconds: u64) -> Option<Window> {
    let now = Moment::of_millis(unix_seconds.saturating_mul(1_000));
    account.budget.map(|own| Window::of(own.per, now))
}

/// What an account has cost, by its name, as far as this proxy knows.
#[derive(Debug)]
pub struct Spent {
    /// Since then: when its day or month began.
    since: Moment,
    /// In millionths of a credit.
    micros: u64,
}

impl Spent {
    /// Adds what an attempt at an account has cost, where it has a budget. What cannot be written
    /// is not counted.
    pub fn add(records: Records<'_>, account: &Provider, credits: Credits, unix_seconds: u64) {
        let Some(window) = window(account, unix_seconds).filter(|_| !credits.is_zero()) else {
            return;
        };
        let since = window.begins();
        let _ = records.update(&account.name, |before: Option<Self>| {
            let before = before.filter(|own| own.since == since).map_or(0, |own| own.micros);
            Some((Self { since, micros: before.saturating_add(credits.micros()) }, ()))
        });
    }
}

impl Record for Spent {
    const KIND: &'static str = "account.1";

    /// No proxy has more accounts than a few of these hold.
    const BUCKETS: u64 = 64;

    /// Longer than a month: what was spent in one counts to its end.
    const STALE_MS: u64 = 32 * 86_400_000;

    /// All workers may have answers of one account at the same time.
    const TRIES: u32 = 100;

    fn write(&self, out: &mut Writer) {
        out.number(self.since.millis());
        out.number(self.micros);
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self { since: Moment::of_millis(fields.number()?), micros: fields.number()? })
    }

    fn is_pinned(&self, _now_ms: u64) -> bool {
        true
    }
}
