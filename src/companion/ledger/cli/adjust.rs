//! `tradewind-ledger adjust`: an account changed by hand.
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Subcommand;

use super::{Database, Stop};
use crate::companion::ledger::adjusting;
use crate::credit::wire::NAME_MAX;
use crate::credit::{Adjust as Asked, Change, Command, Credits, Moment, is_reason};

const MORE: &str = "\
Each adjustment is an entry of its own, with its reason; entries are never changed, so another
adjustment puts a wrong one right. Budgets count requests only, and stay as they are. It may run
while the ledger serves, and is the same as POST /v1/tenants/<TENANT>/adjustments.

Exits with 0 when it is done, now or before; with 1 when it cannot be, and says why; with 2 when the
database cannot be read or it was asked wrongly.

Examples:
  tradewind-ledger adjust acme --key t-4711 --reason 'sorry for Monday' credit 25
  tradewind-ledger adjust acme --key t-4712 --reason 'charged twice at the bank' refund order-17
  tradewind-ledger adjust acme --key t-4713 --reason 'stolen card' void acme/3";

/// Change an account by hand: give credits, take them, refund a purchase, void a lot.
///
/// The same key again changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MORE)]
pub(super) struct Adjust {
    /// Whose account.
    #[arg(value_parser = name)]
    tenant: String,
    /// An id of your own: asked twice with the same one, it is done once.
    #[arg(long, value_name = "ID", value_parser = name)]
    key: String,
    /// Why, for whoever reads the entries.
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
    #[command(flatten)]
    database: Database,
    #[command(subcommand)]
    change: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Give credits for nothing.
    Credit {
        /// How many.
        #[arg(value_parser = some)]
        credits: Credits,
        /// When what is left of them is lost: `2027-01-01T00:00:00Z`.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        expires_at: Option<Moment>,
    },
    /// Take credits, those that expire first; below zero as well.
    Debit {
        /// How many.
        #[arg(value_parser = some)]
        credits: Credits,
    },
    /// Take back what is left of a purchase and not held, and say what was paid for it.
    Refund {
        /// The purchase's idempotency key.
        #[arg(value_parser = name)]
        purchase: String,
        /// How many of its credits; all that are left where it is not given.
        #[arg(value_parser = some)]
        credits: Option<Credits>,
    },
    /// Take all that is left of a lot, for nothing.
    Void {
        /// The lot's id: `acme/3`.
        lot: String,
    },
}

pub(super) async fn run(args: Adjust) -> Result<ExitCode, Stop> {
    let Adjust { tenant, key, reason, database, change } = args;
    let change = match change {
        What::Credit { credits, expires_at } => Change::Credit { credits, expires_at },
        What::Debit { credits } => Change::Debit { credits },
        What::Refund { purchase, credits } => Change::Refund { purchase, credits },
        What::Void { lot } => {
            let lot = adjusting::lot(&tenant, &lot);
            Change::Void { lot: lot.map_err(|why| Stop::refused(&why))? }
        }
    };
    database.check_exists()?;
    let asked = Asked { tenant, key, change, reason };
    let ledger = database.open(false).await.map_err(|why| Stop::refused(&why))?;
    let answer = ledger.apply(Command::Adjust(asked.clone())).await;
    ledger.close().await;
    let answer = answer.map_err(|why| Stop::refused(&why))?;
    let Some(made) = &answer.adjustment else {
        return Err(Stop::failed(&adjusting::refusal(&asked, answer.outcome)));
    };
    let paid = match made.asked.change {
        Change::Refund { .. } => format!(", paid {}", made.paid),
        Change::Credit { .. } | Change::Debit { .. } | Change::Void { .. } => String::new(),
    };
    let said = format!(
        "{}: {} {}{paid}: balance {}, available {}",
        answer.outcome.consequence().name,
        made.id(),
        made.amount,
        made.standing.balance,
        made.standing.available
    );
    // The change is made, also where the reader has closed the pipe.
    let _ = writeln!(io::stdout(), "{said}");
    Ok(ExitCode::SUCCESS)
}

fn name(text: &str) -> Result<String, String> {
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    match visible && (1..=NAME_MAX).contains(&text.len()) {
        true => Ok(text.to_owned()),
        false => Err("expected 1 to 128 visible ASCII characters".to_owned()),
    }
}

fn reason(text: &str) -> Result<String, String> {
    match is_reason(text) {
        true => Ok(text.to_owned()),
        false => Err("expected 1 to 256 bytes of text on one line".to_owned()),
    }
}

fn some(text: &str) -> Result<Credits, String> {
    match text.parse() {
        Ok(Credits::ZERO) => Err("expected more than 0".to_owned()),
        Ok(credits) => Ok(credits),
        Err(why) => Err(format!("{why}")),
    }
}

fn moment(text: &str) -> Result<Moment, String> {
    let time = text.parse::<jiff::Timestamp>().ok();
    let millis = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    let expected = || "expected a time: `2027-01-01T00:00:00Z`".to_owned();
    millis.map(Moment::of_millis).ok_or_else(expected)
}
