//! What lines do not say, and what others say of them.
use super::*;

fn score(about: usize, score: f64, more: &Value) -> Value {
    let mut line = json!({"status": 200, "path": "/v1/feedback",
        "feedback": {"request_id": format!("r{about}"), "score": score}});
    let (Some(members), Some(more)) = (line.as_object_mut(), more.as_object()) else { return line };
    members.extend(more.clone());
    line
}

#[test]
fn three_scores_of_one_do_not_promise_a_fourth() {
    let mut lines: Vec<Value> = (0..30).map(|own| request(own, "b", &json!({}))).collect();
    lines.extend((0..3).map(|own| score(own, 1.0, &json!({}))));
    let (report, _) = report(&lines, &Wanted::default());
    let own = &row(&report, "b")["metrics"]["score"]["mean"];
    assert_eq!((&own["value"], &own["high"]), (&json!(1.0), &json!(1.0)));
    assert!((own["low"].as_f64().unwrap() - 0.4385).abs() < 1e-3, "{own}");
}

#[test]
fn only_who_has_asked_may_score_the_answer() {
    let asked = json!({"tenant": "acme", "user": "ada"});
    for (who, counts) in [
        (json!({"tenant": "acme", "user": "ada"}), true),
        // A key of the tenant that is no user's, and a line that does not say whose it is.
        (json!({"tenant": "acme"}), true),
        (json!({}), true),
        (json!({"tenant": "acme", "user": "bob"}), false),
        (json!({"tenant": "globex", "user": "ada"}), false),
        (json!({"tenant": "globex"}), false),
    ] {
        let lines = [request(0, "b", &asked), score(0, 1.0, &asked), score(0, 0.0, &who)];
        let (report, text) = report(&lines, &Wanted::default());
        let found = &row(&report, "b")["metrics"]["score"]["mean"]["value"];
        assert_eq!(found, &json!(if counts { 0.0 } else { 1.0 }), "{who}");
        assert_eq!(report["feedback_left_out"], usize::from(!counts), "{who}");
        assert_eq!(text.contains("\n1 scores are left out"), !counts, "{text}");
    }
}

#[test]
fn what_lines_do_not_say_is_left_out_and_counted() {
    let silent = json!({"chain": "usual", "arms": {"try": "b"}, "policy": "late"});
    let mut lines = vec![silent; 5];
    lines.push(request(9, "b", &json!({"input_tokens": 100, "credits": 0.001})));
    let (report, text) = report(&lines, &Wanted::default());
    let own = &row(&report, "b")["metrics"];
    for (metric, value) in
        [("errors", 0.0), ("fallbacks", 0.0), ("duration_ms", 100.0), ("input_tokens", 100.0)]
    {
        assert_eq!(own[metric]["mean"]["value"], value, "{metric} {text}");
        assert_eq!(own[metric]["missing"], 5, "{metric} {text}");
    }
    assert_eq!(
        (&own["credits"]["mean"]["value"], &own["credits"]["missing"]),
        (&json!(0.001), &json!(5))
    );
    assert!(own.get("output_tokens").is_none() && text.contains("(not said of 5)"), "{text}");
}
