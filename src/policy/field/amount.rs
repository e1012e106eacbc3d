//! Amounts of credits: exact decimals in quotes.
use super::super::document::Content;
use super::section::shape::{Defaults, Kind, Read, Shape, Text};
use super::spot::Spot;
use super::words::shown;
use crate::credit::{Credits, ParseCreditsError};

/// The most that one amount may be, in millionths: 999,999,999.999999 credits.
const MOST: u64 = 999_999_999_999_999;

/// An amount of credits.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Amount {
    /// An amount of zero or more.
    OrZero,
    /// An amount of more than zero.
    Positive,
}

impl Read for Amount {
    type Value = Credits;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<Credits> {
        let credits = decimal(spot)?;
        if matches!(self, Self::Positive) && credits.is_zero() {
            spot.problem("expected more than 0 credits");
            return None;
        }
        Some(credits)
    }
}

impl Kind for Amount {
    fn shape(&self) -> Shape {
        let (unlike, least) = match self {
            Self::OrZero => ("", "0"),
            Self::Positive => (r"^[0.]*$", "0.000001"),
        };
        Shape::Text(Text {
            what: "an exact decimal in quotes",
            pattern: r"^0*[0-9]{1,9}(\.[0-9]{1,6})?$",
            unlike,
            range: format!("{least} to {}", most()),
            example: "3.75",
            ..Text::default()
        })
    }
}

impl Defaults for Amount {
    type Literal = Credits;

    fn json(&self, literal: Credits) -> String {
        format!("\"{literal}\"")
    }
}

fn most() -> Credits {
    Credits::clamped(MOST.into())
}

fn decimal(spot: &Spot<'_>) -> Option<Credits> {
    if let Content::Number(text) = &spot.node.content {
        // A number would pass through a double somewhere on its way, and lose its last digits.
        spot.problem(match parse(text) {
            Ok(_) => format!("expected an exact decimal in quotes: write `\"{}\"`", shown(text)),
            Err(wrong) => format!("{wrong}, found `{}`", shown(text)),
        });
        return None;
    }
    let text = spot.text("an exact decimal in quotes such as `\"3.75\"`")?;
    match parse(text) {
        Ok(credits) => Some(credits),
        Err(wrong) => {
            spot.problem(format!("{wrong}, found `{}`", shown(text)));
            None
        }
    }
}

fn parse(text: &str) -> Result<Credits, String> {
    let amount: Result<Credits, ParseCreditsError> = text.parse();
    match amount {
        Ok(amount) if amount.micros() <= MOST => Ok(amount),
        Ok(_) | Err(ParseCreditsError::TooLarge) => Err(format!("expected at most {}", most())),
        Err(wrong) => Err(wrong.to_string()),
    }
}
