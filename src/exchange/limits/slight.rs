//! How much of a limit a worker may keep to itself for a moment.

/// What a worker need not tell the others at once of a limit is no more than one such part of what
/// is left of it.
const SLIGHT: u64 = 256;

/// Whether so much that others have not been told is little beside what is left.
pub(super) const fn is_slight(untold: u64, left: u64) -> bool {
    untold <= left / SLIGHT
}

#[cfg(test)]
mod tests {
    use super::is_slight;

    #[test]
    fn what_is_slight_depends_on_what_is_left() {
        for (untold, left, slight) in
            [(0, 0, true), (1, 255, false), (1, 256, true), (2, 511, false), (2, 512, true)]
        {
            assert_eq!(is_slight(untold, left), slight, "{untold} of {left}");
        }
    }
}
