//! Settlements: batches whose items are answered one by one.
use axum::extract::State;
use axum::http::StatusCode;

use super::super::App;
use super::super::body::Json;
use super::super::problem::ProblemDetails;
use super::super::reply::{self, optional, text};
use super::{CallResult, ItemResult, run_batch};
use crate::companion::ledger::metrics::Operation;
use crate::credit::wire::{FieldError, NAME_MAX, Settlement, UNAVAILABLE};
use crate::credit::{Command, Credits, Outcome};
use crate::json::Writer;

/// An item of a batch.
struct Item {
    /// The hold that the item names.
    hold_id: Option<String>,
    draw: Option<String>,
    /// The credits to charge, or what is wrong with the item.
    asked: Result<Credits, FieldError>,
}

/// `POST /v1/settlements`
pub(in super::super) async fn settle(State(app): State<App>, body: Json) -> CallResult {
    let (items, commands) = read(&body)?;
    let invalid = items.iter().filter(|item| item.asked.is_err()).count();
    let answers = run_batch(&app, Operation::Settlement, commands, invalid).await?;
    for answer in answers.iter().flatten().filter(|answer| !answer.overrun.is_zero()) {
        app.metrics.overrun(answer.overrun);
    }
    let mut answers = answers.iter();
    Ok(reply::object(StatusCode::OK, |w| {
        w.key("results").array(|w| {
            for item in &items {
                // There is an answer for every valid item.
                let answer = if item.asked.is_ok() { answers.next() } else { None };
                w.object(|w| write(item, answer, w));
            }
        });
    }))
}

fn read(body: &Json) -> Result<(Vec<Item>, Vec<Command>), ProblemDetails> {
    let document = body.document()?;
    let batch = Settlement::read_batch(&document)?;
    let list = document.root().get("settlements");
    let list = list.into_iter().flat_map(|list| list.items().collect::<Vec<_>>());
    let (mut items, mut commands) = (Vec::new(), Vec::new());
    for (read, value) in batch.into_iter().zip(list) {
        // An id that is longer than a name may be is not echoed.
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

fn write(item: &Item, answer: Option<&ItemResult>, w: &mut Writer) {
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

/// Why a settlement has charged nothing, for people.
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
