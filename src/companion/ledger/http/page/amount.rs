//! Amounts for people: grouped, and no finer than they need to be. The exact one stands in a title.
use crate::credit::{Balance, Credits};

/// Millionths in one credit, and in a hundredth of one.
const UNIT: u64 = 1_000_000;
const CENT: u64 = 10_000;

/// Credits as a person reads them: `1,234.56`.
pub(super) fn micros(micros: u64) -> String {
    if micros < UNIT {
        // Small ones are all fraction.
        return Credits::clamped(micros.into()).to_string();
    }
    let (whole, cents) = (micros / UNIT, micros % UNIT / CENT);
    format!("{}.{cents:02}", grouped(whole))
}

/// The same of a balance, with a minus sign where it owes.
pub(super) fn balance(balance: Balance) -> String {
    let text = micros(balance.micros().unsigned_abs());
    if balance.micros() < 0 { format!("\u{2212}{text}") } else { text }
}

/// A whole number in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        for (exact, short) in [
            ("0", "0"),
            ("0.000001", "0.000001"),
            ("1", "1.00"),
            ("-1234567.899999", "\u{2212}1,234,567.89"),
            ("999.5", "999.50"),
        ] {
            assert_eq!(balance(Balance::parse(exact).unwrap()), short);
        }
    }
}
