//! A number as people write it, at the beginning of a piece of text.
use super::unit;
use crate::json::{Document, Limits, number};

/// A number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// Its digits, without an exponent and without zeros that mean nothing; a fraction of whole
    /// numbers that no such digits can say is `1/3`.
    pub(super) plain: String,
    /// Its unit; empty for none.
    pub(super) unit: String,
}

/// Most digits of a number, and of each side of a fraction.
const DIGITS_MAX: usize = 40;
const SIDE_MAX: usize = 18;

/// Marks of emphasis.
const EMPHASIS: [char; 3] = ['*', '_', '`'];

/// Reads a number. `reasons` says whether something else may follow: another sentence, a reason, an
/// explanation in brackets.
///
/// Dates, times, versions, ranges, lists, and numbers whose commas are no thousands separators are
/// no numbers; nor are digits of other scripts.
pub(super) fn read(piece: &str, reasons: bool) -> Option<Number> {
    let piece = cleaned(piece);
    let text = piece.trim_start_matches(EMPHASIS);
    let (sign, text) = sign(text);
    let (currency, text) = unit::before(text);
    let (sign, text) = if sign.is_empty() { self::sign(text) } else { (sign, text) };
    let (plain, rest) = formula(text).or_else(|| fraction(text)).or_else(|| decimal(text))?;
    let rest = rest.trim_start_matches(EMPHASIS);
    let (own, rest) = unit::after(rest)?;
    let unit = match (currency, &*own) {
        ("", _) => own,
        (currency, own) if own.is_empty() || own == currency => currency.to_owned(),
        _ => return None,
    };
    if !may_follow(rest.trim_start_matches(EMPHASIS), reasons) {
        return None;
    }
    let is_zero = plain == "0";
    let sign = if sign == "-" && !is_zero { "-" } else { "" };
    Some(Number { plain: format!("{sign}{plain}"), unit })
}

/// A piece without the marks of TeX that mean nothing.
fn cleaned(piece: &str) -> String {
    let mut piece = piece.to_owned();
    if let Some((inside, after)) = piece.strip_prefix('$').and_then(|own| own.split_once('$')) {
        // Two prices have a space before the second sign, or a digit behind it.
        let is_formula = !inside.ends_with(' ') && !after.starts_with(|c: char| c.is_ascii_digit());
        if is_formula {
            piece = [inside, after].concat();
        }
    }
    if piece.contains('\\') || piece.contains("{,}") {
        for (from, to) in [(r"^{\circ}", "°"), (r"^\circ", "°")].into_iter().chain([
            ("{,}", ","),
            (r"\,", ""),
            (r"\!", ""),
            (r"\%", "%"),
            (r"\$", "$"),
        ]) {
            piece = piece.replace(from, to);
        }
        for open in [r"\text{", r"\mathrm{", r"\textbf{"] {
            if let Some((before, (inside, after))) =
                piece.split_once(open).and_then(|(b, rest)| Some((b, rest.split_once('}')?)))
            {
                piece = format!("{before} {} {after}", inside.trim()).trim().to_owned();
            }
        }
    }
    piece
}

fn sign(text: &str) -> (&'static str, &str) {
    let minus = text.strip_prefix(['-', '\u{2212}']).map(|rest| ("-", rest));
    minus.or_else(|| Some(("+", text.strip_prefix('+')?))).unwrap_or(("", text))
}

/// `\frac{1}{2}`, `\frac12`.
fn formula(text: &str) -> Option<(String, &str)> {
    let names = [r"\frac", r"\dfrac", r"\tfrac"];
    let rest = names.iter().find_map(|name| text.strip_prefix(name))?;
    let (over, rest) = side(rest)?;
    let (under, rest) = side(rest)?;
    Some((quotient(over, under)?, rest))
}

/// One side of a fraction in TeX.
fn side(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('{') {
        Some(rest) => rest.split_once('}'),
        None => text.split_at_checked(1),
    }
}

/// `1/2`, and no date.
fn fraction(text: &str) -> Option<(String, &str)> {
    let (over, rest) = digits(text);
    let (under, rest) = digits(rest.strip_prefix('/')?);
    let more = |c: char| c.is_alphanumeric() || matches!(c, '/' | ',');
    if rest.starts_with(more) || point(rest).is_some() {
        return None;
    }
    Some((quotient(over, under)?, rest))
}

/// The point of a number and the digits behind it.
fn point(text: &str) -> Option<(&str, &str)> {
    let (digits, rest) = digits(text.strip_prefix('.')?);
    (!digits.is_empty()).then_some((digits, rest))
}

/// `-1,234.50e2` without its sign.
fn decimal(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(text.len());
    let whole = text.get(..end)?.trim_end_matches(',');
    let rest = text.get(whole.len()..)?;
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let grouped = whole.contains(',');
    if groups.any(|group| group.len() != 3) || (grouped && !(1..=3).contains(&first.len())) {
        return None;
    }
    // What begins with zeros is a name.
    if first.len() > 1 && first.starts_with('0') || grouped && first == "0" {
        return None;
    }
    let (behind, rest) = point(rest).unwrap_or(("", rest));
    if whole.is_empty() && behind.is_empty() {
        return None;
    }
    let (exponent, rest) = exponent(rest).unwrap_or(("0", rest));
    // A version, a date, a time or a range goes on.
    let goes_on = rest.starts_with([':', '/', '-', '–', '^']) || point(rest).is_some();
    if goes_on || whole.len().saturating_add(behind.len()) > DIGITS_MAX {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let behind = if behind.is_empty() { "0" } else { behind };
    let json = format!("{}.{behind}e{exponent}", whole.replace(',', ""));
    let document = Document::parse(json.as_bytes(), Limits::default()).ok()?;
    let plain = number::plain(document.root())?.into_owned();
    Some((plain, rest))
}

/// `e-12`, where nothing goes on behind it.
fn exponent(text: &str) -> Option<(&str, &str)> {
    let after = text.strip_prefix(['e', 'E'])?;
    let unsigned = after.strip_prefix(['+', '-']).unwrap_or(after);
    let (digits, rest) = digits(unsigned);
    let length = after.len().saturating_sub(rest.len());
    let ends = !digits.is_empty() && !rest.starts_with(char::is_alphanumeric);
    Some((after.get(..length)?, rest)).filter(|_| ends)
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or(("", text))
}

/// One whole number by another, in digits where these say it exactly.
fn quotient(over: &str, under: &str) -> Option<String> {
    let (minus, over) = over.trim().strip_prefix('-').map_or(("", over.trim()), |own| ("-", own));
    let number = |side: &str| {
        let fits = side.len() <= SIDE_MAX && side.bytes().all(|byte| byte.is_ascii_digit());
        if fits { side.parse::<u64>().ok() } else { None }
    };
    let (over, under) = (number(over)?, number(under.trim())?);
    let shared = divisor(over, under);
    let (over, under) = (over.checked_div(shared)?, under.checked_div(shared)?);
    let mut scale = 1_u128;
    for places in 0..=SIDE_MAX {
        if scale.checked_rem(under.into())? == 0 {
            let scaled = u128::from(over).checked_mul(scale.checked_div(under.into())?)?;
            let text = format!("{scaled:0>width$}", width = places.saturating_add(1));
            let (whole, behind) = text.split_at_checked(text.len().saturating_sub(places))?;
            let sign = if scaled == 0 { "" } else { minus };
            return Some(match behind {
                "" => format!("{sign}{whole}"),
                behind => format!("{sign}{whole}.{behind}"),
            });
        }
        scale = scale.checked_mul(10)?;
    }
    Some(format!("{minus}{over}/{under}"))
}

/// The greatest common divisor.
fn divisor(one: u64, other: u64) -> u64 {
    let (mut one, mut other) = (one, other);
    while let Some(rest) = one.checked_rem(other) {
        (one, other) = (other, rest);
    }
    one
}

/// Whether what follows a number and its unit leaves it the one that is meant.
fn may_follow(rest: &str, reasons: bool) -> bool {
    let end = rest.trim().trim_end_matches(['.', '*', '_', '`']).trim();
    if end.is_empty() || !reasons {
        return end.is_empty();
    }
    let words = rest.trim_start_matches([',', ';']).trim_start();
    let word = words.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is = |all: &[&str]| all.iter().any(|own| word.eq_ignore_ascii_case(own));
    match rest.chars().next() {
        // Another sentence.
        Some('.') => rest.starts_with(". "),
        // A list goes on with a number.
        Some(',' | ';') => {
            words.starts_with(char::is_alphabetic) && !is(&["and", "or", "to", "but", "not"])
        }
        Some(' ') if words.starts_with('(') => {
            let inside = words.split(')').next().unwrap_or_default();
            !inside.contains(|c: char| c.is_ascii_digit())
        }
        Some(' ') => is(&["because", "since"]),
        _ => false,
    }
}
