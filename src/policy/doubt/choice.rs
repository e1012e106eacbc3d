//! What apps may choose by a name that leads elsewhere.
use super::super::Policy;

/// Doubts about routes: behind the colon of a name one word stands for a class and a chain, or the
/// whole is the name of a route.
pub(super) fn of_routes(policy: &Policy, doubts: &mut Vec<String>) {
    for (at, route) in policy.routes().iter().enumerate() {
        let place = format!("routes[{at}].app_may_choose");
        let (classes, chains) = policy.choices(route);
        for name in chains.iter().filter(|name| classes.contains(name)) {
            doubts.push(format!(
                "{place}: behind a colon `{name}` is the class: the chain of that name can be \
                 chosen by the header `x-tradewind-chain` alone"
            ));
        }
        let chosen = classes.iter().chain(chains.iter().filter(|name| !classes.contains(name)));
        for name in chosen {
            let whole = route.names.iter().map(|own| format!("{own}:{name}"));
            for whole in whole.filter(|whole| policy.route(whole).is_some()) {
                doubts.push(format!(
                    "{place}: `{whole}` is the name of a route, so it does not choose `{name}`"
                ));
            }
        }
    }
}
