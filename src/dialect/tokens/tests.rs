//! Estimates against true counts, and against themselves.
use super::*;
use crate::dialect::{Image, Role, Tool, Turn};

/// A text of each kind, and its tokens as o200k counts them.
const SAMPLES: &[(&str, u64)] = &[
    (
        concat!(
            "The river was high that spring, and nobody who lived near the old bridge ",
            "slept well. They listened to the water all night and counted the hours until ",
            "it was light enough to see how far it had come.",
        ),
        42,
    ),
    (
        concat!(
            "A train leaves at 14:35 and travels 240 km at 80 km/h. A second one leaves 45 ",
            "minutes later at 110 km/h. When does it pass the first?",
        ),
        40,
    ),
    (
        concat!(
            "fn total(items: &[Item]) -> Result<u64, Error> {\n    let mut sum = 0_u64;\n    ",
            "for item in items {\n        sum = sum.checked_add(item.price * ",
            "item.count).ok_or(Error::Overflow)?;\n    }\n    Ok(sum)\n}\n",
        ),
        56,
    ),
    (
        concat!(
            "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\",",
            "\"description\":\"Where ",
            "to look\"},\"days\":{\"type\":\"integer\",\"minimum\":1}},\"required\":[\"city\"]}",
        ),
        36,
    ),
    (
        concat!(
            "Let $x_1, x_2$ be the roots of $x^2 - 5x + 6 = 0$. Find $\\frac{x_1^2 + ",
            "x_2^2}{x_1 x_2}$.",
        ),
        52,
    ),
    (
        "今年春天河水很高,住在老桥附近的人都睡不好。他们整夜听着水声,数着时间,等到天亮才能看清水涨到了哪里。",
        42,
    ),
    ("この川は春になると水かさが増えて、古い橋の近くに住む人たちは夜もよく眠れなかった。", 34),
    ("올봄에는 강물이 높아서 오래된 다리 근처에 사는 사람들은 잠을 제대로 자지 못했다.", 27),
    (
        concat!(
            "Der Fluss stand in diesem Frühjahr hoch, und niemand, der bei der alten ",
            "Brücke wohnte, schlief gut.",
        ),
        25,
    ),
    (
        concat!(
            "Этой весной река стояла высоко, и никто из ",
            "живших у старого моста не спал спокойно.",
        ),
        26,
    ),
    (
        concat!(
            "كان النهر مرتفعا في ذلك الربيع، ولم ينم ",
            "أحد ممن يسكنون قرب الجسر القديم نوما هادئا.",
        ),
        30,
    ),
    ("उस वसंत में नदी ऊँची थी, और पुराने पुल के पास रहने वाला कोई भी ठीक से नहीं सोया।", 26),
    ("ወንዙ በዚያ የፀደይ ወቅት ከፍ ያለ ነበር", 46),
    ("c29tZSBieXRlcyB0aGF0IG1lYW4gbm90aGluZyBhdCBhbGwgYW5kIHdlcmUgd3JpdHRlbiBieSBoYW5k", 54),
];

#[test]
fn near_the_true_count() {
    for (text, true_count) in SAMPLES {
        let (guess, truth) = (estimate(text) as f64, *true_count as f64);
        let error = guess / truth - 1.0;
        assert!((-0.25..=0.35).contains(&error), "{guess} for {truth}: {text}");
    }
}

#[test]
fn a_text_weighs_the_same_wherever_its_blocks_end() {
    let text = "Größe: {\"fooBar\": 12, \"名\": \"東京\"}\n  привет 🙂 ".repeat(9);
    let by_byte = |text: &str| {
        let bytes = text.as_bytes();
        let before = [b' '].into_iter().chain(bytes.iter().copied());
        let both = |b, before| u64::from(ascii(b, before)) + u64::from(high(b, before));
        tokens(bytes.iter().zip(before).map(|(b, before)| both(*b, before)).sum())
    };
    for (end, _) in text.char_indices() {
        let part = text.get(..end).unwrap();
        assert_eq!(estimate(part), by_byte(part), "{end} bytes");
    }
}

#[test]
fn a_request_counts_what_it_holds() {
    let text = |text: &'static str| Block::Text(text.into());
    let png = || Block::Image(Image::Url("https://x.test/a.png".into()));
    let blocks = vec![
        Block::ToolResult {
            id: "1".into(),
            name: "f".into(),
            content: vec![text("sunny"), png()],
            failed: false,
        },
        text("Hello there"),
        png(),
    ];
    let ask = Ask {
        system: vec!["Be brief".into()],
        messages: 2,
        turns: vec![Turn { role: Role::User, blocks }],
        tools: vec![Tool {
            place: 0,
            name: "f".into(),
            description: Some("Weather".into()),
            schema: Some(r#"{"type":"object"}"#),
            strict: None,
        }],
        ..Ask::default()
    };
    let texts = ["sunny", "Hello there", "Be brief", "f", "Weather", r#"{"type":"object"}"#];
    let said: u64 = texts.into_iter().map(estimate).sum();
    assert_eq!(ask.estimate(), said + 2 * IMAGE + 2 * TOOL + 3 * MESSAGE);
    assert_eq!(Ask::default().estimate(), 0);
}
