//! What nobody reads of a whole answer may be most of it, and is never in the way of the rest.
use std::rc::Rc;

use tradewind::exchange::Item;

use super::support::{Gateway, Given, live};

const POLICY: &str = include_str!("../../corpus/exchange/policy/credits.json");

const HELD: &str = r#"{"hold_id":"h","state":"held","credits":"1","balance":"10","available":"9"}"#;

/// OpenAI's, with something beside the message and the choices.
const GPT: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"gpt-4.1",
"prompt_logprobs":OUTSIDE,"choices":[{"index":0,"logprobs":INSIDE,
"message":{"role":"assistant","content":"one two"},"finish_reason":"stop"}],
"usage":{"prompt_tokens":200,"completion_tokens":20}}"#;

/// Google's, with something beside the content.
const GEMINI: &str = r#"{"responseId":"r","modelVersion":"gemini-2.5-pro","candidates":[
{"logprobsResult":INSIDE,"content":{"role":"model","parts":[{"text":"one two"}]},
"finishReason":"STOP","index":0}],
"usageMetadata":{"promptTokenCount":200,"candidatesTokenCount":20}}"#;

/// How likely each token was is most of an answer that says so, and more values than are counted.
#[test]
fn an_answer_is_served_and_charged_however_much_of_it_nobody_reads() {
    let gateway = Rc::new(Gateway::new(POLICY).unwrap());
    let tokens = r#"{"token":"a","logprob":-1},"#.repeat(110_000);
    let all = format!(r#"{{"content":[{tokens}{{"bytes":[{{"logprobs":[]}}]}}]}}"#);
    for (model, body, inside, outside) in [
        ("gpt", GPT, all.as_str(), "null"),
        ("gpt", GPT, "null", all.as_str()),
        ("gemini", GEMINI, all.as_str(), ""),
    ] {
        let body = body.replace("INSIDE", inside).replace("OUTSIDE", outside);
        let text = format!(
            "# One request.\n\n--- policy credits\n--- app\nPOST /v1/chat/completions\n\
             authorization: Bearer app-key\ncontent-type: application/json\n\n\
             {{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}}]}}\n\
             --- ledger 201\n{HELD}\n--- {model} 200\ncontent-type: application/json\n\n{body}"
        );
        let life = live(&gateway, &Given::read(&text).unwrap());
        let status = life.headers.iter().find(|(name, _)| name == ":status").unwrap();
        assert_eq!(String::from_utf8_lossy(&status.1), "200", "{model}");
        let named = body.replace("\"gpt-4.1\"", "\"gpt\"");
        let same = life.body.trim_ascii_end() == named.as_bytes();
        assert_eq!(same, model == "gpt", "{model}: as it came, or translated");
        let settled = life.world.queued.iter().find_map(|note| match &note.item {
            Item::Settlement { json, .. } => Some(String::from_utf8_lossy(json).into_owned()),
            _ => None,
        });
        let settled = settled.unwrap();
        assert!(settled.contains(r#""usage":{"input":200,"output":20}"#), "{settled}");
        assert!(!settled.contains("estimated"), "{settled}");
    }
}
