//! What lines say.
use serde_json::Value;

use super::super::ended::Ended;
use super::super::names::{Names, digest};
use super::{Answer, Entry, Said, Score, Usage, answer};

fn read(line: &str) -> Said {
    super::read(line, &mut Names::default(), None)
}

fn request(line: &str) -> Entry {
    let Said::Request(entry) = read(line) else { panic!("no request: {line}") };
    *entry
}

#[test]
fn a_line_is_read_wherever_it_begins() {
    let line = concat!(
        r#"2026-11-29T10:00:00Z {"status":200,"duration_ms":120,"request_id":"r","#,
        r#""tenant":"acme","#,
        r#""chain":"premium","class":"hard","arms":{"try":"b"},"attempts":["#,
        r#"{"model":"a","outcome":"#,
        r#""overloaded"},{"model":"b","outcome":"answered"}],"first_ms":80,"credits":0.01}"#
    );
    // A container's log may have braces of its own, and a file a mark at its beginning.
    for before in ["", "[info {x}] ", "{", "\u{feff}"] {
        let mut names = Names::default();
        let line = format!("{before}{line}");
        let Said::Request(entry) = super::read(&line, &mut names, None) else { panic!("{line}") };
        assert_eq!((entry.fell_back, entry.not_accepted), (Some(true), Some(false)));
        assert_eq!((entry.ended, entry.duration_ms.get()), (Ended::Answered, Some(120.0)));
        assert_eq!((entry.first_ms.get(), entry.micros.get()), (Some(80.0), Some(10_000.0)));
        assert_eq!(names.text(entry.names[0]), "hard");
        let exposure = entry.exposures[0];
        assert_eq!([exposure.experiment, exposure.arm].map(|own| names.text(own)), ["try", "b"]);
    }
}

#[test]
fn two_models_that_agree_have_given_one_answer_that_is_accepted() {
    let first = r#"{"model":"a","outcome":"not_accepted","why":"agree","conclusion":"number"}"#;
    let second = r#"{"model":"b","outcome":"not_accepted","why":"agree","conclusion":"text"}"#;
    let agrees = r#"{"model":"b","outcome":"answered","conclusion":"number"}"#;
    let last = r#"{"model":"c","outcome":"answered"}"#;
    for (attempts, accepted, fell_back) in [
        (vec![first, agrees], true, false),
        (vec![r#"{"model":"z","outcome":"overloaded"}"#, first, agrees], true, true),
        (vec![first, second, last], false, true),
        // What was no conclusion had nobody asked to agree with it.
        (vec![first, last], false, true),
        (vec![last], true, false),
    ] {
        let line = format!(r#"{{"chain":"careful","attempts":[{}]}}"#, attempts.join(","));
        let entry = request(&line);
        let expected = (Some(!accepted), Some(fell_back));
        assert_eq!((entry.not_accepted, entry.fell_back), expected, "{line}");
    }
}

#[test]
fn the_answer_alone_is_told_from_what_all_attempts_used() {
    let of = |members: &str| {
        let line = format!(r#"{{"chain":"careful",{members}}}"#);
        let line: Value = serde_json::from_str(&line).unwrap();
        let attempts = line["attempts"].as_array().cloned().unwrap_or_default();
        answer(line.as_object().unwrap(), &attempts)
    };
    let used = |input, cached_input, cache_write, output| {
        let none = Usage::default();
        Answer::Used(Usage { input, cached_input, cache_write, output, ..none })
    };
    let sum = concat!(
        r#""input_tokens":2100,"cached_input_tokens":600,"cache_write_tokens":100,"#,
        r#""output_tokens":110"#
    );
    let one = r#""attempts":[{"model":"b","outcome":"answered","status":200}]"#;
    let two = concat!(
        r#""attempts":[{"model":"a","outcome":"not_accepted","status":200},"#,
        r#"{"model":"b","outcome":"answered","status":200}]"#
    );
    let failed = two.replacen(r#""not_accepted","status":200"#, r#""overloaded","status":529"#, 1);
    let parts = concat!(
        r#""used_by":[{"model":"a","input_tokens":1000,"output_tokens":50},"#,
        r#"{"model":"b","input_tokens":1100,"cached_input_tokens":600,"#,
        r#""cache_write_tokens":100,"output_tokens":60}]"#
    );
    let (b, policy) = (r#""model":"b""#, r#""policy":"0123456789ab""#);
    for (members, expected) in [
        (format!("{b},{one},{sum}"), used(1400, 600, 100, 110)),
        (format!("{b},{failed},{sum}"), used(1400, 600, 100, 110)),
        (format!("{b},{two},{sum}"), Answer::Untold),
        (format!("{b},{two},{sum},{policy}"), used(1400, 600, 100, 110)),
        (format!("{b},{two},{sum},{policy},{parts}"), used(400, 600, 100, 60)),
        (format!(r#""model":"c",{two},{sum},{policy},{parts}"#), Answer::Untold),
        (format!("{two},{sum},{policy},{parts}"), Answer::None),
        (format!("{b},{one},{policy}"), Answer::Untold),
    ] {
        assert_eq!(of(&members), expected, "{members}");
    }
}

#[test]
fn what_is_no_request_is_known() {
    assert!(matches!(read("starting"), Said::Unreadable));
    assert!(matches!(read("{\"a\": "), Said::Unreadable));
    assert!(matches!(read("{\"a\": {\"b\": 1}"), Said::Unreadable));
    assert!(matches!(read(r#"{"path":"/v1/models","status":200}"#), Said::Other));
    let line = r#"{"status":200,"feedback":{"request_id":"r","score":0.5}}"#;
    let Said::Score(Score { about, score, .. }) = read(line) else { panic!("no feedback") };
    assert_eq!((about, score), (digest("r"), 0.5));
}

#[test]
fn what_a_line_does_not_say_is_no_zero() {
    let entry = request(r#"{"chain":"usual","outcome":"answered"}"#);
    let numbers = [entry.duration_ms, entry.input_tokens, entry.output_tokens, entry.micros];
    assert!(numbers.iter().all(|own| own.get().is_none()) && entry.fell_back.is_none());
    // Nor is what nothing can be.
    for wrong in ["-5", "1e308", "\"12\"", "null"] {
        let line = format!(r#"{{"chain":"usual","duration_ms":{wrong},"credits":{wrong}}}"#);
        let entry = request(&line);
        assert_eq!((entry.duration_ms.get(), entry.micros.get()), (None, None), "{line}");
    }
}

#[test]
fn what_an_arm_refuses_is_its_own() {
    let refused = r#"{"status":400,"arms":{"try":"b"},"refused_by":"fit","outcome":"refused"}"#;
    let entry = request(refused);
    assert_eq!((entry.ended, entry.fell_back), (Ended::Refused, Some(false)));
    // Before it had an arm it was nobody's.
    let early = r#"{"status":400,"refused_by":"limits","outcome":"refused"}"#;
    assert!(matches!(read(early), Said::Other));
}
