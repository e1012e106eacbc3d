//! An axis of credits: round steps that cover the largest value.

/// Most steps of an axis.
const STEPS: u64 = 5;

/// Round steps in millionths: 1, 2 or 5 times a power of ten, as few as cover `most`.
pub(super) fn step(most: u64) -> u64 {
    let mut step = 1_u64;
    // 1, 2, 5, 10, 20, 50, …
    for factor in [2_u64, 5, 10].into_iter().cycle().scan(1_u64, |power, factor| {
        let next = power.saturating_mul(factor);
        if factor == 10 {
            *power = next;
        }
        Some(next)
    }) {
        if step.saturating_mul(STEPS) >= most || factor == u64::MAX {
            break;
        }
        step = factor;
    }
    step
}

/// How many of these steps cover it; one at least.
pub(super) fn steps(most: u64, step: u64) -> u64 {
    most.div_ceil(step.max(1)).max(1)
}

/// A value's length on an axis that is `length` long and ends at `top`.
pub(super) fn along(value: u64, top: u64, length: u64) -> u64 {
    let exact = u128::from(value).saturating_mul(length.into()).checked_div(top.into());
    exact.and_then(|along| u64::try_from(along).ok()).map_or(length, |along| along.min(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_few() {
        for (most, expected) in
            [(0, 1), (5, 1), (6, 2), (11, 5), (26, 10), (51, 20), (4_200_000, 1_000_000)]
        {
            assert_eq!(step(most), expected, "{most}");
            assert!((1..=STEPS).contains(&steps(most, step(most))), "{most}");
        }
        assert!(steps(u64::MAX, step(u64::MAX)) <= STEPS);
        assert_eq!(along(3, 4, 200), 150);
    }
}
