//! Logs of which the truth is known, and what the report says of them.
use serde_json::{Value, json};

use super::*;
use crate::credit::Credits;

mod told;

/// A report of lines, as JSON and as text.
fn report(lines: &[Value], wanted: &Wanted) -> (Value, String) {
    let mut reading = Reading::of(wanted.clone());
    lines.iter().for_each(|line| reading.line(&line.to_string()));
    let report = reading.report().unwrap();
    assert!(page(&report).ends_with("</html>\n"));
    (report.json(), text(&report))
}

/// A request in an arm, with more members.
fn request(place: usize, arm: &str, more: &Value) -> Value {
    let mut line = json!({
        "request_id": format!("r{place}"), "status": 200, "duration_ms": 100, "chain": "usual",
        "model": "gpt", "arms": {"try": arm}, "policy": "late",
        "attempts": [{"model": "gpt", "outcome": "answered", "status": 200}],
    });
    let (Some(members), Some(more)) = (line.as_object_mut(), more.as_object()) else { return line };
    members.extend(more.clone());
    line
}

fn row<'r>(report: &'r Value, name: &str) -> &'r Value {
    let rows = report["groups"][0]["rows"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap()
}

/// How far an interval reaches above its value; without a bound where it says so.
fn above(interval: &Value) -> f64 {
    interval["high"].as_f64().unwrap_or(f64::INFINITY) - interval["value"].as_f64().unwrap()
}

/// A policy with that digest, and weights of the experiment's arms.
fn policy(digest: &str, control: f64, other: f64) -> Policy {
    let arms = vec![("control".to_owned(), control), ("b".to_owned(), other)];
    let try_it = Experiment { unit: Some(vec!["tenant", "user"]), arms };
    Policy { digest: digest.to_owned(), experiments: [("try".to_owned(), try_it)].into() }
}

/// Credits for a million tokens: 3 of input, a tenth of that where it was cached, 15 of output.
fn premium() -> Wanted {
    let credits = |text: &str| text.parse::<Credits>().unwrap();
    let price = Price {
        input: credits("3"),
        cached_input: credits("0.3"),
        cache_write: credits("3.75"),
        cache_write_1h: credits("6"),
        output: credits("15"),
        reasoning: credits("15"),
        per_image: Credits::ZERO,
        per_request: Credits::ZERO,
    };
    Wanted { premium: Some(price), ..Wanted::default() }
}

#[test]
fn a_canary_of_two_requests_proves_nothing() {
    let failed = json!({"status": 500});
    let control = (0..1000).map(|own| match own % 20 {
        0 => request(own, "control", &failed),
        _ => request(own, "control", &json!({})),
    });
    let canary = (1000..1002).map(|own| request(own, "b", &json!({})));
    let lines: Vec<Value> = control.chain(canary).collect();
    let wanted = Wanted { control: Some("control".to_owned()), ..Wanted::default() };
    let (report, text) = report(&lines, &wanted);
    let errors = &row(&report, "b")["metrics"]["errors"];
    assert_eq!(errors["p"], 1.0);
    assert!(errors["difference"]["high"].as_f64().unwrap() > 0.5, "{errors}");
    assert!(!text.contains("  *") && row(&report, "b")["metrics"]["duration_ms"]["p"].is_null());
}

#[test]
fn an_arm_that_always_fails_is_found() {
    let failed = json!({"status": 500});
    let lines: Vec<Value> = (0..2000)
        .map(|own| match own % 2 {
            0 => request(own, "b", &failed),
            _ => request(own, "control", &json!({})),
        })
        .collect();
    let wanted = Wanted { control: Some("control".to_owned()), ..Wanted::default() };
    let (report, text) = report(&lines, &wanted);
    let errors = &row(&report, "b")["metrics"]["errors"];
    assert!(errors["p"].as_f64().unwrap() < 1e-100, "{errors}");
    assert!(errors["difference"]["low"].as_f64().unwrap() > 0.98, "{errors}");
    let line = text.lines().find(|line| line.contains("errors  ") && line.contains("vs control"));
    assert!(line.unwrap().ends_with("  *"), "{text}");
}

/// A budget model's answer that was not accepted, and the premium model's: each of 1000 tokens of
/// input and 500 of output.
fn cascade(place: usize, more: &Value) -> Value {
    let mut line = request(
        place,
        "b",
        &json!({
            "model": "sonnet", "input_tokens": 2000, "output_tokens": 1000, "credits": 0.0112,
            "attempts": [{"model": "mini", "outcome": "not_accepted", "status": 200},
                {"model": "sonnet", "outcome": "answered", "status": 200}],
            "used_by": [{"model": "mini", "input_tokens": 1000, "output_tokens": 500},
                {"model": "sonnet", "input_tokens": 1000, "output_tokens": 500}],
        }),
    );
    let (Some(members), Some(more)) = (line.as_object_mut(), more.as_object()) else { return line };
    members.extend(more.clone());
    members.retain(|_, value| !value.is_null());
    line
}

#[test]
fn an_answer_that_was_not_accepted_saves_nothing() {
    let near = |report: &Value, paid: f64, premium: f64| {
        let saved = report["saved"]["value"].as_f64().unwrap();
        assert!((saved - (1.0 - paid / premium)).abs() < 1e-9, "{report}");
        assert!((report["paid"].as_f64().unwrap() - paid).abs() < 1e-9, "{report}");
    };
    // The premium model alone would have cost 0.0105.
    let (found, _) = report(&[cascade(0, &json!({})), cascade(1, &json!({}))], &premium());
    near(&found, 0.0224, 0.021);
    // What the answer read from a cache the premium model would have read from one.
    let cached = json!([{"model": "mini", "input_tokens": 1000, "output_tokens": 500},
        {"model": "sonnet", "input_tokens": 1000, "cached_input_tokens": 800, "output_tokens": 500}]);
    let (found, _) = report(&[cascade(0, &json!({"used_by": cached}))], &premium());
    near(&found, 0.0112, 0.008_34);
    // Nobody answered: it was paid all the same.
    let lost = json!({"model": null, "status": 503, "credits": 0.0007});
    let (found, _) = report(&[cascade(0, &json!({})), cascade(1, &lost)], &premium());
    near(&found, 0.0119, 0.0105);
}

#[test]
fn what_an_older_log_does_not_tell_is_left_out_of_what_was_saved() {
    let older = json!({"policy": null, "used_by": null});
    let plain =
        json!({"credits": 0.0021, "input_tokens": 1000, "output_tokens": 500, "policy": null});
    let unpaid = json!({"input_tokens": 1000, "output_tokens": 500});
    let lines =
        [cascade(0, &older), cascade(1, &older), request(2, "b", &plain), request(3, "b", &unpaid)];
    let (found, text) = report(&lines, &premium());
    assert_eq!((&found["saved_left_out"], &found["paid"]), (&json!(3), &json!(0.0021)));
    assert!((found["saved"]["value"].as_f64().unwrap() - 0.8).abs() < 1e-9, "{found}");
    assert!(text.contains("\n3 requests are left out of what was saved"), "{text}");
    let (found, text) = report(&lines[..2], &premium());
    assert!(found["saved"].is_null() && !text.contains("saved 0"), "{text}");
}

/// Forty users of a hundred requests, each with a pace of its own.
fn paces(more: impl Fn(usize) -> Value) -> Vec<Value> {
    let line = |own: usize| {
        let (user, turn) = (own % 40, own / 40 % 3);
        let pace = [100, user.wrapping_mul(7) % 40, turn].iter().sum::<usize>();
        let mut line = request(own, if user % 2 == 0 { "control" } else { "b" }, &more(user));
        line["duration_ms"] = json!(pace);
        line["status"] = json!(if user < 2 { 500 } else { 200 });
        line.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        line
    };
    (0..4000).map(line).collect()
}

#[test]
fn who_sends_many_requests_is_one_unit_whatever_the_unit_is() {
    let told = paces(|user| json!({"units": {"try": format!("{user:016x}")}}));
    let (units, text) = report(&told, &Wanted::default());
    assert_eq!(units["groups"][0]["independent"], "units");
    assert!(text.contains("2000 requests of 20 units") && !text.contains("by request"), "{text}");
    let (requests, _) = report(&paces(|_| json!({})), &Wanted::default());
    assert_eq!(requests["groups"][0]["independent"], "requests");
    for number in ["mean", "p50", "p99"] {
        let wide =
            |report: &Value| above(&row(report, "control")["metrics"]["duration_ms"][number]);
        // Requests of one user hardly differ: twenty units, not two thousand.
        assert!(wide(&units) > 4.0 * wide(&requests).max(0.5), "{number}: {units}");
    }
    let wide = |report: &Value| above(&row(report, "control")["metrics"]["errors"]["mean"]);
    assert!(wide(&units) > 5.0 * wide(&requests), "{units}");
    // An older log, by the members that its policy names.
    let older = paces(|user| json!({"policy": null, "tenant": "acme", "user": user.to_string()}));
    let wanted = Wanted { policies: vec![policy("late", 1.0, 1.0)], ..Wanted::default() };
    let (older_units, _) = report(&older, &wanted);
    let same = |report: &Value| row(report, "control")["metrics"]["duration_ms"].clone();
    assert_eq!(same(&older_units), same(&units));
    // And where nobody says what the unit is, that is said.
    let (untold, text) = report(&older, &Wanted::default());
    assert_eq!(untold["groups"][0]["independent"], "requests, units untold");
    assert!(text.contains("  by request: the log does not say what keeps an arm"), "{text}");
    assert_eq!(same(&untold), same(&requests));
}

#[test]
fn a_ramp_is_no_mismatch() {
    let arm = |own: usize, of: usize| if own.is_multiple_of(of) { "b" } else { "control" };
    let early = (0..2000).map(|own| request(own, arm(own, 100), &json!({"policy": "early"})));
    let late = (2000..4000).map(|own| request(own, arm(own, 2), &json!({})));
    let lines: Vec<Value> = early.chain(late).collect();
    let of = |lines: &[Value], policies: Vec<Policy>| {
        let (found, text) = report(lines, &Wanted { policies, ..Wanted::default() });
        (found["groups"][0].clone(), text)
    };
    let (both, text) = of(&lines, vec![policy("late", 1.0, 1.0), policy("early", 99.0, 1.0)]);
    assert!(both["mismatch_p"].as_f64().unwrap() > 0.9, "{text}");
    assert_eq!((&both["mismatch_left_out"], &both["weights_changed"]), (&json!(0), &json!(true)));
    assert!(text.contains("arms are of different times"), "{text}");
    assert!(text.contains("what differs is told within each"), "{text}");
    let (late, text) = of(&lines, vec![policy("late", 1.0, 1.0)]);
    assert!(late["mismatch_p"].as_f64().unwrap() > 0.9, "{text}");
    assert_eq!(late["mismatch_left_out"], 2000);
    assert!(text.contains("  sizes of 2000 requests are not held against weights"), "{text}");
    let (wrong, text) = of(&lines, vec![policy("late", 3.0, 1.0)]);
    assert!(wrong["mismatch_p"].as_f64().unwrap() < 1e-9 && text.contains("MISMATCH"), "{text}");
    // An older log names no policy: it is said what the test supposes.
    let unnamed = json!({"policy": ""});
    let lines: Vec<Value> = (0..999).map(|own| request(own, arm(own, 9), &unnamed)).collect();
    let (unnamed, text) = of(&lines, vec![policy("late", 1.0, 1.0)]);
    assert_eq!(unnamed["mismatch_supposes_one_policy"], true);
    assert!(text.contains("MISMATCH") && text.contains("a change of weights looks like"), "{text}");
    let (untested, _) = of(&lines, Vec::new());
    assert!(untested["mismatch_p"].is_null());
}

#[test]
fn a_control_is_one_of_the_arms() {
    let wanted = Wanted { control: Some("nope".to_owned()), ..Wanted::default() };
    let mut reading = Reading::of(wanted);
    reading.line(&request(0, "b", &json!({})).to_string());
    assert_eq!(reading.report().unwrap_err(), "--control: expected one of b, found `nope`");
}

fn against_control() -> Wanted {
    Wanted { control: Some("control".to_owned()), ..Wanted::default() }
}

/// Sums of what is the same do not come out the same: nothing of that is a difference.
#[test]
fn what_is_the_same_in_every_request_does_not_differ() {
    for credits in [0.001, 0.0003, 0.00123] {
        for (control, other) in [(200, 200), (3000, 600)] {
            for unit in [1, 5] {
                let line = |own: usize| {
                    let arm = if own < control { "control" } else { "b" };
                    let unit = format!("{arm}{}", own.wrapping_mul(7919) % (control / unit));
                    let more = json!({"credits": credits, "units": {"try": unit},
                        "first_ms": 0.1, "duration_ms": 0.3});
                    request(own, arm, &more)
                };
                let lines: Vec<Value> = (0..control + other).map(line).collect();
                let (report, text) = report(&lines, &against_control());
                for metric in ["credits", "first_ms", "duration_ms"] {
                    let p = &row(&report, "b")["metrics"][metric]["p"];
                    assert!(*p == 1.0 || (p.is_null() && control / unit < 50), "{text}");
                }
                assert!(!text.contains("  *"), "{text}");
            }
        }
    }
}

#[test]
fn an_answer_that_broke_is_an_error_and_no_short_answer() {
    let cut = json!({"outcome": "cut", "duration_ms": 10, "output_tokens": 1, "first_ms": 5,
        "attempts": [{"model": "gpt", "outcome": "cut", "status": 200}]});
    let whole = json!({"outcome": "answered", "output_tokens": 100, "first_ms": 7});
    let lines: Vec<Value> = (0..200)
        .map(|own| match own % 4 {
            0 => request(own, "b", &cut),
            2 => request(own, "b", &whole),
            _ => request(own, "control", &whole),
        })
        .collect();
    let (report, text) = report(&lines, &against_control());
    let own = &row(&report, "b")["metrics"];
    assert_eq!(own["errors"]["mean"]["value"], 0.5, "{text}");
    assert!(own["errors"]["p"].as_f64().unwrap() < 1e-6, "{text}");
    assert_eq!(own["duration_ms"]["mean"]["value"], 100.0, "{text}");
    assert_eq!(own["output_tokens"]["mean"]["value"], 100.0, "{text}");
    // When the first of it came was seen of both.
    assert_eq!(own["first_ms"]["mean"]["value"], 6.0, "{text}");
}

#[test]
fn what_an_arm_refuses_counts_in_it() {
    let refused = |own: usize| {
        json!({"request_id": format!("r{own}"), "status": 400, "duration_ms": 1, "arms": {"try": "b"},
            "units": {"try": format!("u{own}")}, "refused_by": "fit", "outcome": "refused"})
    };
    let served = |own: usize, arm: &str| request(own, arm, &json!({"credits": 0.001}));
    let lines: Vec<Value> = (0..400)
        .map(|own| match own % 4 {
            0 => refused(own),
            2 => served(own, "b"),
            _ => served(own, "control"),
        })
        .collect();
    let wanted = Wanted { policies: vec![policy("late", 1.0, 1.0)], ..against_control() };
    let (report, text) = report(&lines, &wanted);
    let own = row(&report, "b");
    assert_eq!(
        (&own["requests"], &own["metrics"]["errors"]["mean"]["value"]),
        (&json!(200), &json!(0.5))
    );
    assert!(own["metrics"]["errors"]["p"].as_f64().unwrap() < 1e-6, "{text}");
    // It costs nothing, and nothing of its cost is missing.
    assert_eq!(own["metrics"]["credits"]["missing"], 0, "{text}");
    let group = &report["groups"][0];
    assert!(group["mismatch_p"].as_f64().unwrap() > 0.9, "{text}");
    assert_eq!(
        (&group["independent"], &group["weights_changed"]),
        (&json!("units"), &json!(false))
    );
}

/// Everything is better in later times, and the arm has more of these.
#[test]
fn what_times_differ_in_is_not_the_arms() {
    let line = |own: usize| {
        let (early, arm) = (own < 6000, own.wrapping_mul(2_654_435_761) % 97);
        let arm = if arm < if early { 2 } else { 49 } { "b" } else { "control" };
        let noise = own.wrapping_mul(7919) % 50;
        let (duration, every) = if early { (300 + noise, 10) } else { (100 + noise, 100) };
        let status = if (own.wrapping_mul(31) % 1009).is_multiple_of(every) { 503 } else { 200 };
        request(
            own,
            arm,
            &json!({"duration_ms": duration, "status": status,
            "policy": if early { "early" } else { "late" }}),
        )
    };
    let lines: Vec<Value> = (0..12_000).map(line).collect();
    let policies = vec![policy("late", 48.0, 49.0), policy("early", 95.0, 2.0)];
    for policies in [policies, Vec::new()] {
        let (report, text) = report(&lines, &Wanted { policies, ..against_control() });
        let own = &row(&report, "b")["metrics"];
        for metric in ["errors", "duration_ms"] {
            assert!(own[metric]["p"].as_f64().unwrap() > 0.2, "{text}");
        }
        assert!(own["duration_ms"]["difference"]["value"].as_f64().unwrap().abs() < 3.0, "{text}");
        assert!(own["errors"]["difference"]["value"].as_f64().unwrap().abs() < 0.02, "{text}");
        assert_eq!(report["groups"][0]["weights_changed"], true);
        assert!(!text.contains("  *"), "{text}");
    }
}

/// Files of a log that overlap.
#[test]
fn a_line_that_stands_there_twice_counts_once() {
    let line = request(1, "control", &json!({"tenant": "acme"}));
    let unnamed = json!({"status": 200, "duration_ms": 1, "chain": "usual"});
    let lines = [line.clone(), request(2, "b", &json!({})), line, unnamed.clone(), unnamed];
    let (report, text) = report(&lines, &Wanted::default());
    assert_eq!((&report["lines"], &report["repeated"]), (&json!(5), &json!(1)));
    assert_eq!(report["requests"], json!(4));
    assert!(text.contains("1 lines have stood there before, and count once"), "{text}");
}

#[test]
fn an_answer_that_went_on_is_one_request_with_all_that_it_used() {
    let used = |tokens: u64, credits: f64| {
        let chain = "usual";
        json!({"input_tokens": 9, "output_tokens": tokens, "credits": credits, "chain": chain})
    };
    let mut first = used(6, 0.25);
    first["outcome"] = json!("resumed");
    let mut rest = used(3, 0.5);
    rest["resumes"] = json!("r0");
    rest["request_id"] = json!("rest");
    let whole = request(1, "b", &used(4, 0.25));
    // It is over, and so in the log, before the answer is that it is a part of.
    let lines = [rest, request(0, "b", &first), whole];
    let wanted = Wanted { by: Some("chain".to_owned()), ..premium() };
    let (found, _) = report(&lines, &wanted);
    assert_eq!(found["requests"], 2);
    let mean = |report: &Value, metric: &str| {
        row(report, "usual")["metrics"][metric]["mean"]["value"].as_f64()
    };
    assert_eq!((mean(&found, "errors"), mean(&found, "fallbacks")), (Some(0.0), Some(0.5)));
    assert_eq!(mean(&found, "output_tokens"), Some(6.5), "9 and 4");
    assert_eq!(mean(&found, "credits"), Some(0.5), "0.75 and 0.25");
    // Without the rest's line nobody knows what the whole has used.
    let (found, _) = report(&lines[1..], &wanted);
    assert_eq!((mean(&found, "output_tokens"), found["requests"].as_u64()), (Some(4.0), Some(2)));
}
