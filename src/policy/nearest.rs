//! Suggestions for a name that does not exist: the known names nearest to it.
use crate::order;

/// The longest name that is compared with known names, in bytes. Otherwise the work would grow
/// with what an app sends.
pub(super) const COMPARED_BYTES_MAX: usize = 128;

/// Most edits between two names that count as near.
const EDITS_MAX: usize = 8;

/// Most names that are suggested.
const SUGGESTIONS_MAX: usize = 3;

/// The known names nearest to a name, nearest first, at most [`SUGGESTIONS_MAX`].
///
/// Near is one edit in a short name, a third of its length in a longer one, eight at most; or one
/// name inside the other. Takes a time that grows with the known names: those that an app can have
/// searched are few ([`super::route_names`]).
pub(super) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    if name.is_empty() || name.len() > COMPARED_BYTES_MAX {
        return Vec::new();
    }
    let name = name.to_ascii_lowercase();
    let most = (name.len() / 3).clamp(1, EDITS_MAX);
    let mut rows = Rows::default();
    let mut near: Vec<(usize, &str)> = known
        .filter_map(|own| {
            let candidate = own.to_ascii_lowercase();
            let inside = |a: &str, b: &str| a.len() > 2 && b.contains(a);
            let part = inside(&name, &candidate) || inside(&candidate, &name);
            let distance = match part {
                // What is missing is put in, and that is all.
                true => Some(name.len().abs_diff(candidate.len())),
                false => rows.distance(name.as_bytes(), candidate.as_bytes(), most),
            };
            Some((distance?, own))
        })
        .collect();
    order::sort_by_key(&mut near, |(distance, _)| *distance);
    near.into_iter().take(SUGGESTIONS_MAX).map(|(_, own)| own).collect()
}

/// The known name that was meant, where a name differs from it in a slip of the hand.
#[cfg(feature = "companion")]
pub(crate) fn meant<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let (name, mut rows) = (name.to_ascii_lowercase(), Rows::default());
    let most = (name.len() / 3).clamp(1, 2);
    let mut slip = |own: &&&str| rows.distance(name.as_bytes(), own.as_bytes(), most).is_some();
    known.iter().find(|own| name.len() <= COMPARED_BYTES_MAX && slip(own)).copied()
}

/// Rows of a table of distances, kept from one comparison to the next.
#[derive(Debug, Default)]
pub(super) struct Rows {
    above_last: Vec<usize>,
    last: Vec<usize>,
    this: Vec<usize>,
}

impl Rows {
    /// The edit distance: how many bytes have to be inserted, removed, changed or swapped with
    /// their neighbour. `None` for more than `most`.
    ///
    /// Only cells that can be within `most` are computed, `2 * most + 1` of each row, and none
    /// after a row without any: the work is at most that times the length of `from`.
    pub(super) fn distance(&mut self, from: &[u8], to: &[u8], most: usize) -> Option<usize> {
        if from.len().abs_diff(to.len()) > most {
            return None;
        }
        let Self { above_last, last, this } = self;
        let far = most.saturating_add(1);
        let width = to.len().saturating_add(1);
        for row in [&mut *above_last, &mut *this] {
            row.clear();
            row.resize(width, far);
        }
        last.clear();
        last.extend((0..width).map(|column| column.min(far)));
        for (index, own) in from.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| from.get(before));
            // Columns are counted from the empty beginning of `to`: column c ends before byte c.
            let number = index.saturating_add(1);
            let (start, end) = (number.saturating_sub(most), number.saturating_add(most));
            let mut least = far;
            // Left of the band nothing is near.
            let mut left = if start == 0 { number.min(far) } else { far };
            if let Some(first) = this.get_mut(start.saturating_sub(1)) {
                *first = left;
            }
            if start == 0 {
                least = left;
            }
            for column in start.max(1)..=end.min(to.len()) {
                let other = column.checked_sub(1).and_then(|at| to.get(at));
                let cell = |row: &[usize], back: usize| {
                    column.checked_sub(back).and_then(|at| row.get(at)).copied().unwrap_or(far)
                };
                let change = cell(last, 1).saturating_add(usize::from(Some(own) != other));
                let take = cell(last, 0).saturating_add(1);
                let put = left.saturating_add(1);
                let earlier = column.checked_sub(2).and_then(|at| to.get(at));
                let swapped = before.is_some() && before == other && earlier == Some(own);
                let swap = if swapped { cell(above_last, 2).saturating_add(1) } else { far };
                left = change.min(take).min(put).min(swap).min(far);
                least = least.min(left);
                if let Some(slot) = this.get_mut(column) {
                    *slot = left;
                }
            }
            // Right of the band nothing is near either: what an earlier row left there goes.
            if let Some(next) = this.get_mut(end.saturating_add(1)) {
                *next = far;
            }
            if least > most {
                return None;
            }
            core::mem::swap(above_last, last);
            core::mem::swap(last, this);
        }
        last.last().copied().filter(|distance| *distance <= most)
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    /// The same by its definition, every cell of it.
    #[expect(clippy::arithmetic_side_effects, reason = "lengths of a few letters")]
    fn plainly(from: &[u8], to: &[u8]) -> usize {
        let mut table = vec![vec![0_usize; to.len() + 1]; from.len() + 1];
        for row in 0..=from.len() {
            for column in 0..=to.len() {
                table[row][column] = match (row, column) {
                    (0, far) | (far, 0) => far,
                    _ => {
                        let same = from[row - 1] == to[column - 1];
                        let mut least = (table[row - 1][column - 1] + usize::from(!same))
                            .min(table[row - 1][column] + 1)
                            .min(table[row][column - 1] + 1);
                        let swapped = row > 1
                            && column > 1
                            && from[row - 2] == to[column - 1]
                            && from[row - 1] == to[column - 2];
                        if swapped {
                            least = least.min(table[row - 2][column - 2] + 1);
                        }
                        least
                    }
                };
            }
        }
        table[from.len()][to.len()]
    }

    /// Every text of up to five letters of three.
    fn texts() -> Vec<Vec<u8>> {
        let mut all = vec![Vec::new()];
        let mut last = all.clone();
        for _ in 0..5 {
            last = last
                .iter()
                .flat_map(|text: &Vec<u8>| {
                    b"abc".map(|letter| [text.as_slice(), &[letter]].concat())
                })
                .collect();
            all.extend(last.clone());
        }
        all
    }

    #[test]
    fn a_band_finds_what_a_whole_table_does() {
        let mut rows = Rows::default();
        let texts = texts();
        for from in texts.iter().step_by(3) {
            for to in &texts {
                let distance = plainly(from, to);
                for most in 1..=4 {
                    let expected = Some(distance).filter(|distance| *distance <= most);
                    assert_eq!(rows.distance(from, to, most), expected, "{from:?} {to:?} {most}");
                }
            }
        }
    }
}
