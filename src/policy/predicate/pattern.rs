//! Patterns that texts are searched for. The search takes a time that grows with the text's length
//! times the pattern's size, whatever both are, and both have a bound.
use regex_lite::{Regex, RegexBuilder};

use super::super::field::{Kind, Read, Shape, Spot, Text, shown};
use super::text::head;

/// Longest pattern, in bytes.
const LONGEST: usize = 256;

/// Most bytes of what a pattern becomes: thirty words in any case are within it.
const SIZE_MAX: usize = 16 << 10;

/// Most bytes of texts that one pattern is looked for in.
pub(super) const SEARCHED: usize = 16 << 10;

/// A pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern;

impl Kind for Pattern {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a regular expression",
            pattern: "^.+$",
            longest: Some(LONGEST),
            example: "(?i)prove|refactor",
            ..Text::default()
        })
    }
}

impl Read for Pattern {
    type Value = Regex;

    fn read(&self, spot: &Spot<'_>) -> Option<Regex> {
        let text = spot.text("a regular expression")?;
        if text.is_empty() || text.len() > LONGEST {
            spot.problem(format!(
                "expected a regular expression of 1 to {LONGEST} bytes, found {}",
                text.len()
            ));
            return None;
        }
        let built = RegexBuilder::new(text).size_limit(SIZE_MAX).nest_limit(32).build();
        if let Err(wrong) = &built {
            spot.problem(format!(
                "`{}` is no regular expression that can be searched for: {wrong}",
                shown(text)
            ));
        }
        let regex = built.ok()?;
        if regex.is_match("") {
            spot.problem(format!("`{}` is found in every text, even in none", shown(text)));
        }
        Some(regex)
    }
}

/// Whether one of the texts has the pattern in it, as far as they are looked at.
pub(super) fn is_in<'a>(pattern: &Regex, texts: impl Iterator<Item = &'a str>) -> bool {
    let mut left = SEARCHED;
    for text in texts {
        let text = head(text, left);
        if pattern.is_match(text) {
            return true;
        }
        left = left.saturating_sub(text.len());
        if left == 0 {
            break;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_words_in_any_case_are_within_the_bound() {
        let words = "prove|refactor|derive|theorem|optimise|architect|integral|concurrency";
        for (pattern, fits) in [
            (format!("(?i){words}|{words}|{words}|{words}").get(..256).unwrap_or_default(), true),
            (r"\b[A-Z]{2,5}-[0-9]{1,6}\b", true),
            (r"(a{90}){90}", false),
        ] {
            let built = RegexBuilder::new(pattern).size_limit(SIZE_MAX).build();
            assert_eq!(built.is_ok(), fits, "{pattern}: {built:?}");
        }
    }

    #[test]
    fn a_text_is_searched_so_far_and_no_further() {
        let Ok(regex) = Regex::new("needle") else { return };
        let hay = |bytes: usize| format!("{}needle", "x".repeat(bytes));
        assert!(is_in(&regex, [&*hay(SEARCHED - 6)].into_iter()));
        assert!(!is_in(&regex, [&*hay(SEARCHED)].into_iter()));
        assert!(is_in(&regex, ["", "a needle"].into_iter()));
        assert!(!is_in(&regex, [&*"é".repeat(SEARCHED), "needle"].into_iter()));
    }
}
