//! What is said of adjustments, by the call and by the command.
use crate::credit::{Adjust, Change, Outcome};

/// Why an adjustment is not made.
pub(super) fn refusal(adjust: &Adjust, outcome: Outcome) -> String {
    let Adjust { tenant, key, change, .. } = adjust;
    match (outcome, change) {
        (Outcome::UnknownTenant, _) => format!("there is no tenant `{tenant}`"),
        (Outcome::AdjustedDifferently, _) => {
            format!("`{key}` stands for another adjustment of `{tenant}`: use another key")
        }
        (Outcome::UnknownPurchase, Change::Refund { purchase, .. }) => {
            format!("`{tenant}` has made no purchase with the key `{purchase}`")
        }
        (Outcome::NotLeft, Change::Void { lot }) => {
            format!("`{tenant}` has no lot `{tenant}/{lot}` of which anything is left")
        }
        (Outcome::NotLeft, _) => {
            "so much of the purchase is not left, or is held for requests that run: ask for less, \
             or when they have ended"
                .to_owned()
        }
        _ => "it would be more than an account can hold".to_owned(),
    }
}

/// The number of a lot of this tenant, by its id: `acme/3`.
///
/// # Errors
/// What was expected instead.
pub(super) fn lot(tenant: &str, id: &str) -> Result<u64, String> {
    let number = id.strip_prefix(tenant).and_then(|rest| rest.strip_prefix('/'));
    let plain = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    let number = plain.and_then(|number| i64::try_from(number.parse::<u64>().ok()?).ok());
    let number = number.and_then(|number| u64::try_from(number).ok());
    number.ok_or_else(|| format!("expected the id of one of its lots, such as `{tenant}/3`"))
}
