//! Quantities with units, of which JSON Schema knows texts alone: a pattern for those in a range.

/// A pattern for whole numbers with a unit that lie in a range. `units` are their names and what
/// they are worth; zeros may stand before the number, as the reader has it.
pub(super) fn pattern(units: &[(&str, u64)], least: u64, most: u64) -> String {
    let of_unit = |(unit, worth): &(&str, u64)| {
        let (first, last) = (least.div_ceil(*worth), most.checked_div(*worth)?);
        let numbers = (first <= last).then(|| numbers(first, last))?;
        Some(format!("({}){unit}", numbers.join("|")))
    };
    let all: Vec<String> = units.iter().filter_map(of_unit).collect();
    format!("^0*({})$", all.join("|"))
}

/// Patterns for the numbers of a range, each for numbers of one length.
fn numbers(first: u64, last: u64) -> Vec<String> {
    let digits = |number: u64| number.to_string().into_bytes();
    let (shortest, longest) = (digits(first).len(), digits(last).len());
    let of_length = |length: usize| {
        let from = match length == shortest {
            true => digits(first),
            false => [vec![b'1'], vec![b'0'; length.saturating_sub(1)]].concat(),
        };
        let to = if length == longest { digits(last) } else { vec![b'9'; length] };
        between(&from, &to)
    };
    (shortest..=longest).flat_map(of_length).collect()
}

/// Patterns for the numbers between two of the same length.
fn between(from: &[u8], to: &[u8]) -> Vec<String> {
    let (Some((low, from)), Some((high, to))) = (from.split_first(), to.split_first()) else {
        return vec![String::new()];
    };
    let after = |digit: u8, rest: Vec<String>| {
        rest.into_iter().map(move |rest| format!("{}{rest}", char::from(digit)))
    };
    if low == high {
        return after(*low, between(from, to)).collect();
    }
    let (zeros, nines) = (vec![b'0'; from.len()], vec![b'9'; to.len()]);
    // Of the first digits between, any digits may follow; of the first and the last not always.
    let (mut free_from, mut free_to, mut found) = (*low, *high, Vec::new());
    if from != zeros {
        found.extend(after(*low, between(from, &nines)));
        free_from = low.saturating_add(1);
    }
    if to != nines {
        found.extend(after(*high, between(&zeros, to)));
        free_to = high.saturating_sub(1);
    }
    if free_from <= free_to {
        let any = "[0-9]".repeat(from.len());
        found.push(format!("[{}-{}]{any}", char::from(free_from), char::from(free_to)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_pattern_lists_the_numbers_of_each_unit() {
        let units = [("ms", 1), ("s", 1000)];
        assert_eq!(
            pattern(&units, 1, 2_500),
            "^0*((\
            [1-9]|[1-9][0-9]|[1-9][0-9][0-9]|2500|2[0-4][0-9][0-9]|[1-1][0-9][0-9][0-9]\
            )ms|([1-2])s)$"
        );
        assert_eq!(pattern(&units, 0, 5), "^0*(([0-5])ms|(0)s)$");
        assert_eq!(pattern(&units, 1_001, 1_999).matches(")s").count(), 0, "none of that unit");
    }
}
