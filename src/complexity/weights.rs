//! What was learned from labels, as whole numbers.
use super::features::Features;
use super::hash::TABLE_BITS;
use super::kinds::{Kind, nearest};
use super::lexical::LEXICAL;
use super::score::Score;

/// Scores are read off straight lines between so many points.
pub const KNOTS: usize = 33;

/// Most routes that weights know.
pub const ROUTES_MAX: usize = 1024;

/// How far a number may be from its usual value, in 64ths of its spread.
const FAR: i32 = 192;

/// One quality in a raw score: 1.0 is so much.
pub const ONE: i64 = 1 << 16;

/// How one number of a text is weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lexical {
    /// Its usual value.
    pub centre: u16,
    /// 16,384 by its spread.
    pub inverse: u16,
    /// What it weighs, in [`Weights::lexical_scale`].
    pub weight: i8,
}

impl Lexical {
    /// How unusual a value is, in 64ths of its spread.
    #[must_use]
    pub fn standing(&self, value: u16) -> i32 {
        let off = i32::from(value).saturating_sub(self.centre.into());
        (off.saturating_mul(self.inverse.into()) >> 8).clamp(-FAR, FAR)
    }
}

/// What a route gains by the premium model, beside what its texts say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// Its part of the raw score.
    pub mean: i32,
}

/// What was learned from labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// The table has two to this power of weights.
    pub bits: u32,
    /// What each place weighs, in [`Weights::table_scale`].
    pub table: Vec<i8>,
    /// Raw score of a weight of one, times 256.
    pub table_scale: u32,
    /// How the numbers of a text are weighed.
    pub lexical: [Lexical; LEXICAL],
    /// Raw score of a weight of one at a standing of one 64th, times 65,536.
    pub lexical_scale: u32,
    /// The raw score of a text that is usual in every way.
    pub bias: i32,
    /// The raw scores below which so many 32nds of the labelled requests are.
    pub knots: [i32; KNOTS],
    /// Below it the budget model is enough.
    pub threshold: Score,
    /// The kinds of texts that were labelled; where there are none, every text is of one.
    pub kinds: Vec<Kind>,
    /// The routes that had labels enough, by name.
    pub routes: Vec<Route>,
}

impl Weights {
    /// Whether a route had labels enough.
    #[must_use]
    pub fn names(&self, route: &str) -> bool {
        self.routes.binary_search_by(|own| own.name.as_str().cmp(route)).is_ok()
    }

    /// The part of a route, `None` for one that is not known.
    ///
    /// Where labels name no route at all, every route is treated as they are; without a route the
    /// text has to say all.
    #[must_use]
    pub fn route(&self, name: Option<&str>) -> Option<i32> {
        let Some(name) = name.filter(|_| !self.routes.is_empty()) else { return Some(0) };
        let at = self.routes.binary_search_by(|route| route.name.as_str().cmp(name)).ok()?;
        self.routes.get(at).map(|route| route.mean)
    }

    /// What is gained by the premium model, of [`ONE`], from the sum of the weights of distinct
    /// places, their count, and the numbers of a text.
    #[must_use]
    pub fn raw(&self, sum: i64, count: u32, standings: &[i32; LEXICAL], route: i32) -> i32 {
        // The root of the count, times 256: long texts have more places, not more weight.
        let root = i64::try_from((u64::from(count) << 16).isqrt()).unwrap_or(i64::MAX);
        let hashed = sum.saturating_mul(self.table_scale.into()).checked_div(root).unwrap_or(0);
        let both = self.lexical.iter().zip(standings);
        let weighed = both.map(|(own, standing)| standing.wrapping_mul(own.weight.into()));
        let counted = i64::from(weighed.fold(0, i32::wrapping_add));
        let counted = counted.saturating_mul(self.lexical_scale.into()) >> 16;
        let all = hashed.saturating_add(counted).saturating_add(self.bias.into());
        let all = all.saturating_add(route.into());
        i32::try_from(all.clamp(i32::MIN.into(), i32::MAX.into())).unwrap_or(0)
    }

    /// The raw score of a text that was read before.
    #[must_use]
    pub fn raw_of(&self, features: &Features, route: i32) -> i32 {
        let (mut sum, mut count, mut before) = (0_i64, 0_u32, None);
        for place in &features.places {
            let place = place.wrapping_shr(TABLE_BITS.saturating_sub(self.bits));
            // They are in order, so equal ones are neighbours.
            if before != Some(place) {
                sum = sum.saturating_add(self.weight(place).into());
                count = count.saturating_add(1);
                before = Some(place);
            }
        }
        self.raw(sum, count, &self.standings(&features.lexical), route)
    }

    /// How unusual the numbers of a text are.
    #[must_use]
    pub fn standings(&self, lexical: &[u16; LEXICAL]) -> [i32; LEXICAL] {
        let mut standings = [0; LEXICAL];
        let all = self.lexical.iter().zip(lexical).map(|(own, value)| own.standing(*value));
        standings.iter_mut().zip(all).for_each(|(to, standing)| *to = standing);
        standings
    }

    /// Whether a text is of a kind that was labelled, by its standings and a bit for each place
    /// that it has.
    ///
    /// Of a route that the labels name its words may be others than usual: what asks for that
    /// route says what work it is.
    #[must_use]
    pub fn is_familiar(
        &self,
        standings: &[i32; LEXICAL],
        seen: &[u64],
        route: Option<&str>,
    ) -> bool {
        let named = route.is_some() && !self.routes.is_empty();
        nearest(&self.kinds, standings).is_none_or(|(kind, distance)| {
            distance <= kind.limit && (named || kind.strange(seen) <= kind.others)
        })
    }

    /// A bit for each place of a text that was read before.
    #[must_use]
    pub fn seen(&self, features: &Features) -> Vec<u64> {
        let mut seen = vec![0_u64; self.table.len().div_ceil(64)];
        for place in &features.places {
            let place = place.wrapping_shr(TABLE_BITS.saturating_sub(self.bits));
            let word = usize::try_from(place >> 6).ok().and_then(|at| seen.get_mut(at));
            word.into_iter().for_each(|word| *word |= 1_u64.wrapping_shl(place));
        }
        seen
    }

    /// What a place weighs.
    #[must_use]
    pub fn weight(&self, place: u32) -> i8 {
        usize::try_from(place).ok().and_then(|at| self.table.get(at)).copied().unwrap_or(0)
    }

    /// The score that stands for a raw score: its place among the labelled requests.
    #[must_use]
    pub fn score(&self, raw: i32) -> Score {
        let above = self.knots.partition_point(|knot| *knot <= raw);
        let Some(below) = above.checked_sub(1) else { return Score::LEAST };
        let (Some(low), Some(high)) = (self.knots.get(below), self.knots.get(above)) else {
            return Score::MOST;
        };
        let width = i64::from(*high).saturating_sub((*low).into()).max(1);
        let along = i64::from(raw).saturating_sub((*low).into());
        // Both are at most 2^32 wide and there are 32 steps, so nothing of it overflows.
        let step = i64::from(Score::PARTS);
        let whole = i64::try_from(below).unwrap_or(0).saturating_mul(step);
        let part = along.saturating_mul(step).checked_div(width).unwrap_or(0);
        let parts = whole.saturating_add(part) / STEPS;
        Score::of_parts(u16::try_from(parts).unwrap_or(Score::PARTS))
    }
}

/// Steps between the knots.
const STEPS: i64 = 32;

#[cfg(test)]
mod tests;
