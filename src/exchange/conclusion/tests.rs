//! Which answers come to the same, which do not, and which to nothing.
mod answers;

use self::answers::{APART, PROSE, SAME};
use super::{Called, Conclusion, Kind};

fn of(text: &str) -> Conclusion {
    Conclusion::of(text, core::iter::empty())
}

#[test]
fn answers_that_come_to_the_same_agree() {
    let mut wrong = Vec::new();
    for (kind, answers) in SAME {
        for one in *answers {
            let apart = answers.iter().filter(|other| !of(one).agrees_with(&of(other)));
            let apart: Vec<_> = apart.collect();
            if of(one).kind != *kind || !apart.is_empty() {
                wrong.push(format!("{one:?} is {:?}, apart from {apart:?}", of(one).kind));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn answers_that_do_not_are_apart() {
    let agree = |one, other| of(one).agrees_with(&of(other));
    let equal = |one, other| of(one).digest().is_some_and(|own| of(other).digest() == Some(own));
    let wrong = APART
        .iter()
        .filter(|(one, other)| agree(*one, *other) || agree(*other, *one) || equal(*one, *other));
    let wrong: Vec<_> = wrong.map(|(one, other)| (one, other, of(one).kind)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // What stands in different rows is different, but for units.
    for (at, (_, first)) in SAME.iter().enumerate() {
        for (_, second) in SAME.iter().skip(at + 1) {
            let (Some(one), Some(other)) = (first.first(), second.first()) else { panic!() };
            let known = (*one, *other) == ("18", "$18") || (*one, *other) == ("18", "18 eggs");
            let known = known || (*one, *other) == ("5", "5 km");
            assert_eq!(agree(*one, *other), known, "{one} | {other}");
        }
    }
}

#[test]
fn prose_agrees_with_nothing() {
    for text in PROSE {
        let own = of(text);
        assert_eq!((own.kind, own.digest()), (Kind::Prose, None), "{text}");
        assert!(!own.agrees_with(&own), "{text}");
    }
}

#[test]
fn calls_are_compared_by_what_they_ask_for() {
    let calls = |calls: &[(&'static str, &'static str)]| {
        let calls = calls.iter().map(|(name, arguments)| Called { name, arguments });
        Conclusion::of("Let me see.", calls)
    };
    let one = calls(&[("weather", r#"{"city":"Rome","days":2}"#), ("now", "")]);
    assert_eq!(one.kind, Kind::Calls);
    for (same, other) in [
        (true, calls(&[("now", "{}"), ("weather", r#"{ "days": 2.0, "city": "\u0052ome" }"#)])),
        (false, calls(&[("weather", r#"{"city":"Rome","days":2}"#)])),
        (false, calls(&[("weather", r#"{"city":"Rome","days":3}"#), ("now", "")])),
        (false, calls(&[("climate", r#"{"city":"Rome","days":2}"#), ("now", "")])),
        (false, calls(&[("now", r#"{"city":"Rome","days":2}"#), ("weather", "")])),
        (false, calls(&[("weather", "{"), ("now", "")])),
        (false, of(r#"{"city":"Rome","days":2}"#)),
    ] {
        assert_eq!(one.agrees_with(&other), same, "{other:?}");
    }
    let broken = calls(&[("weather", "{\"city\":")]);
    assert!(broken.agrees_with(&calls(&[("weather", " {\"city\":")])));
    let long = "x".repeat(super::BYTES_MAX);
    let long = Conclusion::of("", core::iter::once(Called { name: "f", arguments: &long }));
    assert_eq!(long.kind, Kind::Prose);
}

/// Whatever an answer repeats, it is read in a time that grows as it does, and nothing panics.
#[test]
fn an_answer_that_repeats_itself_is_read_like_any_other() {
    let most = super::BYTES_MAX;
    let parts = [
        "answer is ",
        "Answer: B ",
        "answer:\n",
        "answer",
        "\\boxed{",
        "\\boxed{1} ",
        "```\n",
        "``` ",
        "[",
        "{\"a\":",
        "####",
        "1,",
        "1.",
        "= 1",
        "B. ",
        "\n\n",
        "*",
        "é",
        "\u{0}",
        "is 1 ",
        "$",
        "- ",
        "(A) ",
    ];
    for part in parts {
        for text in [part.repeat(most / part.len()), format!("{}\nAnswer: B", part.repeat(99))] {
            let own = of(&text);
            assert_eq!(own.agrees_with(&own), own.kind != Kind::Prose, "{part}");
        }
        for other in parts {
            let text = format!("{part}{other}{part}");
            (0..=text.len()).filter_map(|end| text.get(..end)).for_each(|text| _ = of(text));
        }
    }
    for mark in ["Answer: 5\n", "So \\boxed{5}.\n"] {
        assert_eq!(of(&mark.repeat(100)), of("5"), "{mark}");
        assert_eq!(of(&mark.repeat(101)), Conclusion::PROSE, "{mark}");
    }
    assert_eq!(of(&"1".repeat(most + 1)).kind, Kind::Prose);
    assert_eq!(of(&format!("{}\nAnswer: B", "a ".repeat(most / 2 - 10))).kind, Kind::Choice);
}

#[test]
fn what_is_written_into_a_record_is_read_again() {
    for (kind, answers) in SAME {
        let own = of(answers[0]);
        let mut out = crate::layout::Writer::default();
        own.write(&mut out);
        let bytes = out.finish();
        let mut fields = crate::layout::Reader::of(&bytes);
        assert_eq!(Conclusion::read(&mut fields), Some(own), "{kind:?}");
        assert!(fields.is_empty());
        assert_eq!(Conclusion::read(&mut crate::layout::Reader::of(&bytes[1..])), None);
    }
}

/// A digest has all of its 64 bits: of some thousands none are alike in half of them.
#[test]
fn digests_differ_in_both_halves() {
    let digest = |number: u32| of(&format!("{number}")).digest().unwrap();
    let all: Vec<u64> = (0..2_000).map(digest).collect();
    for half in [|own: &u64| own >> 32, |own: &u64| own & 0xFFFF_FFFF] {
        let halves: std::collections::BTreeSet<u64> = all.iter().map(half).collect();
        assert!(halves.len() > 1_995, "{} of {}", halves.len(), all.len());
    }
    assert!(all.iter().all(|own| own >> 32 != own & 0xFFFF_FFFF));
}
