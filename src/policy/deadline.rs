//! `resilience.deadline`: how long an app may wait for the first of its answer.
use super::app_header::AppHeader;
use super::field::{Duration, Field, Optional, Required, Section, Spot};
use super::identity::Identity;
use super::request_headers::carries_credential;
use crate::dialect::wait;

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
     streamed, whatever is waited for meanwhile. Then it is told so with 504, in its API's words, \
     and the attempt that runs is ended and charged for what it is estimated to have made by then, \
     as where an app leaves. Where it was still the credit service that was waited for, no model \
     is asked, and what that grants later is given back: a `credits.timeout` above what apps wait \
     leaves `credits.on_unavailable` without effect. What `resilience.fallback` has to stand in \
     does so here as well. An answer that has begun is never cut by this, however long it is. \
     Where less than 250 ms are left no other model is asked: the app is told of the failure that \
     there is. It says nothing of a model's health, so no breaker opens by it. It is kept to a \
     tenth of a second.",
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
    "The request header by which an app waits for less: a number, of milliseconds where the \
     header's name ends in `-ms`, of seconds where it does not (as `x-stainless-timeout` and \
     `x-stainless-read-timeout` of OpenAI's and Anthropic's SDKs); it may have a fraction, of \
     which milliseconds count. More than `most` is `most`, and of several the lowest counts. \
     Nothing, `None`, `NOT_GIVEN`, `inf` and 0 ask for no other time than `most`: SDKs for Python \
     write these where an app has set no time of its own or has set it for each request, and those \
     for Node write 0 for whatever is below a second. Anything else is refused with 400.",
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

/// What an app's SDK writes where it has no time to tell.
const NO_TIME: [&str; 4] = ["", "None", "NOT_GIVEN", "inf"];

impl Deadline {
    /// How long an app waits that says this in one line of the header, in milliseconds, of which
    /// there is at least one: `most_ms` where it asks for no time of its own.
    ///
    /// # Errors
    /// The part of it that is no time.
    pub fn asked_for<'v>(&self, line: &'v str) -> Result<u64, &'v str> {
        let unit = match &self.header {
            Some(name) if name.ends_with("-ms") => 1,
            _ => 1_000,
        };
        // A proxy may have made one line of several.
        line.split(',').map(str::trim_ascii).try_fold(self.most_ms, |least_ms, value| {
            let own_ms = match wait::decimal(value, unit) {
                Some(0) => self.most_ms,
                Some(ms) => ms,
                None if NO_TIME.contains(&value) => self.most_ms,
                None => return Err(value),
            };
            Ok(least_ms.min(own_ms))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Deadline;

    #[test]
    fn an_app_asks_for_less_and_never_for_more() {
        let of = |name: &str| Deadline { most_ms: 60_000, header: Some(name.to_owned()) };
        for (name, value, waits) in [
            ("x-timeout-ms", "1500", Ok(1_500)),
            ("x-timeout-ms", " 1500 ", Ok(1_500)),
            ("x-timeout-ms", "1500.5", Ok(1_501)),
            ("x-timeout", "15", Ok(15_000)),
            ("x-stainless-timeout", "15.0", Ok(15_000)),
            ("x-timeout", "600", Ok(60_000)),
            ("x-timeout", "99999999999999999999999", Ok(60_000)),
            // As SDKs write it that have a fraction of a second.
            ("x-stainless-read-timeout", "2.5", Ok(2_500)),
            ("x-stainless-read-timeout", "0.5", Ok(500)),
            ("x-timeout", "0.0004", Ok(1)),
            ("x-timeout", "7.", Ok(7_000)),
            // Those that have none.
            ("x-stainless-timeout", "NOT_GIVEN", Ok(60_000)),
            ("x-timeout", "None", Ok(60_000)),
            ("x-timeout", "inf", Ok(60_000)),
            ("x-timeout", "", Ok(60_000)),
            ("x-timeout", "0", Ok(60_000)),
            ("x-timeout", "0.0", Ok(60_000)),
            // Several in one line.
            ("x-timeout", "30, 15,20", Ok(15_000)),
            ("x-timeout", "30, NOT_GIVEN", Ok(30_000)),
            ("x-timeout", "30, soon", Err("soon")),
            ("x-timeout", ".5", Err(".5")),
            ("x-timeout", "-1", Err("-1")),
            ("x-timeout", "+1", Err("+1")),
            ("x-timeout", "1e3", Err("1e3")),
            ("x-timeout", "1.2.3", Err("1.2.3")),
            ("x-timeout", "5s", Err("5s")),
        ] {
            assert_eq!(of(name).asked_for(value), waits, "{name}: {value}");
        }
    }
}
