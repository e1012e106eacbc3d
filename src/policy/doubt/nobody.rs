//! Users and keys that something goes by, and that nobody can have.
use super::super::identity::{callers, may_tell_users};
use super::super::{CacheScope, Policy, RateBy, StickyBy};

/// What something goes by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    User,
    Key,
}

/// Doubts about what goes by users or keys where no caller ever has one.
pub(super) fn of_subjects(policy: &Policy, doubts: &mut Vec<String>) {
    let no_user = !may_tell_users(policy.identity());
    let no_key = callers(policy.identity()).keys.is_empty();
    let missing = |by: By| match by {
        By::User => no_user.then_some("`identity` tells no `user` of anybody"),
        By::Key => no_key.then_some("`identity` gives no key a `key`, which is its name"),
    };
    for (at, rule) in policy.rates().iter().enumerate() {
        let why = match rule.by {
            RateBy::User => missing(By::User),
            RateBy::Key => missing(By::Key),
            RateBy::Tenant | RateBy::Session | RateBy::Model => None,
        };
        doubts.extend(
            why.map(|why| format!("limits.rate[{at}].by: nobody is limited by this rule: {why}")),
        );
    }
    if policy.cache().is_some_and(|own| own.scope == CacheScope::User) {
        doubts.extend(missing(By::User).map(|why| {
            format!(
                "cache.scope: all callers of a tenant are given each other's answers, as with \
                 `tenant`: {why}"
            )
        }));
    }
    let why = match policy.sticky().map(|own| &own.by) {
        Some(StickyBy::User) => missing(By::User),
        Some(StickyBy::Key) => missing(By::Key),
        _ => None,
    };
    doubts.extend(why.map(|why| format!("sticky.by: nothing keeps its model by this: {why}")));
}
