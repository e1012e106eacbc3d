//! Renewals: holds of requests that still run, in batches whose items are answered one by one.
use axum::extract::State;
use axum::http::StatusCode;

use super::super::App;
use super::super::body::Json;
use super::super::problem::ProblemDetails;
use super::super::reply::{self, optional, text};
use super::{CallResult, ItemResult, run_batch};
use crate::companion::ledger::metrics::Operation;
use crate::credit::wire::{FieldError, NAME_MAX, Renewal, UNAVAILABLE};
use crate::credit::{Command, Outcome};
use crate::json::Writer;

/// An item of a batch: the hold that it names, and what is wrong with it.
struct Item {
    hold_id: Option<String>,
    wrong: Option<FieldError>,
}

/// `POST /v1/renewals`
pub(in super::super) async fn renew(State(app): State<App>, body: Json) -> CallResult {
    let (items, commands) = read(&body)?;
    let invalid = items.iter().filter(|item| item.wrong.is_some()).count();
    let answers = run_batch(&app, Operation::Renewal, commands, invalid).await?;
    let mut answers = answers.iter();
    Ok(reply::object(StatusCode::OK, |w| {
        w.key("renewals").array(|w| {
            for item in &items {
                // There is an answer for every valid item.
                let answer = if item.wrong.is_none() { answers.next() } else { None };
                w.object(|w| write(item, answer, w));
            }
        });
    }))
}

fn read(body: &Json) -> Result<(Vec<Item>, Vec<Command>), ProblemDetails> {
    let document = body.document()?;
    let batch = Renewal::read_batch(&document)?;
    let list = document.root().get("holds");
    let list = list.into_iter().flat_map(|list| list.items().collect::<Vec<_>>());
    let (mut items, mut commands) = (Vec::new(), Vec::new());
    for (read, value) in batch.into_iter().zip(list) {
        // An id that is longer than a name may be is not echoed.
        let hold_id = value.str_of("hold_id").filter(|text| text.len() <= NAME_MAX);
        let hold_id = hold_id.map(Into::into);
        let wrong = match read {
            Ok(renewal) => {
                commands.push(Command::Renew(renewal.into()));
                None
            }
            Err(wrong) => Some(wrong),
        };
        items.push(Item { hold_id, wrong });
    }
    Ok((items, commands))
}

fn write(item: &Item, answer: Option<&ItemResult>, w: &mut Writer) {
    optional("hold_id", item.hold_id.as_ref(), w);
    match answer {
        Some(Err(why)) => {
            text("outcome", UNAVAILABLE, w);
            text("detail", why, w);
        }
        Some(Ok(answer)) => {
            text("outcome", answer.outcome.consequence().name, w);
            let renewed = answer.hold.as_ref().filter(|_| answer.outcome == Outcome::Renewed);
            optional("expires_at", renewed.map(|hold| hold.expires_at), w);
        }
        None => {
            text("outcome", "invalid", w);
            optional("detail", item.wrong.as_ref(), w);
        }
    }
}
