//! Settlements: a batch, each of it answered for itself.
use axum::extract::State;
use axum::http::StatusCode;

use super::super::App;
use super::super::body::Json;
use super::super::problem::Problem;
use super::super::reply::{self, optional, text};
use super::{Called, Each, each};
use crate::companion::ledger::metrics::Thing;
use crate::credit::wire::{NAME_MAX, Settlement, UNAVAILABLE, Wrong};
use crate::credit::{Command, Credits, Outcome};
use crate::json::Writer;

/// One of a batch.
struct Item {
    /// Its hold, where it says so.
    hold_id: Option<String>,
    draw: Option<String>,
    /// What it asks to charge, and whether that can be asked.
    asked: Result<Credits, Wrong>,
}

/// `POST /v1/settlements`
pub(in super::super) async fn settle(State(app): State<App>, body: Json) -> Called {
    let (items, commands) = read(&body)?;
    let answers = match commands.is_empty() {
        true => Vec::new(),
        false => each(app.ledger.apply_each(commands).await?)?,
    };
    let done = || answers.iter().flatten();
    app.metrics.outcomes(Thing::Settlement, done().map(|answer| answer.outcome));
    let invalid = items.iter().filter(|item| item.asked.is_err());
    app.metrics.words(Thing::Settlement, invalid.map(|_| "invalid"));
    let waits = answers.iter().filter(|answer| answer.is_err());
    app.metrics.words(Thing::Settlement, waits.map(|_| UNAVAILABLE));
    for answer in done().filter(|answer| !answer.overrun.is_zero()) {
        app.metrics.overrun(answer.overrun);
    }
    let mut answers = answers.iter();
    Ok(reply::object(StatusCode::OK, |w| {
        w.key("results").array(|w| {
            for item in &items {
                // There is an answer for every item that could be asked.
                let answer = if item.asked.is_ok() { answers.next() } else { None };
                w.object(|w| write(item, answer, w));
            }
        });
    }))
}

fn read(body: &Json) -> Result<(Vec<Item>, Vec<Command>), Problem> {
    let document = body.document()?;
    let batch = Settlement::read_batch(&document)?;
    let list = document.root().get("settlements");
    let list = list.into_iter().flat_map(|list| list.items().collect::<Vec<_>>());
    let (mut items, mut commands) = (Vec::new(), Vec::new());
    for (read, value) in batch.into_iter().zip(list) {
        // What is echoed is no longer than a name.
        let said = |key| value.str_of(key).filter(|text| text.len() <= NAME_MAX).map(Into::into);
        let (hold_id, draw) = (said("hold_id"), said("draw"));
        let asked = read.map(|settlement| {
            let credits = settlement.credits;
            commands.push(Command::Settle(settlement.into()));
            credits
        });
        items.push(Item { hold_id, draw, asked });
    }
    Ok((items, commands))
}

fn write(item: &Item, answer: Option<&Each>, w: &mut Writer) {
    optional("hold_id", item.hold_id.as_ref(), w);
    optional("draw", item.draw.as_ref(), w);
    match (&item.asked, answer) {
        (Err(wrong), _) => {
            text("state", "invalid", w);
            text("detail", wrong, w);
        }
        (Ok(_), Some(Err(why))) => {
            text("state", UNAVAILABLE, w);
            text("detail", why, w);
        }
        (Ok(credits), Some(Ok(answer))) => {
            let consequence = answer.outcome.consequence();
            text("state", consequence.name, w);
            if consequence.done {
                text("credits", credits, w);
            }
            optional("detail", detail(answer.outcome), w);
        }
        (Ok(_), None) => text("state", "invalid", w),
    }
}

/// What to say of a settlement that changes nothing.
fn detail(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::UnknownHold => Some("no such hold: with `unheld` it is charged all the same"),
        Outcome::UnknownTenant => Some("no such tenant"),
        Outcome::HoldReleased => Some("the hold was given back: nothing can be charged to it"),
        Outcome::SettledDifferently => Some("it was settled before with another amount"),
        Outcome::Overflow => Some("more than an account can hold"),
        _ => None,
    }
}
