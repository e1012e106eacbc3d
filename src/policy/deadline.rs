//! `resilience.deadline`: how long an app may wait for the first of its answer.
use super::app_header::AppHeader;
use super::field::{Duration, Field, Optional, Required, Section, Spot};
use super::identity::Identity;
use super::request_headers::carries_credential;

/// `resilience.deadline`: how long an app may wait for the first of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// The most, in milliseconds.
    pub most_ms: u64,
    /// The header by which an app asks for less, in lower case; `None` where none may.
    pub header: Option<String>,
}

pub(super) const DEADLINE: Section = Section::new(
    "an object with `most`",
    "How long an app waits until its answer begins, over all attempts: from when its request is \
     here, whole, to the first content of a stream, or to the end of an answer that is not \
     streamed. Then it is told so with 504, in its API's words, and the attempt that runs is ended \
     and charged for what it is estimated to have made by then, as where an app leaves. What \
     `resilience.fallback` has to stand in does so here as well. An answer that has begun is never \
     cut by this, however long it is. Where less than 250 ms are left no other model is asked: the \
     app is told of the failure that there is. It says nothing of a model's health, so no breaker \
     opens by it. It is kept to a tenth of a second.",
    "resilience:
  deadline: {most: 300s, header: x-request-timeout-ms}",
    &[&MOST, &HEADER],
);

const MOST: Required<Duration> = Field::required(
    "most",
    Duration { least: 100, most: 3_600_000 },
    "The longest that an app waits, whatever it asks for.",
);

const HEADER: Optional<AppHeader> = Field::optional(
    "header",
    AppHeader::Time,
    "no app can",
    "The request header by which an app waits for less: a whole number, of milliseconds where \
     the header's name ends in `-ms`, of seconds where it does not (as `x-stainless-timeout` of \
     OpenAI's and Anthropic's SDKs). More than `most` is `most`; anything but a number from 1 is \
     refused with 400.",
);

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(spot: &Spot<'_>, identity: &[Identity]) -> Option<Deadline> {
    let mut fields = spot.object(&DEADLINE)?;
    let most_ms = fields.read(&MOST);
    let (header, place) = (fields.read(&HEADER), fields.place(&HEADER));
    fields.finish();
    if let Some(Some(name)) = &header
        && let Some(why) = carries_credential(name, identity)
    {
        AppHeader::Time.refuse(&place, name, why);
    }
    Some(Deadline { most_ms: most_ms?, header: header? })
}

impl Deadline {
    /// How long an app waits that says this in the header, in milliseconds; `None` where that is no
    /// time.
    #[must_use]
    pub fn asked_for(&self, value: &str) -> Option<u64> {
        let unit = match &self.header {
            Some(name) if name.ends_with("-ms") => 1,
            _ => 1_000,
        };
        // SDKs in Python write `600.0`.
        let whole = value.trim_ascii().trim_end_matches(".0");
        let digits = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = match whole.parse() {
            _ if !digits => return None,
            Ok(number) => number,
            // More than there can be.
            Err(_) => u64::MAX,
        };
        (number > 0).then(|| number.saturating_mul(unit).min(self.most_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::Deadline;

    #[test]
    fn an_app_asks_for_less_and_never_for_more() {
        let of = |name: &str| Deadline { most_ms: 60_000, header: Some(name.to_owned()) };
        for (name, value, waits) in [
            ("x-timeout-ms", "1500", Some(1_500)),
            ("x-timeout-ms", " 1500 ", Some(1_500)),
            ("x-timeout", "15", Some(15_000)),
            ("x-stainless-timeout", "15.0", Some(15_000)),
            ("x-timeout", "600", Some(60_000)),
            ("x-timeout", "99999999999999999999999", Some(60_000)),
            ("x-timeout", "0", None),
            ("x-timeout", "", None),
            ("x-timeout", ".0", None),
            ("x-timeout", "-1", None),
            ("x-timeout", "+1", None),
            ("x-timeout", "1.5", None),
            ("x-timeout", "5s", None),
        ] {
            assert_eq!(of(name).asked_for(value), waits, "{name}: {value}");
        }
    }
}
