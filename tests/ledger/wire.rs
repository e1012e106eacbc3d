//! The contract's two sides: what one writes the other reads, and what is no such message is
//! refused with the field that is wrong.
use std::borrow::Cow;

use tradewind::credit::wire::{
    BATCH_MAX, EXPIRES_MAX, FieldError, HoldReply, HoldRequest, LeaseDraw, Renewal, Renewed,
    Settled, Settlement, SettlementPart,
};
use tradewind::credit::{
    Balance, ChargeDetails, Credits, Outcome, REASON_MAX, Settle, SettledPart, is_reason,
};
use tradewind::json::{Document, Limits, Writer};
use tradewind::usage::Usage;

fn document(text: &str) -> Document<'_> {
    Document::parse(text.as_bytes(), Limits::default()).unwrap()
}

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

/// What is said of an item of a batch, or of the whole: `-` for nothing.
fn said<T>(read: &Result<T, FieldError>) -> String {
    read.as_ref().map_or_else(ToString::to_string, |_| "-".to_owned())
}

/// A message with one field in the place of another.
fn with(usual: &str, field: &str, value: &str) -> String {
    let document = document(usual);
    let members = document.root().members().filter(|(key, _)| key != field);
    let mut fields: Vec<String> =
        members.map(|(key, value)| format!("\"{key}\":{}", value.raw())).collect();
    if value != "-" {
        fields.push(format!("\"{field}\":{value}"));
    }
    format!("{{{}}}", fields.join(","))
}

/// A batch as a proxy writes it: an object with a list of that name.
fn batch(name: &str, items: impl FnOnce(&mut Writer)) -> String {
    let mut out = Writer::new();
    out.object(|w| w.key(name).array(items));
    String::from_utf8(out.finish()).unwrap()
}

/// A settlement, in as few words as it can be.
const SETTLEMENT: &str = r#"{"tenant":"acme","hold_id":"h","credits":"3"}"#;

/// Field, what stands there, and what is said of it.
const FIELDS: &[(&str, &str, &str)] = &[
    ("credits", "3.0", "-"),
    ("credits", "\"3.000001\"", "-"),
    ("credits", "-", "`settlements[0].credits`: missing: an amount of credits"),
    ("credits", "null", "`settlements[0].credits`: missing: an amount of credits"),
    ("tenant", "-", "`settlements[0].tenant`: missing"),
    ("tenant", "\"\"", "`settlements[0].tenant`: expected 1 to 128 visible ASCII characters"),
    ("tenant", "\"a b\"", "`settlements[0].tenant`: expected 1 to 128 visible ASCII characters"),
    ("tenant", "7", "`settlements[0].tenant`: expected 1 to 128 visible ASCII characters"),
    ("hold_id", "-", "`settlements[0].hold_id`: missing"),
    ("user", "\"ci\"", "-"),
    ("user", "[]", "`settlements[0].user`: expected 1 to 128 visible ASCII characters"),
    ("key", "{}", "`settlements[0].key`: expected 1 to 128 visible ASCII characters"),
    ("outcome", "\"\"", "`settlements[0].outcome`: expected 1 to 128 visible ASCII characters"),
    ("unheld", "1", "`settlements[0].unheld`: expected true or false"),
    ("estimated", "\"no\"", "`settlements[0].estimated`: expected true or false"),
    ("releases", "\"1\"", "`settlements[0].releases`: expected only with `draw`"),
    ("draw", "\"d\"", "`settlements[0].releases`: missing: an amount of credits"),
    ("flags", "[\"usage_rejected\",\"late\"]", "-"),
    ("flags", "\"late\"", "`settlements[0].flags`: expected a list"),
    ("flags", "[\"late\",\"late\"]", "`settlements[0].flags[1]`: stands twice"),
    ("flags", "[\"\"]", "`settlements[0].flags[0]`: expected 1 to 32 of `a` to `z` and `_`"),
    ("flags", "[\"Late\"]", "`settlements[0].flags[0]`: expected 1 to 32 of `a` to `z` and `_`"),
    ("flags", "[\"a1\"]", "`settlements[0].flags[0]`: expected 1 to 32 of `a` to `z` and `_`"),
    ("parts", "[]", "-"),
    ("parts", "[{\"model\":\"gpt\",\"credits\":\"3\"}]", "-"),
    ("parts", "[3]", "`settlements[0].parts[0]`: expected an object"),
    ("parts", "[{\"credits\":\"3\"}]", "`settlements[0].parts[0].model`: missing"),
    (
        "parts",
        "[{\"model\":\"gpt\",\"credits\":\"1\"},{\"model\":\"big\",\"credits\":\"1.5\"}]",
        "`settlements[0].credits`: expected the sum of the parts: this says 3, and they come to \
         2.5",
    ),
    (
        "parts",
        "[{\"model\":\"gpt\",\"credits\":\"3\",\"usage\":{\"output\":1.5}}]",
        "`settlements[0].parts[0].usage.output`: expected a whole number of tokens",
    ),
    (
        "parts",
        "[{\"model\":\"gpt\",\"credits\":\"3\",\"usage\":{\"input\":9223372036854775808}}]",
        "`settlements[0].parts[0].usage.input`: expected a whole number of tokens",
    ),
    ("parts", "[{\"model\":\"gpt\",\"credits\":\"3\",\"usage\":{\"cache_write_1h\":2.0}}]", "-"),
    (
        "parts",
        "[{\"model\":\"gpt\",\"credits\":\"3\",\"usage\":{\"tokens\":2}}]",
        "`settlements[0].parts[0].usage.tokens`: unknown: expected input, cached_input, \
         cache_write, cache_write_1h, output, reasoning",
    ),
];

#[test]
fn a_field_that_is_wrong_is_named() {
    for (field, value, expected) in FIELDS {
        let text = format!("{{\"settlements\":[{}]}}", with(SETTLEMENT, field, value));
        let document = document(&text);
        let read = Settlement::read_batch(&document).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(said(&read[0]), *expected, "{text}");
    }
}

#[test]
fn a_name_and_a_list_have_a_longest() {
    let longest = |count: usize| format!("\"{}\"", "n".repeat(count));
    let part = |count: usize| {
        let one = "{\"model\":\"gpt\",\"credits\":\"0\"}";
        let rest = vec![one; count - 1].join(",");
        format!("[{{\"model\":\"gpt\",\"credits\":\"3\"}},{rest}]")
    };
    let flag = |count: usize| format!("[\"{}\"]", "f".repeat(count));
    let name = "`settlements[0].tenant`: expected 1 to 128 visible ASCII characters";
    let flags = "`settlements[0].flags[0]`: expected 1 to 32 of `a` to `z` and `_`";
    let parts = tradewind::credit::wire::PARTS_MAX;
    for (field, value, expected) in [
        ("tenant", longest(128), "-".to_owned()),
        ("tenant", longest(129), name.to_owned()),
        ("flags", flag(32), "-".to_owned()),
        ("flags", flag(33), flags.to_owned()),
        ("parts", part(parts), "-".to_owned()),
        (
            "parts",
            part(parts + 1),
            format!("`settlements[0].parts`: expected at most {parts} of them"),
        ),
    ] {
        let text = format!("{{\"settlements\":[{}]}}", with(SETTLEMENT, field, &value));
        let document = document(&text);
        assert_eq!(said(&Settlement::read_batch(&document).unwrap()[0]), expected, "{field}");
    }
}

#[test]
fn a_batch_that_is_none_is_refused_whole_and_a_wrong_item_alone() {
    let many = |item: &str, count: usize| vec![item; count].join(",");
    let settlements = |list: &str| format!("{{\"settlements\":[{list}]}}");
    let holds = |list: &str| format!("{{\"holds\":[{list}]}}");
    let renewal = r#"{"tenant":"acme","hold_id":"h","expires_in":60}"#;
    let batches = [
        (settlements(&many(SETTLEMENT, BATCH_MAX)), "-"),
        (
            settlements(&many(SETTLEMENT, BATCH_MAX + 1)),
            "`settlements`: expected at most 1000 of them",
        ),
        ("[]".to_owned(), "expected an object"),
        ("{}".to_owned(), "`settlements`: expected a list"),
        ("{\"settlements\":3}".to_owned(), "`settlements`: expected a list"),
        ("{\"settlements\":[],\"more\":1}".to_owned(), "`more`: unknown: expected settlements"),
        ("{\"settlements\":[],\"settlements\":[]}".to_owned(), "`settlements`: stands twice"),
    ];
    for (text, expected) in batches {
        assert_eq!(said(&Settlement::read_batch(&document(&text))), expected, "{text:.80}");
    }
    let batches = [
        (holds(&many(renewal, BATCH_MAX)), "-"),
        (holds(&many(renewal, BATCH_MAX + 1)), "`holds`: expected at most 1000 of them"),
        ("3".to_owned(), "expected an object"),
        ("{}".to_owned(), "`holds`: expected a list"),
        ("{\"hold\":[]}".to_owned(), "`hold`: unknown: expected holds"),
    ];
    for (text, expected) in batches {
        assert_eq!(said(&Renewal::read_batch(&document(&text))), expected, "{text:.80}");
    }
    let text = settlements(&format!("{SETTLEMENT},{{}},{SETTLEMENT}"));
    let document = document(&text);
    let items = Settlement::read_batch(&document).unwrap();
    let words: Vec<String> = items.iter().map(said).collect();
    assert_eq!(words, ["-", "`settlements[1].tenant`: missing", "-"]);
}

#[test]
fn a_hold_and_a_renewal_last_as_long_as_they_may() {
    let hold = r#"{"hold_id":"h","tenant":"acme","credits":"1"}"#;
    let renewal = r#"{"tenant":"acme","hold_id":"h","expires_in":60}"#;
    let wrong = "expected 1 to 86400 whole seconds";
    for (value, expected) in
        [("1", Some(1)), ("6e1", Some(60)), ("86400", Some(EXPIRES_MAX)), ("0", None)]
            .into_iter()
            .chain([("86401", None), ("1.5", None), ("\"x\"", None)])
    {
        let text = with(hold, "expires_in", value);
        let asked = document(&text);
        let read = HoldRequest::read(&asked).map(|hold| hold.expires_in);
        assert_eq!(read.as_ref().ok().copied(), expected, "{text}");
        let text = format!("{{\"holds\":[{}]}}", with(renewal, "expires_in", value));
        let batch = document(&text);
        let item = Renewal::read_batch(&batch).unwrap().remove(0);
        assert_eq!(item.as_ref().ok().map(|item| item.expires_in), expected, "{text}");
        if expected.is_none() {
            assert_eq!(said(&read), format!("`expires_in`: {wrong}"));
            assert_eq!(said(&item), format!("`holds[0].expires_in`: {wrong}"));
        }
    }
    assert_eq!(
        HoldRequest::read(&document(hold)).unwrap().expires_in,
        900,
        "where it does not say"
    );
    let text = format!("{{\"holds\":[{}]}}", with(renewal, "expires_in", "-"));
    let batch = document(&text);
    let item = Renewal::read_batch(&batch).unwrap().remove(0);
    assert_eq!(said(&item), "`holds[0].expires_in`: missing");
}

#[test]
fn what_a_proxy_writes_a_ledger_reads() {
    let hold = HoldRequest {
        hold_id: "h".into(),
        tenant: "acme".into(),
        user: Some("ci".into()),
        key: Some("k".into()),
        credits: credits("0.04012"),
        expires_in: 60,
    };
    let text = String::from_utf8(hold.write()).unwrap();
    assert_eq!(HoldRequest::read(&document(&text)), Ok(hold.clone()), "{text}");
    let renewal = Renewal { tenant: "acme".into(), hold_id: "h".into(), expires_in: 7 };
    let renewals = [renewal.clone(), Renewal { expires_in: 9, ..renewal }];
    let text = batch("holds", |out| renewals.iter().for_each(|renewal| renewal.write(out)));
    let read = document(&text);
    let read = Renewal::read_batch(&read).unwrap();
    assert_eq!(read.into_iter().collect::<Result<Vec<_>, _>>().unwrap(), renewals);
    #[rustfmt::skip]
    let usage = Usage {
        input: 1, cached_input: 2, cache_write: 3, cache_write_hour: 4, output: 5, reasoning: 6,
        garbled: false,
    };
    let part = |model: &'static str, text: &str, usage: Usage| SettlementPart {
        model: model.into(),
        credits: credits(text),
        outcome: Some("failed".into()),
        usage,
        estimated: true,
    };
    let full = Settlement {
        tenant: "acme".into(),
        hold_id: "h".into(),
        draw: Some(LeaseDraw { id: "d".into(), releases: credits("2") }),
        unheld: true,
        user: Some("ci".into()),
        key: Some("k".into()),
        credits: credits("1.5"),
        outcome: Some(Cow::Borrowed("answered")),
        estimated: true,
        flags: vec!["late".into(), "usage_rejected".into()],
        parts: vec![part("gpt", "1", usage), part("big", "0.5", Usage::default())],
    };
    for settlement in
        [full, Settlement { hold_id: "h".into(), tenant: "a".into(), ..Settlement::default() }]
    {
        let text = batch("settlements", |out| settlement.write(out));
        let read = document(&text);
        assert_eq!(Settlement::read_batch(&read).unwrap(), [Ok(settlement.clone())], "{text}");
        assert!(!text.contains("false") && !text.contains("[]"), "what is not so is not said");
    }
}

/// A settlement without parts is one part, which says what the settlement says; a part that says
/// nothing of its end has the settlement's.
#[test]
fn what_is_charged_is_what_the_parts_say_or_the_whole() {
    let settlement = Settlement {
        tenant: "acme".into(),
        hold_id: "h".into(),
        draw: Some(LeaseDraw { id: "d".into(), releases: credits("2") }),
        unheld: true,
        user: Some("ci".into()),
        key: Some("k".into()),
        credits: credits("1.5"),
        outcome: Some("cut".into()),
        estimated: true,
        flags: vec!["late".into()],
        parts: Vec::new(),
    };
    let whole = Settle::from(settlement.clone());
    let part = |model: Option<&str>, amount: &str, outcome: &str, estimated: bool| SettledPart {
        credits: credits(amount),
        details: ChargeDetails {
            model: model.map(str::to_owned),
            outcome: Some(outcome.to_owned()),
            usage: Usage::default(),
            estimated,
        },
    };
    let expected = Settle {
        tenant: "acme".to_owned(),
        hold_id: "h".to_owned(),
        draw: Some(("d".to_owned(), credits("2"))),
        unheld: true,
        user: Some("ci".to_owned()),
        key: Some("k".to_owned()),
        flags: vec!["late".to_owned()],
        parts: vec![part(None, "1.5", "cut", true)],
    };
    assert_eq!(whole, expected);
    let wire = |model: &'static str, amount: &str, outcome: Option<&'static str>| SettlementPart {
        model: model.into(),
        credits: credits(amount),
        outcome: outcome.map(Into::into),
        usage: Usage::default(),
        estimated: false,
    };
    let parts = vec![wire("gpt", "1", Some("failed")), wire("big", "0.5", None)];
    let expected =
        vec![part(Some("gpt"), "1", "failed", false), part(Some("big"), "0.5", "cut", false)];
    assert_eq!(Settle::from(Settlement { parts, ..settlement }).parts, expected);
}

#[test]
fn what_a_ledger_answers_a_proxy_reads() {
    let answer = r#"{"code":"held","balance":"-1.5","available":"2","last_purchase":"10"}"#;
    let stands = |status: u16, text: &str| HoldReply::read(status, &document(text));
    let held = HoldReply {
        outcome: Outcome::Held,
        balance: Balance::of_micros(-1_500_000),
        available: Balance::of_micros(2_000_000),
        last_purchase: credits("10"),
    };
    for status in [200, 201, 299] {
        assert_eq!(stands(status, answer), Some(held));
    }
    let budget = with(answer, "code", "\"budget_exceeded\"");
    for (text, outcome) in [(budget.as_str(), Outcome::BudgetExceeded), ("", Outcome::Insufficient)]
    {
        let text = if text.is_empty() { with(answer, "code", "-") } else { text.to_owned() };
        assert_eq!(stands(402, &text), Some(HoldReply { outcome, ..held }));
    }
    for status in [199, 300, 400, 404, 500] {
        assert_eq!(stands(status, answer), None, "{status}");
    }
    for field in ["balance", "available"] {
        assert_eq!(stands(200, &with(answer, field, "-")), None, "{field}");
        assert_eq!(stands(200, &with(answer, field, "\"much\"")), None, "{field}");
    }
    let bought = stands(200, &with(answer, "last_purchase", "-")).unwrap();
    assert_eq!(bought.last_purchase, Credits::ZERO);
    let results = r#"{"results":[{"state":"settled"},{"state":"new word"},{}]}"#;
    let read = Settled::read(&document(results)).unwrap();
    let words: Vec<Option<Outcome>> = read.iter().map(|settled| settled.outcome).collect();
    assert_eq!(words, [Some(Outcome::Settled), None, None]);
    let renewals = r#"{"renewals":[{"hold_id":"a","outcome":"renewed"},{"outcome":"renewed"},
        {"hold_id":"b","outcome":"unavailable"},{"hold_id":"c"}]}"#;
    let answer = document(renewals);
    let read = Renewed::read(&answer).unwrap();
    let words = read.iter().map(|one| (one.hold_id.as_ref(), one.outcome, one.waits));
    let expected = [("a", Some(Outcome::Renewed), false), ("b", None, true), ("c", None, false)];
    assert!(words.eq(expected), "{read:?}");
    for none in ["{}", r#"{"results":3,"renewals":{}}"#] {
        assert_eq!((Settled::read(&document(none)), Renewed::read(&document(none))), (None, None));
    }
}

#[test]
fn a_reason_is_some_words_on_one_line() {
    let longest = "r".repeat(REASON_MAX);
    let table = [("a double charge", true), (&longest, true), ("", false), ("two\nlines", false)];
    for (text, is) in table {
        assert_eq!(is_reason(text), is, "{text:.20}");
    }
    assert!(!is_reason(&"r".repeat(REASON_MAX + 1)));
}
