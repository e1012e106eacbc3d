//! A request's score and class, from what was learned or from its length alone.
use super::hash::place;
use super::lexical::{lexical, log};
use super::score::Score;
use super::text::Reader;
use super::weights::Weights;

/// Which of two models a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The premium model.
    Premium,
    /// The budget model is enough.
    Budget,
}

impl Class {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Premium => "premium",
            Self::Budget => "budget",
        }
    }
}

/// What a score rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The operator's labels.
    Labels,
    /// The length of the text alone: there are no weights.
    Length,
    /// Nothing: the labels hold too little of this route. The score is the threshold or more.
    UnknownRoute,
    /// Nothing: the labels hold no text of this kind. The score is the threshold or more.
    UnknownKind,
}

/// How a request was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// How hard it looks.
    pub score: Score,
    /// Which model it asks for.
    pub class: Class,
    /// What the score rests on.
    pub basis: Basis,
}

impl Judged {
    /// The score as a bound takes it that somebody sets: the highest where it rests on nothing.
    #[must_use]
    pub const fn bounded(&self) -> Score {
        match self.basis {
            Basis::Labels | Basis::Length => self.score,
            Basis::UnknownRoute | Basis::UnknownKind => Score::MOST,
        }
    }
}

/// What judges requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classifier {
    weights: Option<Weights>,
    /// Below it the budget model is enough.
    threshold: Score,
}

impl Classifier {
    /// One that has no weights: the score is the length of all texts, [`Score::LEAST`] up to 16
    /// bytes and [`Score::MOST`] from 64 KiB on, and an equal part more for each doubling.
    ///
    /// Of all that was tried on work whose labels were not learned from, length was the least bad,
    /// and little better than chance: so every request is premium unless a threshold is given.
    #[must_use]
    pub const fn baseline() -> Self {
        Self { weights: None, threshold: Score::LEAST }
    }

    /// One that uses what was learned.
    #[must_use]
    pub const fn new(weights: Weights) -> Self {
        Self { threshold: weights.threshold, weights: Some(weights) }
    }

    /// The same with another threshold.
    #[must_use]
    pub fn with_threshold(self, threshold: Score) -> Self {
        Self { weights: self.weights, threshold }
    }

    /// Below it the budget model is enough.
    #[must_use]
    pub const fn threshold(&self) -> Score {
        self.threshold
    }

    /// Whether there are weights.
    #[must_use]
    pub const fn is_calibrated(&self) -> bool {
        self.weights.is_some()
    }

    /// Whether labels have named a route.
    #[must_use]
    pub fn knows(&self, route: &str) -> bool {
        self.weights.as_ref().is_some_and(|weights| weights.names(route))
    }

    /// Judges a request by its texts, the number of tools it offers and its route.
    ///
    /// What matters most comes first: of all texts the first [`super::READ_MAX`] bytes are read.
    #[must_use]
    pub fn judge<'t>(
        &self,
        texts: impl IntoIterator<Item = &'t str>,
        tools: usize,
        route: Option<&str>,
    ) -> Judged {
        let Some(weights) = &self.weights else {
            let texts = texts.into_iter().map(|text| u64::try_from(text.len()).unwrap_or(u64::MAX));
            return self.judged(by_length(texts.fold(0, u64::saturating_add)), Basis::Length);
        };
        let mean = weights.route(route);
        let (mut sum, table, bits) = (0_i32, weights.table.as_slice(), weights.bits);
        // A bit for each place.
        let mut seen = vec![0_u64; table.len().div_ceil(64)];
        // The weight of a place where it is new.
        let mut one = |hash| {
            let place = place(hash, bits);
            let at = usize::try_from(place).unwrap_or(usize::MAX);
            let (Some(word), Some(weight)) = (seen.get_mut(at >> 6), table.get(at)) else {
                return 0;
            };
            let before = *word;
            *word = before | 1_u64.wrapping_shl(place);
            // Whether a place is new is hard to foresee, so nothing branches on it.
            let known = (before.wrapping_shr(place) & 1) as i32;
            i32::from(*weight) & known.wrapping_sub(1)
        };
        let mut reader = Reader::new(|[a, b]: [u32; 2]| {
            sum = sum.wrapping_add(one(a)).wrapping_add(one(b));
        });
        texts.into_iter().for_each(|text| reader.read(text));
        let counts = reader.finish();
        let standings = weights.standings(&lexical(&counts, tools));
        let count = seen.iter().fold(0_u32, |all, word| all.wrapping_add(word.count_ones()));
        let raw = weights.raw(sum.into(), count, &standings, mean.unwrap_or(0));
        let score = weights.score(raw);
        match mean {
            None => self.judged(self.premium(score), Basis::UnknownRoute),
            Some(_) if !weights.is_familiar(&standings, &seen, route) => {
                self.judged(self.premium(score), Basis::UnknownKind)
            }
            Some(_) => self.judged(score, Basis::Labels),
        }
    }

    /// The same order of scores, all of them at the threshold or above.
    fn premium(&self, score: Score) -> Score {
        let above = u32::from(Score::PARTS.saturating_sub(self.threshold.parts()));
        let part = above.saturating_mul(score.parts().into()).checked_div(Score::PARTS.into());
        let part = part.and_then(|part| u16::try_from(part).ok()).unwrap_or(Score::PARTS);
        Score::of_parts(self.threshold.parts().saturating_add(part))
    }

    fn judged(&self, score: Score, basis: Basis) -> Judged {
        let class = if score < self.threshold { Class::Budget } else { Class::Premium };
        Judged { score, class, basis }
    }
}

fn by_length(bytes: u64) -> Score {
    let (least, most) = (log(15), log(65_535));
    let above = u32::from(log(bytes).saturating_sub(least));
    let width = u32::from(most.saturating_sub(least)).max(1);
    let parts = above.saturating_mul(Score::PARTS.into()).checked_div(width).unwrap_or(0);
    Score::of_parts(u16::try_from(parts).unwrap_or(Score::PARTS))
}
