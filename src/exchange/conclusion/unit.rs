//! What may stand beside a number: a currency before it, a unit after it.
//!
//! Only what is known to be a unit is one: "5 million" is another number than 5, "2x" is none.

/// Currencies by what stands before a number.
const BEFORE: [(&str, &str); 9] = [
    ("US$", "usd"),
    ("$", "usd"),
    ("USD ", "usd"),
    ("€", "eur"),
    ("EUR ", "eur"),
    ("£", "gbp"),
    ("GBP ", "gbp"),
    ("¥", "jpy"),
    ("₹", "inr"),
];

/// Units, each with the words for it. Those of one letter are left out: they may be variables.
const UNITS: [(&str, &[&str]); 37] = [
    ("%", &["percent"]),
    ("usd", &["dollar", "dollars", "usd"]),
    ("cent", &["cent", "cents"]),
    ("eur", &["euro", "euros", "eur", "€"]),
    ("gbp", &["gbp", "£"]),
    ("km", &["km", "kilometer", "kilometers", "kilometre", "kilometres"]),
    ("m", &["meter", "meters", "metre", "metres"]),
    ("cm", &["cm", "centimeter", "centimeters", "centimetre", "centimetres"]),
    ("mm", &["mm", "millimeter", "millimeters", "millimetre", "millimetres"]),
    ("mile", &["mile", "miles"]),
    ("ft", &["ft", "foot", "feet"]),
    ("inch", &["inch", "inches"]),
    ("kg", &["kg", "kilogram", "kilograms"]),
    ("g", &["gram", "grams"]),
    ("mg", &["mg", "milligram", "milligrams"]),
    ("lb", &["lb", "lbs"]),
    ("oz", &["oz", "ounce", "ounces"]),
    ("l", &["liter", "liters", "litre", "litres"]),
    ("ml", &["ml", "milliliter", "milliliters", "millilitre", "millilitres"]),
    ("ms", &["ms", "millisecond", "milliseconds"]),
    ("s", &["sec", "secs", "second", "seconds"]),
    ("min", &["min", "mins", "minute", "minutes"]),
    ("h", &["hr", "hrs", "hour", "hours"]),
    ("day", &["day", "days"]),
    ("week", &["week", "weeks"]),
    ("month", &["month", "months"]),
    ("year", &["year", "years"]),
    ("°", &["°", "degree", "degrees"]),
    ("°C", &["°C"]),
    ("°F", &["°F"]),
    ("mph", &["mph"]),
    ("kmh", &["kmh", "kph"]),
    ("KB", &["KB", "kilobytes"]),
    ("MB", &["MB", "megabytes"]),
    ("GB", &["GB", "gigabytes"]),
    ("TB", &["TB", "terabytes"]),
    ("Hz", &["Hz", "hertz"]),
];

/// Words that look like things counted, and say another number.
const NUMBERS: [&str; 26] = [
    "hundreds",
    "thousands",
    "millions",
    "billions",
    "trillions",
    "dozens",
    "scores",
    "lakhs",
    "crores",
    "halves",
    "thirds",
    "quarters",
    "fourths",
    "fifths",
    "sixths",
    "sevenths",
    "eighths",
    "ninths",
    "tenths",
    "hundredths",
    "thousandths",
    "times",
    "plus",
    "minus",
    "less",
    "pairs",
];

/// Words that end in `s` and count nothing.
const OTHERS: [&str; 8] = ["this", "does", "has", "was", "across", "versus", "besides", "always"];

/// A currency and what follows it.
pub(super) fn before(text: &str) -> (&'static str, &str) {
    let found = BEFORE.iter().find_map(|(mark, unit)| Some((*unit, text.strip_prefix(mark)?)));
    found.unwrap_or(("", text))
}

/// The unit at the beginning of what follows a number, and the rest; an empty one for none. `None`
/// where that has a letter or a mark in it that makes it something else.
pub(super) fn after(text: &str) -> Option<(String, &str)> {
    let spaced = text.trim_start();
    for (mark, unit) in [("%", "%"), ("°C", "°C"), ("°F", "°F"), ("°", "°")] {
        if let Some(rest) = spaced.strip_prefix(mark) {
            return Some((unit.to_owned(), rest));
        }
    }
    let (word, rest) = word(spaced);
    if word.is_empty() {
        return Some((String::new(), text));
    }
    let is_attached = spaced.len() == text.len();
    if let Some(unit) = known(word).filter(|_| !is_attached || word.len() <= 3) {
        return Some(divided(unit, rest));
    }
    if is_attached {
        return None;
    }
    if is(word, "per")
        && let Some(rest) = next(rest, "cent")
    {
        return Some(("%".to_owned(), rest));
    }
    if let Some(power) = ["square", "cubic"].into_iter().find(|own| is(word, own)) {
        let (word, rest) = self::word(rest.trim_start());
        let unit = known(word)?;
        return Some((format!("{power} {unit}"), rest));
    }
    let counted = word.strip_suffix('s').filter(|_| is_counted(word));
    match counted {
        Some(unit) => Some((unit.to_owned(), rest)),
        // It may be a reason, which is for the reader of what follows.
        None => Some((String::new(), text)),
    }
}

/// A unit, and the one that it is divided by: `km per hour`.
fn divided<'t>(unit: &str, rest: &'t str) -> (String, &'t str) {
    let by = next(rest, "per").or_else(|| rest.strip_prefix('/'));
    let by = by.map(|by| word(by.trim_start()));
    match by.and_then(|(word, rest)| Some((known(word)?, rest))) {
        Some((by, rest)) => (format!("{unit}/{by}"), rest),
        None => (unit.to_owned(), rest),
    }
}

fn known(word: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|own| is(word, own));
    UNITS.iter().find(|(_, words)| has(words)).map(|(unit, _)| *unit)
}

/// Whether a word is that of things which are counted: `18 eggs`.
fn is_counted(word: &str) -> bool {
    word.len() >= 4
        && word.bytes().all(|byte| byte.is_ascii_lowercase())
        && !word.ends_with("ss")
        && !NUMBERS.contains(&word)
        && !OTHERS.contains(&word)
}

fn is(word: &str, other: &str) -> bool {
    word.eq_ignore_ascii_case(other)
}

/// What follows that word, where it comes next.
fn next<'t>(text: &'t str, expected: &str) -> Option<&'t str> {
    let (word, rest) = word(text.strip_prefix(' ')?);
    is(word, expected).then_some(rest)
}

/// The word at the beginning, and the rest.
fn word(text: &str) -> (&str, &str) {
    let is_of_word = |c: char| c.is_alphabetic() || matches!(c, '€' | '£' | '°');
    let end = text.find(|c: char| !is_of_word(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or(("", text))
}
