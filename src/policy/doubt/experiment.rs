//! Experiments that no request comes to, and arms without units.
use super::super::document::Content;
use super::super::experiment::{Experiment, Unit};
use super::super::identity::{callers, may_tell_users};
use super::super::{Node, Policy};

/// Doubts about experiments.
pub(super) fn of_experiments(root: &Node, policy: &Policy, doubts: &mut Vec<String>) {
    let own = policy.experiments();
    for (at, second) in own.iter().enumerate() {
        let name = &second.name;
        let place = place(root, name);
        let first = own.iter().take(at).find(|first| first.leaves_none_to(second));
        doubts.extend(first.map(|first| {
            format!(
                "{place}: `{name}` changes the chain, and so does `{}` before it, which has every \
                 request that it is for: put both into one layer, or say which requests each is \
                 for",
                first.name
            )
        }));
        doubts
            .extend(undrawn(second, policy).map(|why| format!("{place}: nobody is drawn: {why}")));
        let weights = weights(root, name);
        for (at, arm) in second.arms.iter().enumerate().filter(|(at, _)| !second.has_units(*at)) {
            if weights.get(at).is_some_and(|weight| *weight > 0.0) {
                doubts.push(format!(
                    "{place}.arms[{at}]: `{}` has no unit: beside the weights of the others its \
                     own is less than one part of 10000",
                    arm.name
                ));
            }
        }
    }
    for own in policy.shadows().iter().filter(|own| own.rate == 0) {
        let place = place(root, &own.name);
        doubts.push(format!("{place}.shadow.rate: nothing is copied: it is 0%"));
    }
}

/// Why an experiment never draws anybody.
fn undrawn(own: &Experiment, policy: &Policy) -> Option<&'static str> {
    let callers = callers(policy.identity());
    match own.unit {
        _ if own.has_no_share() => Some("its `share` is 0%"),
        _ if own.holds_all_out() => Some("its `holdout` is 100%"),
        Unit::User if !may_tell_users(policy.identity()) => {
            Some("its `unit` is a user, and `identity` names no `user`")
        }
        Unit::Key if callers.keys.is_empty() => {
            Some("its `unit` is a key, and `identity` names no `key`")
        }
        _ => None,
    }
}

/// The experiments as they are written.
fn written(root: &Node) -> impl Iterator<Item = (usize, &Node)> {
    let all = root.member("experiments").and_then(Node::items).unwrap_or_default();
    all.iter().enumerate()
}

fn is_named(node: &Node, name: &str) -> bool {
    node.member("name").and_then(Node::text) == Some(name)
}

/// Where an experiment stands.
fn place(root: &Node, name: &str) -> String {
    let at = written(root).find(|(_, node)| is_named(node, name));
    at.map_or_else(|| "experiments".to_owned(), |(at, _)| format!("experiments[{at}]"))
}

/// The weights of an experiment's arms, as they are written.
fn weights(root: &Node, name: &str) -> Vec<f64> {
    let own = written(root).find(|(_, node)| is_named(node, name));
    let arms = own.and_then(|(_, node)| node.member("arms")?.items());
    let weight = |arm: &Node| match &arm.member("weight")?.content {
        Content::Number(text) => text.parse().ok(),
        _ => None,
    };
    arms.unwrap_or_default().iter().map(|arm| weight(arm).unwrap_or_default()).collect()
}
