//! What is charged, whatever a provider reports: numbers in every notation are the same, and what
//! cannot be is never believed.
use std::rc::Rc;

use proptest::prelude::*;
use proptest::sample::select;
use tradewind::credit::wire::Settlement;
use tradewind::credit::{Credits, Price};
use tradewind::exchange::Item;
use tradewind::json::{Document, Limits};
use tradewind::policy::Policy;

use super::cases::cases;
use super::support::{Gateway, Given, live};

const POLICY: &str = include_str!("../../corpus/exchange/policy/credits.json");

/// Answers as providers write them, with `IN` and `OUT` for the counts, and what they are of.
const ANSWERS: [(&str, &str, &str); 6] = [
    (
        "gpt",
        "false",
        r#"{"id":"c","object":"chat.completion","created":1,"model":"gpt-4.1","choices":[{"index":0,"message":{"role":"assistant","content":"one two three"},"finish_reason":"stop"}],"usage":{"prompt_tokens":IN,"completion_tokens":OUT,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}"#,
    ),
    (
        "gpt",
        "true",
        "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4.1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one two three\"},\"finish_reason\":null}]}\n\ndata: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4.1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4.1\",\"choices\":[],\"usage\":{\"prompt_tokens\":IN,\"completion_tokens\":OUT}}\n\ndata: [DONE]\n\n",
    ),
    (
        "claude",
        "false",
        r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"one two three"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":IN,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":OUT}}"#,
    ),
    (
        "claude",
        "true",
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":IN,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"one two three\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":OUT}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ),
    (
        "gemini",
        "false",
        r#"{"responseId":"r","modelVersion":"gemini-2.5-pro","candidates":[{"content":{"role":"model","parts":[{"text":"one two three"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":IN,"candidatesTokenCount":OUT}}"#,
    ),
    (
        "gemini",
        "true",
        "data: {\"responseId\":\"r\",\"modelVersion\":\"gemini-2.5-pro\",\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"one two three\"}]},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":IN,\"candidatesTokenCount\":OUT}}\n\n",
    ),
];

/// One request, with what providers answer as sections of a script.
fn given(model: &str, stream: &str, answers: &str) -> Option<Given> {
    let text = format!(
        "# One request.\n\n--- policy credits\n--- app\nPOST /v1/chat/completions\nauthorization: \
         Bearer app-key\ncontent-type: application/json\n\n{{\"model\":\"{model}\",\"stream\":\
         {stream},\"max_tokens\":400,\"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}}]}}\n\
         --- ledger 201\n{{\"hold_id\":\"h\",\"state\":\"held\",\"credits\":\"1\",\"balance\":\
         \"10\",\"available\":\"9\",\"last_purchase\":\"10\"}}\n{answers}"
    );
    Given::read(&text).ok()
}

fn answered(model: &str, stream: &str, body: &str) -> String {
    let kind = if stream == "true" { "text/event-stream" } else { "application/json" };
    format!("--- {model} 200\ncontent-type: {kind}\n\n{body}")
}

/// What one request is charged: the settlement as a ledger reads it, what was counted, what was
/// held.
struct Charged {
    credits: Credits,
    held: Credits,
    flags: Vec<String>,
    estimated: bool,
    parts: Vec<(String, Credits)>,
    rejected: u64,
    logged: usize,
}

fn charged(gateway: &Rc<Gateway>, given: Option<Given>) -> Option<Charged> {
    let life = live(gateway, &given?);
    assert_eq!(life.world.refused, Vec::<String>::new());
    let kept = life.world.queued.iter().find_map(|note| match &note.item {
        Item::Settlement { json, .. } => Some(String::from_utf8_lossy(json).into_owned()),
        _ => None,
    });
    let batch = format!("{{\"settlements\":[{}]}}", kept?);
    let document = Document::parse(batch.as_bytes(), Limits::default()).ok()?;
    let read = Settlement::read_batch(&document).ok()?.into_iter().next()?.ok()?;
    let asked = Document::parse(&life.world.called.first()?.body, Limits::default()).ok()?;
    let counted = life.world.counted.iter();
    let rejected = counted.filter(|(name, _)| name.starts_with("tradewind_usage_rejected_total."));
    Some(Charged {
        credits: read.credits,
        held: asked.root().str_of("credits")?.parse().ok()?,
        flags: read.flags.iter().map(ToString::to_string).collect(),
        estimated: read.parts.iter().any(|part| part.estimated),
        parts: read.parts.iter().map(|part| (part.model.to_string(), part.credits)).collect(),
        rejected: rejected.map(|(_, count)| *count).sum(),
        logged: life.world.logged.len(),
    })
}

fn price(model: &str) -> Option<Price> {
    let policy = Policy::from_json(POLICY.as_bytes()).ok()?;
    policy.model(model)?.price
}

#[test]
fn a_number_is_charged_the_same_however_it_is_written() {
    let gateway = Rc::new(Gateway::new(POLICY).unwrap());
    for (model, stream, body) in ANSWERS {
        let mut first = None;
        for (input, output) in [
            ("200", "20"),
            ("200.0", "20.0"),
            ("2e2", "2E+1"),
            ("\"200\"", "\"20\""),
            ("2000e-1", "0.2e2"),
        ] {
            let body = body.replace("IN", input).replace("OUT", output);
            let own =
                charged(&gateway, given(model, stream, &answered(model, stream, &body))).unwrap();
            assert_eq!((own.estimated, own.rejected), (false, 0), "{model} {input} {output}");
            assert_eq!(own.credits, *first.get_or_insert(own.credits), "{model} {input} {output}");
        }
    }
}

#[test]
fn what_cannot_be_is_never_believed() {
    const ABSURD: [&str; 16] = [
        "1e18",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1e999",
        "1000000",
        "9007199254740993",
        "-1",
        "-1e18",
        "1.5",
        "\"many\"",
        "\"-5\"",
        "\"\"",
        "true",
        "[20]",
        "{}",
    ];
    let gateway = Rc::new(Gateway::new(POLICY).unwrap());
    for (model, stream, body) in ANSWERS {
        // What the same answer costs without a word of usage.
        let bare = body.replace("IN", "null").replace("OUT", "null");
        let bare =
            if model == "claude" { bare.replace("\"output_tokens\":1", "\"x\":1") } else { bare };
        let silent =
            charged(&gateway, given(model, stream, &answered(model, stream, &bare))).unwrap();
        assert_eq!((silent.estimated, silent.rejected), (true, 0), "{model}");
        for absurd in ABSURD {
            for (input, output) in [(absurd, "20"), ("200", absurd), (absurd, absurd)] {
                let body = body.replace("IN", input).replace("OUT", output);
                let own = charged(&gateway, given(model, stream, &answered(model, stream, &body)))
                    .unwrap();
                let about = format!("{model} {stream}: {input} and {output}");
                assert_eq!(own.flags, ["usage_rejected"], "{about}");
                assert!(own.estimated && own.credits <= own.held, "{about}");
                assert_eq!((own.rejected, own.logged), (1, 1), "{about}");
                assert_eq!(own.credits, silent.credits, "{about}");
            }
        }
    }
}

/// What one attempt does, as a script's section; whether the chain goes on.
fn attempt(model: &str, kind: u8, input: u64, output: u64) -> (String, bool) {
    let stream = if kind.is_multiple_of(2) { "false" } else { "true" };
    let own = ANSWERS.iter().find(|(own, way, _)| *own == model && *way == stream);
    let body = own.map_or("", |(_, _, body)| body);
    let body = body.replace("IN", &input.to_string()).replace("OUT", &output.to_string());
    match kind {
        0 | 1 => (answered(model, stream, &body), false),
        2 | 3 => (format!("--- {model} refused\n"), true),
        4 | 5 => (format!("--- {model} silent\n"), true),
        6 => (format!("--- {model} 529\ncontent-type: application/json\n\n{{}}\n"), true),
        // A failure that says what it has used.
        7 => {
            let body = format!(
                "{{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\
                 \"content\":[],\"usage\":{{\"input_tokens\":{input},\"output_tokens\":{output}}}}}"
            );
            (format!("{}\n", answered(model, "false", &body)), true)
        }
        // One that says what it begins with, and not what it came to.
        _ => {
            let usage = format!("{{\"input_tokens\":{input},\"output_tokens\":{output}}}");
            let start = format!(
                "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\
                 \"m\",\"model\":\"m\",\"content\":[],\"usage\":{usage}}}}}\n\nevent: error\ndata: \
                 {{\"type\":\"error\",\"error\":{{\"type\":\"overloaded_error\",\"message\":\
                 \"x\"}}}}\n\n"
            );
            (answered(model, "true", &start), true)
        }
    }
}

fn tokens() -> impl Strategy<Value = u64> {
    let odd = vec![0, 1, 63, 400, 863, 864, 865, 4_000, 4_300, 10_000, 1 << 53, u64::MAX];
    prop_oneof![select(odd), 0..2_000_u64, any::<u64>()]
}

proptest! {
    #![proptest_config(cases(300))]

    /// Whatever attempts do and report: the parts are the whole, each at its own model, none above
    /// what its bounds come to, and what failed takes no more than the hold.
    #[test]
    fn parts_come_to_the_whole_and_none_is_above_its_bound(
        kinds in proptest::collection::vec((0..9_u8, tokens(), tokens()), 3),
        streamed in any::<bool>(),
    ) {
        let gateway = Rc::new(Gateway::new(POLICY).unwrap());
        let (mut sections, mut tried) = (String::new(), Vec::new());
        for (model, (kind, input, output)) in ["claude", "gpt", "gemini"].into_iter().zip(&kinds) {
            // Only Anthropic's say what they have used where they fail.
            let kind = match (*kind, streamed) {
                (7 | 8, _) if model != "claude" => 6,
                (7, true) => 8,
                (8, false) => 7,
                (0 | 1, streamed) => u8::from(streamed),
                (kind, _) => kind,
            };
            let (section, goes_on) = attempt(model, kind, *input, *output);
            sections.push_str(&section);
            tried.push(model.to_owned());
            if !goes_on {
                break;
            }
        }
        let stream = if streamed { "true" } else { "false" };
        let own = charged(&gateway, given("auto", stream, &sections)).unwrap();
        let sum = own.parts.iter().map(|(_, credits)| credits.micros()).sum::<u64>();
        prop_assert_eq!(sum, own.credits.micros());
        let models: Vec<String> = own.parts.iter().map(|(model, _)| model.clone()).collect();
        prop_assert_eq!(models, tried);
        for (model, credits) in &own.parts {
            // Twice the request's bytes and 4,096 of input, twice its bound and 64 of output.
            let most = price(model).unwrap().worst(2 * 110 + 4096, 2 * 400 + 64, 0);
            prop_assert!(*credits <= most, "{} is charged {}", model, credits);
        }
        // Of what broke before its app had any of it nobody pays for the beginning.
        let breaks = streamed && kinds.first().is_some_and(|own| own.0 >= 7);
        let first = own.parts.first().map(|(_, credits)| *credits);
        prop_assert!(!breaks || first == Some(Credits::ZERO), "{:?}", first);
        let failed = own.parts.iter().rev().skip(1).map(|(_, credits)| credits.micros());
        prop_assert!(failed.sum::<u64>() <= own.held.micros());
    }
}
