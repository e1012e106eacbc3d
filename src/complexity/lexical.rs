//! The counts of a text as numbers that a linear model can weigh.
use super::keywords::GROUPS;
use super::text::{Counts, DIGIT, FIRST_SIGN, HIGH, LOWER, UPPER, WIDE};

/// How many numbers there are.
pub const LEXICAL: usize = 64;

/// Bits of a part of the logarithm to the base of 2: sixteen of them are a doubling.
const STEP_BITS: u32 = 4;

/// The logarithm of one more than a count, in sixteenths, with straight lines between the powers
/// of two: the same on every machine.
pub(super) fn log(count: u64) -> u16 {
    let value = count.saturating_add(1);
    let power = value.ilog2();
    let above = value.saturating_sub(1_u64.wrapping_shl(power));
    // The part that follows the first bit, as far as sixteenths go.
    let part = if power < STEP_BITS {
        above.wrapping_shl(STEP_BITS.wrapping_sub(power))
    } else {
        above.wrapping_shr(power.wrapping_sub(STEP_BITS))
    };
    let whole = power.wrapping_shl(STEP_BITS);
    u16::try_from(whole).unwrap_or(u16::MAX).saturating_add(u16::try_from(part).unwrap_or(0))
}

/// A share in 256ths.
fn share(part: u32, whole: u64) -> u16 {
    let exact = u64::from(part).wrapping_mul(256).checked_div(whole);
    exact.map_or(0, |exact| u16::try_from(exact).unwrap_or(u16::MAX))
}

/// Signs whose number counts; brackets count with their partners.
const SIGNS: [u8; 23] = *b".,?!:;\"'`([{<=+-*/^%\\$_";

/// Signs of arithmetic, which count together too.
const ARITHMETIC: [u8; 6] = *b"+-*/^=";

const _: () = assert!(3 + 17 + SIGNS.len() + GROUPS + 4 == LEXICAL, "a number without a place");

/// The numbers of a text.
pub(super) fn lexical(counts: &Counts, tools: usize) -> [u16; LEXICAL] {
    let of_kind = |kind: u8| counts.bytes.get(usize::from(kind)).copied().unwrap_or(0);
    let letters = of_kind(LOWER).saturating_add(of_kind(UPPER));
    let read: u64 = counts.bytes.iter().map(|n| u64::from(*n)).sum();
    let signs = counts.bytes.iter().skip(FIRST_SIGN).fold(0_u32, |all, n| all.saturating_add(*n));
    let long = [
        counts.length,
        u64::try_from(tools).unwrap_or(u64::MAX),
        ARITHMETIC.iter().map(|sign| u64::from(counts.of(*sign))).sum(),
    ];
    let structure = [
        counts.words,
        counts.lines,
        counts.longest_line,
        counts.blank_lines,
        counts.indented_lines,
        counts.bullets,
        counts.headings,
        counts.options,
        counts.fences,
        counts.numbers,
        counts.capitals,
        counts.long_words,
        counts.longest_words,
        of_kind(DIGIT),
        of_kind(UPPER),
        of_kind(HIGH),
        of_kind(WIDE),
    ];
    let shares = [
        share(of_kind(DIGIT), read),
        share(letters, read),
        share(signs, read),
        share(letters, counts.words.into()),
    ];
    let of_signs = SIGNS.map(|sign| counts.of(sign));
    let short = structure.iter().chain(&of_signs).chain(&counts.groups).map(|n| log((*n).into()));
    let all = long.into_iter().map(log).chain(short).chain(shares);
    let mut lexical = [0; LEXICAL];
    lexical.iter_mut().zip(all).for_each(|(to, value)| *to = value);
    lexical
}

#[cfg(test)]
mod tests {
    use super::log;

    #[test]
    fn logarithms_grow_by_sixteen_with_each_doubling() {
        for (count, sixteenths) in [(0, 0), (1, 16), (2, 24), (3, 32), (7, 48), (8, 50)] {
            assert_eq!(log(count), sixteenths, "{count}");
        }
        assert_eq!(log(u64::MAX), 63 * 16 + 15);
    }
}
