//! The names that apps ask for. The cost of a lookup, and of suggestions for a name that does not
//! exist, hardly grows with their number.
use super::nearest::{COMPARED_BYTES_MAX, nearest};
use super::route::Route;
use crate::order;

/// The names of all routes, in the orders in which they are searched.
#[derive(Debug, Clone)]
pub(super) struct RouteNames {
    /// Every name and the index of its route, in the order of the names.
    exact: Vec<(String, usize)>,
    /// Names in lower case and their indices in `exact`, in order: names that begin alike are
    /// neighbours.
    by_start: Vec<(String, usize)>,
    /// The same of the names read backwards: names that end alike are neighbours.
    by_end: Vec<(String, usize)>,
}

/// How many names before and after the place of a missing one are compared with it, in each order.
/// A slip at one place leaves the beginning or the end as it was, so that the name that was meant
/// is near that place.
const NEIGHBOURS: usize = 12;

impl RouteNames {
    pub(super) fn of(routes: &[Route]) -> Self {
        let names = |(index, route): (usize, &Route)| {
            let named = route.names.iter().map(move |name| (name.clone(), index));
            named.collect::<Vec<_>>()
        };
        let mut exact: Vec<(String, usize)> = routes.iter().enumerate().flat_map(names).collect();
        order::sort(&mut exact);
        let order = |key: fn(&str) -> String| {
            let keys = exact.iter().enumerate().map(|(index, (name, _))| (key(name), index));
            let mut keys: Vec<_> = keys.collect();
            order::sort(&mut keys);
            keys
        };
        let (by_start, by_end) = (order(str::to_ascii_lowercase), order(backwards));
        Self { exact, by_start, by_end }
    }

    /// The index of the route of that name.
    pub(super) fn route(&self, name: &str) -> Option<usize> {
        let at = self.exact.binary_search_by(|(own, _)| own.as_str().cmp(name)).ok()?;
        self.exact.get(at).map(|(_, route)| *route)
    }

    /// The names nearest to one that does not exist, nearest first, three at most.
    pub(super) fn nearest(&self, name: &str) -> Vec<&str> {
        if name.len() > COMPARED_BYTES_MAX {
            return Vec::new();
        }
        nearest(name, self.candidates(name))
    }

    /// The names to compare, each once: at most `4 * NEIGHBOURS`.
    fn candidates(&self, name: &str) -> impl Iterator<Item = &str> {
        let mut found: Vec<usize> = beside(&self.by_start, &name.to_ascii_lowercase())
            .chain(beside(&self.by_end, &backwards(name)))
            .collect();
        order::sort(&mut found);
        found.dedup();
        found.into_iter().filter_map(|index| self.exact.get(index)).map(|(name, _)| name.as_str())
    }
}

fn backwards(name: &str) -> String {
    name.to_ascii_lowercase().chars().rev().collect()
}

/// The indices of the names on both sides of a key's place.
fn beside<'n>(order: &'n [(String, usize)], key: &str) -> impl Iterator<Item = usize> + use<'n> {
    let at = order.partition_point(|(own, _)| own.as_str() < key);
    let from = at.saturating_sub(NEIGHBOURS);
    let to = at.saturating_add(NEIGHBOURS).min(order.len());
    order.get(from..to).unwrap_or_default().iter().map(|(_, index)| *index)
}

#[cfg(test)]
mod tests {
    use super::{NEIGHBOURS, RouteNames};
    use crate::policy::route::{ByClass, Choices};
    use crate::policy::{AnswerModel, Route};

    fn many(count: usize) -> RouteNames {
        let name = |index: usize| format!("team-{index:05}/claude-sonnet-{}", index % 7);
        let route = |index| Route {
            names: vec![name(index)],
            answer_model: AnswerModel::Asked,
            context: None,
            app_may_choose: Choices::default(),
            chains: ByClass::One(index),
        };
        let routes: Vec<Route> = (0..count).map(route).collect();
        RouteNames::of(&routes)
    }

    #[test]
    fn every_name_finds_its_route() {
        let names = many(5000);
        assert_eq!(names.route("team-00000/claude-sonnet-0"), Some(0));
        assert_eq!(names.route("team-04999/claude-sonnet-1"), Some(4999));
        assert_eq!(names.route("team-05000/claude-sonnet-2"), None);
        assert_eq!(names.route("Team-00000/claude-sonnet-0"), None);
    }

    #[test]
    fn of_ten_thousand_names_a_few_are_compared() {
        let names = many(10_000);
        for asked in ["", "t", "team-04321/claude-sonet-2", "zzz", &"team-0".repeat(21)] {
            let compared = names.candidates(asked).count();
            assert!(compared <= 4 * NEIGHBOURS, "{asked}: {compared}");
        }
    }

    /// A letter too many, too few, another one, two swapped: at any place of the name.
    #[test]
    fn among_ten_thousand_the_one_that_was_meant_is_found() {
        let names = many(10_000);
        let meant = "team-04321/claude-sonnet-2";
        for at in 0..meant.len() {
            let (start, end) = meant.split_at(at);
            let rest = end.get(1..).unwrap();
            let swapped = match end.split_at_checked(2) {
                Some((two, rest)) => {
                    let swapped: String = two.chars().rev().collect();
                    format!("{start}{swapped}{rest}")
                }
                None => continue,
            };
            for asked in [
                format!("{start}{rest}"),
                format!("{start}x{rest}"),
                format!("{start}x{end}"),
                swapped,
            ] {
                if names.route(&asked).is_some() {
                    continue;
                }
                let nearest = names.nearest(&asked);
                // Where a digit is wrong, others are as near.
                let digit = meant.as_bytes()[at].is_ascii_digit()
                    || asked.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
                assert!(digit || nearest.contains(&meant), "{asked}: {nearest:?}");
                assert!(!nearest.is_empty(), "{asked}");
            }
        }
    }
}
