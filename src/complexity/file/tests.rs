//! Weights written and read, whole and damaged.
use super::*;
use crate::complexity::{Basis, Class, Classifier};

fn weights() -> Weights {
    let lexical = Lexical { centre: 40, inverse: 800, weight: -3 };
    let knots = core::array::from_fn(|at| i32::try_from(at).unwrap().wrapping_mul(100));
    Weights {
        bits: 8,
        table: (0..=255_u8).map(|b| i8::from_le_bytes([b])).collect(),
        table_scale: 900,
        lexical: [lexical; LEXICAL],
        lexical_scale: 70_000,
        bias: -77,
        knots,
        threshold: Score::of_parts(4321),
        kinds: vec![Kind {
            centre: [1; LEXICAL],
            tight: [20; LEXICAL],
            base: -9,
            limit: i32::MAX,
            usual: vec![u64::MAX, 7, 0, 1],
            others: 256,
        }],
        routes: vec![
            Route { name: "code".into(), mean: 900 },
            Route { name: "faq".into(), mean: -900 },
        ],
    }
}

fn resealed(bytes: &[u8]) -> Vec<u8> {
    encode(&sealed(bytes.to_vec())).into_bytes()
}

#[test]
fn are_read_as_they_were_written() {
    let (own, bytes) = (weights(), weights().bytes());
    let json = own.to_json(|out| {
        out.key("labels").number(5);
    });
    assert_eq!(Weights::parse(&json).as_ref(), Ok(&own));
    assert_eq!(Weights::parse(&resealed(&bytes)).as_ref(), Ok(&own));
}

#[test]
fn damage_is_found_wherever_it_is() {
    let whole = sealed(weights().bytes());
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        *damaged.get_mut(at).unwrap() ^= 0x10;
        Weights::parse(encode(&damaged).as_bytes()).unwrap_err();
        Weights::parse(encode(whole.get(..at).unwrap()).as_bytes()).unwrap_err();
    }
    let mut long = whole;
    long.push(0);
    let said = Weights::parse(encode(&long).as_bytes()).unwrap_err();
    assert!(said.starts_with("wrong size"), "{said}");
}

#[test]
fn what_is_wrong_is_said() {
    let json = String::from_utf8(weights().to_json(|_| {})).unwrap();
    let changed = |from: &str, to: &str| json.replacen(from, to, 1).into_bytes();
    let mut version = weights().bytes();
    *version.get_mut(3).unwrap() = 1;
    let mut unordered = weights();
    unordered.routes.reverse();
    for (file, says) in [
        (b" \n".to_vec(), "empty"),
        (b"{".to_vec(), "not JSON"),
        (b"{}".to_vec(), "no `weights`"),
        (b"hello!".to_vec(), "not base64"),
        (b"hello".to_vec(), "no weights"),
        (resealed(&version), "another version"),
        (resealed(&unordered.bytes()), "out of order"),
        (changed("0.4321", "0.5"), "`threshold` is not 0.4321"),
        (changed("AAAA", "AAAB"), "the checksum is wrong"),
        (vec![b'A'; LARGEST.saturating_add(1)], "are no weights"),
    ] {
        let said = Weights::parse(&file).unwrap_err();
        assert!(said.contains(says), "{said} / {says}");
    }
}

#[test]
fn a_request_is_judged_as_its_features_are() {
    let classifier = Classifier::new(weights());
    let texts = ["How many prime numbers are there?", "B) Größe, 東京 and 12 more\n```rust\n"];
    let features = crate::complexity::features(texts, 2);
    for (route, mean) in [("code", 900), ("faq", -900)] {
        let judged = classifier.judge(texts, 2, Some(route));
        let raw = weights().raw_of(&features, mean);
        assert_eq!(judged.score, weights().score(raw), "{route}");
        assert_eq!(judged.basis, Basis::Labels);
    }
    let raw = weights().raw_of(&features, 0);
    assert_eq!(classifier.judge(texts, 2, None).score, weights().score(raw));
}

#[test]
fn what_no_label_speaks_for_is_premium_whatever_it_looks_like() {
    let texts = ["How many prime numbers are there?", "B) Größe, 東京 and 12 more\n```rust\n"];
    let features = crate::complexity::features(texts, 2);
    let (mut far, mut strange) = (weights(), weights());
    far.kinds.iter_mut().for_each(|kind| kind.limit = -10);
    strange.kinds.iter_mut().for_each(|kind| kind.others = 255);
    strange.kinds.iter_mut().for_each(|kind| kind.usual.fill(0));
    for (weights, route, basis) in [
        (weights(), Some("chat"), Basis::UnknownRoute),
        (far, None, Basis::UnknownKind),
        (strange.clone(), None, Basis::UnknownKind),
    ] {
        let mean = weights.route(route).unwrap_or(0);
        let own = weights.score(weights.raw_of(&features, mean));
        for threshold in [0, 4321, 10_000].map(Score::of_parts) {
            let classifier = Classifier::new(weights.clone()).with_threshold(threshold);
            let judged = classifier.judge(texts, 2, route);
            assert_eq!((judged.class, judged.basis), (Class::Premium, basis));
            assert_eq!(judged.bounded(), Score::MOST);
            assert!(judged.score >= threshold && judged.score >= own, "{judged:?}");
        }
    }
    // Whoever asks for a route says what work it is, whatever its words.
    assert_eq!(Classifier::new(strange).judge(texts, 2, Some("code")).basis, Basis::Labels);
}
