//! Shares of units, to the hundredth of a per cent: a slot each.
use super::super::field::{Defaults, Kind, Read, Shape, Spot, Text, shown};
use super::slots::SLOTS;

/// A share, read as slots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Percent;

impl Kind for Percent {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a share",
            pattern: r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)%$",
            range: "0% to 100%, in hundredths".to_owned(),
            example: "5%",
            ..Text::default()
        })
    }
}

impl Defaults for Percent {
    type Literal = u32;

    fn json(&self, literal: u32) -> String {
        format!("\"{}%\"", literal / 100)
    }
}

impl Read for Percent {
    type Value = u32;

    fn read(&self, spot: &Spot<'_>) -> Option<u32> {
        let text = spot.text("a share such as `5%`")?;
        let share = percent(text);
        if share.is_none() {
            spot.problem(format!(
                "expected a share from 0% to 100% such as `5%` or `2.50%`, found `{}`",
                shown(text)
            ));
        }
        share
    }
}

fn percent(text: &str) -> Option<u32> {
    let text = text.strip_suffix('%')?;
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str, most: usize| {
        let fits = (1..=most).contains(&text.len());
        let digits = fits && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let hundredths = digits(part, 2)?.checked_mul(if part.len() == 1 { 10 } else { 1 })?;
    let share = digits(whole, 3)?.checked_mul(100)?.checked_add(hundredths)?;
    (share <= SLOTS && (whole.len() < 3 || share == SLOTS)).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_share_is_exact() {
        for (text, expected) in [
            ("5%", Some(500)),
            ("2.5%", Some(250)),
            ("0.01%", Some(1)),
            ("100%", Some(10_000)),
            ("100.00%", Some(10_000)),
            ("100.01%", None),
            ("050%", None),
            ("0.001%", None),
            ("5", None),
            (".5%", None),
            ("-1%", None),
        ] {
            assert_eq!(percent(text), expected, "{text}");
        }
    }
}
