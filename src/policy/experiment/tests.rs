//! Split sizes, stickiness, ramps, layers and hold-outs, counted over 100,000 units.
use super::*;

const UNITS: usize = 100_000;

fn units() -> impl Iterator<Item = Vec<u8>> {
    (0..UNITS).map(|unit| format!("tenant-{}\u{1f}user-{unit}", unit % 7).into_bytes())
}

fn experiment(name: &str, weights: &[u64]) -> Experiment {
    let arm = |index: usize| Arm { name: format!("arm-{index}").into(), chain: None, adds: None };
    let name: Rc<str> = name.into();
    Experiment {
        place: 0,
        unit: Unit::User,
        arms: (0..weights.len()).map(arm).collect(),
        scope: Scope::default(),
        slots: Slots::by(weights).unwrap_or_else(|| panic!("no weights")),
        holdout: 0,
        layer: Layer { name: Rc::clone(&name), slots: None, place: 1 },
        name,
    }
}

fn draws(experiment: &Experiment) -> Vec<Draw> {
    units().map(|unit| experiment.draw(&unit)).collect()
}

fn count(draws: &[Draw], of: Draw) -> f64 {
    draws.iter().filter(|draw| **draw == of).count() as f64
}

/// Within four standard deviations of what is expected of independent draws, and within one per
/// cent of all units.
fn near(found: f64, share: f64) {
    let expected = share * UNITS as f64;
    let deviation = (expected * (1.0 - share)).sqrt();
    let most = (4.0 * deviation).min(0.01 * UNITS as f64);
    assert!((found - expected).abs() <= most, "{found} instead of {expected}");
}

#[test]
fn arms_are_as_large_as_their_weights() {
    for weights in [&[90_u64, 10][..], &[1, 1], &[1, 1, 1], &[999, 1], &[5, 20, 25, 50]] {
        let sum: u64 = weights.iter().sum();
        let draws = draws(&experiment("sizes", weights));
        for (arm, weight) in weights.iter().enumerate() {
            near(count(&draws, Draw::In(arm)), *weight as f64 / sum as f64);
        }
    }
}

#[test]
fn a_ramp_moves_those_who_must_and_no_others() {
    for (before, after, share) in [
        (&[90_u64, 10][..], &[50_u64, 50][..], 0.4),
        (&[80, 10, 10], &[70, 20, 10], 0.1),
        (&[80, 10, 10], &[40, 30, 30], 0.4),
        (&[100, 0], &[99, 1], 0.01),
    ] {
        let (one, other) = (experiment("ramp", before), experiment("ramp", after));
        let (one, other) = (draws(&one), draws(&other));
        let moved = one.iter().zip(&other).filter(|(one, other)| one != other);
        let moved: Vec<_> = moved.collect();
        near(moved.len() as f64, share);
        // All of them leave the arm that shrinks.
        assert!(moved.iter().all(|(one, other)| **one == Draw::In(0) && **other != Draw::In(0)));
    }
}

/// Whichever of two arms grows: who is in it stays, and the other one gives as many as it must.
#[test]
fn nobody_leaves_an_arm_that_grows() {
    for (before, after, share) in [
        (&[1_u64, 9][..], &[5_u64, 5][..], 0.4),
        (&[9, 1], &[5, 5], 0.4),
        (&[0, 1], &[1, 3], 0.25),
        (&[2, 1], &[4, 2], 0.0),
    ] {
        let (one, other) = (experiment("grows", before), experiment("grows", after));
        let (one, other) = (draws(&one), draws(&other));
        let grows =
            usize::from(before[0] * (after[0] + after[1]) > after[0] * (before[0] + before[1]));
        let moved: Vec<_> = one.iter().zip(&other).filter(|(one, other)| one != other).collect();
        near(moved.len() as f64, share);
        assert!(moved.iter().all(|(_, other)| **other == Draw::In(grows)), "{before:?} {after:?}");
    }
}

/// An experiment as a policy has it, among others.
fn read(experiments: &str, name: &str) -> Experiment {
    let policy = format!(
        r#"{{"version":"tradewind/v1","identity":[{{"anonymous":{{"tenant":"t"}}}}],
        "providers":{{"p":{{"dialect":"openai","endpoint":"https://p.test"}}}},
        "models":{{"m":{{"provider":"p","name":"m","context_window":9000,"max_output_tokens":90}}}},
        "chains":{{"c":["m"]}},"routes":[{{"models":["auto"],"chain":"c"}}],
        "experiments":[{experiments}]}}"#
    );
    let policy = crate::policy::Policy::from_json(policy.as_bytes());
    let policy = policy.unwrap_or_else(|problems| panic!("{problems:?}"));
    let found = policy.experiments().iter().find(|own| &*own.name == name);
    found.unwrap_or_else(|| panic!("no {name}")).clone()
}

#[test]
fn a_unit_keeps_its_arm_whatever_else_a_policy_says() {
    let alone = r#"{"name":"tone","unit":"user","holdout":"5%",
        "arms":[{"name":"a","weight":1},{"name":"b","weight":3}]}"#;
    let among = r#"{"name":"new","unit":"user","arms":[{"name":"a","weight":1},{"name":"b","weight":1}]},
        {"name":"tone","routes":["auto"],"when":{"stream":false},"unit":"user","holdout":"5%","arms":[
        {"name":"control","weight":25,"prompt":{"append_system":"Be brief."}},
        {"name":"other","weight":75,"models":["m"],"prompt":{"set":{"temperature":0.2}}}]}"#;
    let (alone, among) = (draws(&read(alone, "tone")), draws(&read(among, "tone")));
    assert!(alone == among);
    near(count(&alone, Draw::HeldOut), 0.05);
    near(count(&alone, Draw::In(1)), 0.95 * 0.75);
}

#[test]
fn layers_of_a_policy_share_out_their_units() {
    let layer = r#"
        {"name":"a","unit":"user","layer":"l","share":"30%","arms":[{"name":"x","weight":1},{"name":"y","weight":1}]},
        {"name":"alone","unit":"user","share":"40%","arms":[{"name":"x","weight":1},{"name":"y","weight":1}]},
        {"name":"b","unit":"user","layer":"l","share":"50%","holdout":"10%","arms":[{"name":"x","weight":1},{"name":"y","weight":1}]}"#;
    let [a, b, alone] = ["a", "b", "alone"].map(|name| draws(&read(layer, name)));
    let is_in = |draw: &Draw| *draw != Draw::Out;
    assert!(!a.iter().zip(&b).any(|(a, b)| is_in(a) && is_in(b)));
    near(a.iter().filter(|own| is_in(own)).count() as f64, 0.3);
    near(b.iter().filter(|own| is_in(own)).count() as f64, 0.5);
    near(count(&b, Draw::HeldOut), 0.05);
    near(a.iter().zip(&b).filter(|(a, b)| !is_in(a) && !is_in(b)).count() as f64, 0.2);
    // What is drawn elsewhere has nothing to do with it.
    near(a.iter().zip(&alone).filter(|(a, own)| is_in(a) && is_in(own)).count() as f64, 0.12);
}

/// Whichever experiment of a layer grows into what is free: those of the others stay.
#[test]
fn an_experiment_of_a_layer_grows_into_what_is_free() {
    let with = |shares: [u64; 3]| {
        let item = |(name, share)| {
            format!(
                r#"{{"name":"{name}","unit":"user","layer":"l","share":"{share}%","arms":[{{"name":"x","weight":1}},{{"name":"y","weight":1}}]}}"#
            )
        };
        let items: Vec<String> = ["a", "b", "c"].into_iter().zip(shares).map(item).collect();
        ["a", "b", "c"].map(|name| draws(&read(&items.join(","), name)))
    };
    let before = with([30, 30, 30]);
    for (grows, shares) in [(0, [40, 30, 30]), (1, [30, 40, 30]), (2, [30, 30, 40])] {
        for (at, (one, other)) in before.iter().zip(&with(shares)).enumerate() {
            let moved = one.iter().zip(other).filter(|(one, other)| one != other).count();
            near(moved as f64, if at == grows { 0.1 } else { 0.0 });
        }
    }
}

#[test]
fn what_is_drawn_for_one_says_nothing_of_another() {
    let (one, other) = (experiment("one", &[1, 1]), experiment("other", &[3, 1]));
    let (one, other) = (draws(&one), draws(&other));
    let both = one.iter().zip(&other);
    let both = both.filter(|(one, other)| **one == Draw::In(1) && **other == Draw::In(1)).count();
    near(both as f64, 0.5 * 0.25);
}

#[test]
fn experiments_of_one_layer_have_no_unit_in_common() {
    let layer = |name: &str, place: usize, shares: &[u64]| Experiment {
        layer: Layer { name: "layer".into(), slots: Slots::by(shares).map(Rc::new), place },
        ..experiment(name, &[1, 1])
    };
    let shares = &[5000, 3000, 2000];
    let (one, other) = (draws(&layer("a", 1, shares)), draws(&layer("b", 2, shares)));
    let is_in = |draw: &Draw| *draw != Draw::Out;
    assert!(one.iter().zip(&other).all(|(one, other)| !(is_in(one) && is_in(other))));
    near(one.iter().filter(|draw| is_in(draw)).count() as f64, 0.3);
    near(other.iter().filter(|draw| is_in(draw)).count() as f64, 0.2);
    near(count(&one, Draw::In(1)), 0.15);
    // A share that grows takes nobody from the other, and keeps who it had.
    let grown = &[3000, 5000, 2000];
    let (more, same) = (draws(&layer("a", 1, grown)), draws(&layer("b", 2, grown)));
    assert_eq!(same, other);
    assert!(one.iter().zip(&more).all(|(one, more)| *one == Draw::Out || one == more));
}

#[test]
fn who_is_held_out_stays_so_whatever_the_weights() {
    let held = |weights: &[u64]| Experiment { holdout: 500, ..experiment("held", weights) };
    let (one, other) = (draws(&held(&[1, 1])), draws(&held(&[9, 1])));
    near(count(&one, Draw::HeldOut), 0.05);
    near(count(&one, Draw::In(0)), 0.475);
    let alike = |(one, other): (&Draw, &Draw)| (*one == Draw::HeldOut) == (*other == Draw::HeldOut);
    assert!(one.iter().zip(&other).all(alike));
}
