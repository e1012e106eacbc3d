//! Nothing is lost in silence: a field that means something changes what the provider receives,
//! or is named as lacking, or is named as advice that was left out.
#![cfg(not(target_family = "wasm"))]
mod support;

use support::{Case, run};

/// A body of an app, with a hole for one more member.
const OPENAI: &str = r#"{"model":"auto","messages":[{"role":"user","content":"Hi"}],
    "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]@}"#;
const ANTHROPIC: &str = r#"{"model":"auto","max_tokens":4000,
    "messages":[{"role":"user","content":"Hi"}],
    "tools":[{"name":"f","input_schema":{"type":"object"}}]@}"#;

const OPENAI_FIELDS: &[&str] = &[
    r#""temperature":0.3"#,
    r#""top_p":0.5"#,
    r#""top_k":7"#,
    r#""seed":1"#,
    r#""stop":["END"]"#,
    r#""presence_penalty":0.5"#,
    r#""frequency_penalty":0.5"#,
    r#""max_tokens":77"#,
    r#""max_completion_tokens":77"#,
    r#""n":2"#,
    r#""logprobs":true"#,
    r#""top_logprobs":2"#,
    r#""logit_bias":{"5":1}"#,
    r#""metadata":{"a":"b"}"#,
    r#""store":true"#,
    r#""service_tier":"flex""#,
    r#""verbosity":"low""#,
    r#""reasoning_effort":"low""#,
    r#""response_format":{"type":"json_object"}"#,
    concat!(
        r#""response_format":{"type":"json_schema","json_schema":{"name":"n","#,
        r#""schema":{"type":"object"}}}"#,
    ),
    r#""tool_choice":"required""#,
    r#""tool_choice":"none""#,
    r#""tool_choice":{"type":"function","function":{"name":"f"}}"#,
    r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}"#,
    r#""parallel_tool_calls":false"#,
    r#""user":"u""#,
    r#""safety_identifier":"u""#,
    r#""prompt_cache_key":"k""#,
    r#""prediction":{"type":"content","content":"x"}"#,
    r#""modalities":["text","audio"]"#,
    r#""audio":{"voice":"v","format":"mp3"}"#,
    r#""web_search_options":{}"#,
    r#""brand_new_field":1"#,
    r#""functions":[{"name":"g"}]"#,
];

const ANTHROPIC_FIELDS: &[&str] = &[
    r#""temperature":0.3"#,
    r#""top_p":0.5"#,
    r#""top_k":7"#,
    r#""stop_sequences":["END"]"#,
    r#""system":"Be brief.""#,
    r#""thinking":{"type":"enabled","budget_tokens":2000}"#,
    r#""output_config":{"effort":"low"}"#,
    r#""output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}"#,
    r#""tool_choice":{"type":"any"}"#,
    r#""tool_choice":{"type":"none"}"#,
    r#""tool_choice":{"type":"tool","name":"f"}"#,
    r#""tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#,
    r#""metadata":{"user_id":"u"}"#,
    r#""service_tier":"standard_only""#,
    r#""container":"c""#,
    r#""mcp_servers":[{"type":"url","url":"https://x.test","name":"x"}]"#,
    r#""context_management":{"edits":[]}"#,
    r#""brand_new_field":1"#,
];

/// What of a request reaches a provider, and what is said of the rest.
fn sent(pair: &str, body: &str) -> Result<[Option<String>; 2], String> {
    let name = format!("{pair}/one-field");
    let out = run(&Case { name: &name, files: &[("request.json", body)], step: 1 })?;
    if let Some(refused) = out.get("refused.json") {
        return Err(refused.clone());
    }
    Ok(["sent.json", "unsupported.txt"].map(|file| out.get(file).cloned()))
}

#[test]
fn no_field_is_lost_in_silence() {
    let mut lost = Vec::new();
    for (app, body, fields) in
        [("openai", OPENAI, OPENAI_FIELDS), ("anthropic", ANTHROPIC, ANTHROPIC_FIELDS)]
    {
        for provider in ["openai", "anthropic", "gemini"].iter().filter(|name| **name != app) {
            let pair = format!("{app}-{provider}");
            let without = sent(&pair, &body.replace('@', "")).unwrap();
            for field in fields {
                let body = body.replace('@', &format!(",{field}"));
                match sent(&pair, &body) {
                    Ok(with) if with == without => lost.push(format!("{pair}: {field}")),
                    Ok(_) => {}
                    Err(error) => lost.push(format!("{pair}: {field}: {error}")),
                }
            }
        }
    }
    assert!(lost.is_empty(), "\n  {}\n", lost.join("\n  "));
}
