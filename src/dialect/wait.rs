//! How long a provider asks to be left alone, in the headers and the body of a failure.
//!
//! Providers say it in many ways: `retry-after` in seconds or as a date (RFC 9110, 10.2.3),
//! OpenAI's `retry-after-ms`, Google's `RetryInfo`, and beside them when their limits are reset:
//! Anthropic as a time of RFC 3339, OpenAI and servers like it as a duration such as `6m0s`, others
//! as Unix time.
use crate::json::{Document, Limits, Value};

/// Headers that say what is left of a limit, and when it is reset.
const RESETS: [(&str, &str); 6] = [
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
];

/// What units of a duration are in milliseconds; those of thousandths and less are as good as none.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("ms", 1),
    ("m", 60_000),
    ("s", 1000),
    ("us", 0),
    ("ns", 0),
];

/// Longest text that is read, in bytes. A number that is longer is as much as there can be.
const LONGEST: usize = 64;

/// From so many milliseconds on a number is no wait but a Unix time: a wait of 31 years, or the
/// year 2001.
const UNIX_SECONDS: u64 = 1_000_000_000_000;

/// The same where that time is in milliseconds: as seconds it would be the year 5138.
const UNIX_MILLIS: u64 = 100_000_000_000_000;

/// From here on a number is no time of any kind, but more than there can be.
const UNIX_END: u64 = 100_000_000_000_000_000;

/// The longest wait that an app is told of, in seconds: a day. What asks for more is seldom meant,
/// and an app that takes it at its word does not come back.
const TOLD_MOST: u64 = 86_400;

/// What an app is told of a wait of so many milliseconds: whole seconds, as `retry-after` has them
/// (RFC 9110, 10.2.3), from 1 to a day.
#[must_use]
pub fn told(ms: u64) -> u64 {
    ms.div_ceil(1000).clamp(1, TOLD_MOST)
}

/// The milliseconds that the headers of a failure ask for; `None` where they do not. Of
/// `retry-after` and `retry-after-ms` the longer counts: whoever comes too early is refused again.
/// `limited` says whether a limit is used up, so that its reset counts. `now` is the time in
/// seconds since 1970, which is asked for a time alone.
#[must_use]
pub fn of_headers<'h>(
    header: &dyn Fn(&str) -> Option<&'h str>,
    limited: bool,
    now: &dyn Fn() -> u64,
) -> Option<u64> {
    let exact = header("retry-after-ms").and_then(|text| decimal(text.trim(), 1));
    let usual = header("retry-after").and_then(|text| duration(text, now));
    let asked = exact.max(usual).filter(|ms| *ms > 0);
    if asked.is_some() || !limited {
        return asked;
    }
    // The limits that are used up, all of them; where none says that it is, the one that is reset
    // first may have been too small for this request alone.
    let (mut used_up, mut first): (u64, Option<u64>) = (0, None);
    for (left, reset) in RESETS {
        let Some(ms) = header(reset).and_then(|text| duration(text, now)) else { continue };
        if header(left).is_some_and(|left| left.trim() == "0") {
            used_up = used_up.max(ms);
        }
        first = Some(first.map_or(ms, |own| own.min(ms)));
    }
    Some(if used_up > 0 { used_up } else { first? }).filter(|ms| *ms > 0)
}

/// The milliseconds that Google's `RetryInfo` asks for in the body of a failure.
#[must_use]
pub fn of_body(body: &[u8]) -> Option<u64> {
    const FIELD: &[u8] = b"retryDelay";
    if !body.windows(FIELD.len()).any(|part| part == FIELD) {
        return None;
    }
    let document = Document::parse(body, Limits::lenient()).ok()?;
    let root = document.root();
    let root = if root.is_array() { root.items().next()? } else { root };
    let details = root.get("error")?.get("details")?;
    let delay = details.items().find_map(|own: Value<'_>| own.str_of("retryDelay"))?;
    units(&delay).filter(|ms| *ms > 0)
}

/// Seconds, a duration with units, or a time: Unix time, one of RFC 3339, or a date of HTTP.
fn duration(text: &str, now: &dyn Fn() -> u64) -> Option<u64> {
    let text = text.trim();
    if text.len() > LONGEST {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        return is_number.then_some(u64::MAX);
    }
    let until = |at_ms: u64| at_ms.saturating_sub(now().saturating_mul(1000));
    if let Some(ms) = decimal(text, 1000) {
        return Some(match ms {
            UNIX_SECONDS..UNIX_MILLIS => until(ms),
            UNIX_MILLIS..UNIX_END => until(ms.div_ceil(1000)),
            _ => ms,
        });
    }
    units(text).or_else(|| {
        let at = rfc3339(text).or_else(|| http_date(text, now))?;
        Some(until(at.saturating_mul(1000)))
    })
}

/// Digits with at most one point, times a unit, rounded up; `None` where that is no number.
#[must_use]
pub fn decimal(text: &str, unit: u64) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return None;
    }
    let part: String = part.chars().take(9).collect();
    let share = unit.saturating_mul(part.parse().unwrap_or(0));
    let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let whole = whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(unit);
    Some(whole.saturating_add(share.div_ceil(scale)))
}

/// Parts such as `6m0s`, `1.5s` or `120ms`, one after the other.
fn units(mut text: &str) -> Option<u64> {
    let mut ms: Option<u64> = None;
    while !text.is_empty() {
        let end = text.find(|sign: char| !sign.is_ascii_digit() && sign != '.')?;
        let (number, rest) = text.split_at_checked(end)?;
        let (name, unit) = UNITS.iter().find(|(name, _)| {
            let after = rest.strip_prefix(name).map(|rest| rest.chars().next());
            after.is_some_and(|next| next.is_none_or(|sign| sign.is_ascii_digit()))
        })?;
        ms = Some(ms.unwrap_or(0).saturating_add(decimal(number, *unit)?));
        text = rest.strip_prefix(name)?;
    }
    ms
}

/// `2026-11-30T12:00:00Z`, with a fraction or an offset as well, in seconds since 1970.
fn rfc3339(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.split('-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(zone)?;
    let clock = clock.split_once('.').map_or(clock, |(clock, _)| clock);
    let at = seconds(year, month, day)?.checked_add(of_clock(clock)?)?;
    let (sign, offset) = zone.split_at_checked(1)?;
    match sign {
        "+" => at.checked_sub(of_clock(offset)?),
        "-" => at.checked_add(of_clock(offset)?),
        _ => Some(at),
    }
}

/// A date of HTTP in any of the three forms that are to be read (RFC 9110, 5.6.7), in seconds since
/// 1970: `Mon, 30 Nov 2026 12:00:00 GMT`, `Monday, 30-Nov-26 12:00:00 GMT` (RFC 850) and
/// `Mon Nov 30 12:00:00 2026` (asctime).
fn http_date(text: &str, now: &dyn Fn() -> u64) -> Option<u64> {
    let Some((_, date)) = text.split_once(", ") else { return asctime(text) };
    let mut parts = date.strip_suffix(" GMT")?.split([' ', '-']);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let clock = of_clock(parts.next()?)?;
    let at = |year: u64| seconds(year, of_month(month)?, day.parse().ok()?)?.checked_add(clock);
    let whole: u64 = year.parse().ok()?;
    if year.len() != 2 {
        return at(whole);
    }
    // The year of two digits that is the last one, but for the next fifty years.
    let latest = now().checked_div(SECONDS_PER_YEAR)?.checked_add(1970 + 50)?;
    let since = latest.checked_rem(CENTURY)?.checked_add(CENTURY)?.checked_sub(whole)?;
    at(latest.checked_sub(since.checked_rem(CENTURY)?)?)
}

/// Years that two digits tell apart.
const CENTURY: u64 = 100;

/// Seconds of a year of the Gregorian calendar, on average.
const SECONDS_PER_YEAR: u64 = 31_556_952;

/// `Sun Nov  6 08:49:37 1994`, in seconds since 1970.
fn asctime(text: &str) -> Option<u64> {
    let mut parts = text.split_ascii_whitespace();
    let (_, month, day) = (parts.next()?, of_month(parts.next()?)?, parts.next()?);
    let (clock, year) = (of_clock(parts.next()?)?, parts.next()?);
    seconds(year.parse().ok()?, month, day.parse().ok()?)?.checked_add(clock)
}

/// The number of a month by its short name in English.
fn of_month(name: &str) -> Option<u64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = MONTHS.find(name).filter(|at| name.len() == 3 && at.checked_rem(3) == Some(0))?;
    u64::try_from(month).ok()?.checked_div(3)?.checked_add(1)
}

/// `12:00:00` or `12:00`, in seconds.
fn of_clock(text: &str) -> Option<u64> {
    let mut parts = text.split(':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0))?;
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)
}

/// The beginning of a day of the calendar, in seconds since 1970.
fn seconds(year: u64, month: u64, day: u64) -> Option<u64> {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    let leaps = |year: u64| (year / 4).saturating_sub(year / 100).saturating_add(year / 400);
    let last = year.saturating_sub(1);
    let is_leap = leaps(year) > leaps(last);
    let months = BEFORE.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
    let days = year
        .checked_sub(1970)?
        .checked_mul(365)?
        .checked_add(leaps(last).checked_sub(leaps(1969))?)?
        .checked_add(*months)?
        .checked_add(u64::from(is_leap && month > 2))?
        .checked_add(day.checked_sub(1)?)?;
    days.checked_mul(86_400)
}

#[cfg(test)]
mod tests {
    use super::{of_body, of_headers, told};

    /// 2026-11-30T12:00:00Z.
    const NOW: u64 = 1_796_040_000;

    fn asked(headers: &[(&str, &'static str)], limited: bool) -> Option<u64> {
        let header = |name: &str| headers.iter().find(|(own, _)| *own == name).map(|own| own.1);
        of_headers(&header, limited, &|| NOW)
    }

    #[test]
    fn a_wait_is_read_in_every_form() {
        for (text, ms) in [
            ("7", Some(7_000)),
            ("0.5", Some(500)),
            ("1.0001", Some(1_001)),
            ("0", None),
            ("Mon, 30 Nov 2026 12:00:30 GMT", Some(30_000)),
            ("Mon, 30 Nov 2026 11:59:30 GMT", None),
            ("Tue, 01 Dec 2026 00:00:00 GMT", Some(43_200_000)),
            ("Mon, 30 anF 2026 12:00:30 GMT", None),
            ("2026-11-30T12:00:30Z", Some(30_000)),
            ("2026-11-30T13:00:30.25+01:00", Some(30_000)),
            ("2028-03-01T12:00:00Z", Some(457 * 86_400_000)),
            ("soon", None),
            ("-3", None),
            ("", None),
            ("99999999999999999999999999", Some(u64::MAX)),
            // More digits than are read are as much as there can be; other words of that length say
            // nothing.
            ("9999999999999999999999999999999999999999999999999999999999999999999", Some(u64::MAX)),
            ("soooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooon", None),
            ("1e99", None),
            // The other two dates that HTTP has had.
            ("Monday, 30-Nov-26 12:00:20 GMT", Some(20_000)),
            ("Thursday, 01-Jan-76 00:00:00 GMT", Some(1_549_022_400_000)),
            ("Friday, 01-Jan-77 00:00:00 GMT", None),
            ("Mon Nov 30 12:00:20 2026", Some(20_000)),
            ("Tue Dec  1 00:00:00 2026", Some(43_200_000)),
            ("Sun Nov  6 08:49:37 1994", None),
            ("Mon Nov 30 2026 12:00:20", None),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(251_606_260_799_000)),
            // Unix time.
            ("1796040008", Some(8_000)),
            ("1796040008.5", Some(8_500)),
            ("1796040008250", Some(8_250)),
            ("1796039000", None),
            ("999999999", Some(999_999_999_000)),
        ] {
            assert_eq!(asked(&[("retry-after", text)], false), ms, "{text}");
        }
    }

    #[test]
    fn the_longer_of_two_counts() {
        for (usual, exact, ms) in [
            ("2", "1250", Some(2_000)),
            ("2", "2250", Some(2_250)),
            ("2", "x", Some(2_000)),
            ("9", "0", Some(9_000)),
            ("9", "-1", Some(9_000)),
            ("-1", "1250", Some(1_250)),
            ("0", "0", None),
        ] {
            let both = [("retry-after", usual), ("retry-after-ms", exact)];
            assert_eq!(asked(&both, false), ms, "{usual} and {exact}");
        }
    }

    #[test]
    fn an_app_is_told_whole_seconds_and_no_more_than_a_day() {
        for (ms, seconds) in
            [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (86_399_001, 86_400), (u64::MAX, 86_400)]
        {
            assert_eq!(told(ms), seconds, "{ms}");
        }
    }

    #[test]
    fn a_limit_that_is_used_up_is_waited_for() {
        let openai = [
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "6m0s"),
            ("x-ratelimit-remaining-tokens", "10"),
            ("x-ratelimit-reset-tokens", "120ms"),
        ];
        assert_eq!(asked(&openai, true), Some(360_000));
        assert_eq!(asked(&openai, false), None);
        let unix =
            [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1796040008")];
        assert_eq!(asked(&unix, true), Some(8_000));
        let none_is = [
            ("x-ratelimit-reset-requests", "1h1m1.5s"),
            ("x-ratelimit-remaining-tokens", "10"),
            ("x-ratelimit-reset-tokens", "2m59.56s"),
        ];
        assert_eq!(asked(&none_is, true), Some(179_560));
        let anthropic = [
            ("anthropic-ratelimit-requests-remaining", "3"),
            ("anthropic-ratelimit-requests-reset", "2026-11-30T12:00:01Z"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-11-30T12:00:45Z"),
        ];
        assert_eq!(asked(&anthropic, true), Some(45_000));
        let nonsense = [("x-ratelimit-reset-tokens", "3 parsecs")];
        assert_eq!(asked(&nonsense, true), None);
    }

    #[test]
    fn google_says_it_in_the_body() {
        let said = |delay: &str| {
            format!(
                r#"{{"error":{{"code":429,"details":[{{"@type":"x"}},
                {{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{delay}"}}]}}}}"#
            )
        };
        assert_eq!(of_body(said("34.074824224s").as_bytes()), Some(34_075));
        assert_eq!(of_body(format!("[{}]", said("7s")).as_bytes()), Some(7_000));
        assert_eq!(of_body(said("never").as_bytes()), None);
        assert_eq!(of_body(br#"{"error":{"message":"retryDelay"}}"#), None);
    }
}
