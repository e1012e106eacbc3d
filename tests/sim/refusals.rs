//! What each API refuses, and in which words.
use serde_json::{Value, json};

use super::world::{HEADERS, LINES, PROVIDERS, World, place, plain};

#[test]
fn heads_that_are_refused() {
    let world = World::new();
    let json = "content-type: application/json\r\n";
    let rows: &[(&str, &str, &str, u16, &str)] = &[
        ("openai", "POST /v1/completions", HEADERS[0], 404, "Invalid URL"),
        ("openai", "GET /v1/chat/completions", HEADERS[0], 405, "Not allowed"),
        ("openai", LINES[0], json, 401, "didn't provide an API key"),
        ("openai", LINES[0], "authorization: k\r\n", 401, "Incorrect API key"),
        ("openai", LINES[0], "authorization: Bearer k\r\n", 400, "Invalid content type"),
        ("openai", LINES[0], HEADERS[1], 400, "another provider's `x-api-key`"),
        ("anthropic", "POST /v1/message", HEADERS[1], 404, "Not Found"),
        ("anthropic", "GET /v1/messages", HEADERS[1], 405, "Method Not Allowed"),
        ("anthropic", LINES[1], json, 401, "x-api-key header is required"),
        (
            "anthropic",
            LINES[1],
            "x-api-key: k\r\nauthorization: Bearer k\r\n",
            400,
            "another provider's `authorization`",
        ),
        ("anthropic", LINES[1], "authorization: k\r\n", 400, "another provider's `authorization`"),
        ("anthropic", LINES[1], HEADERS[0], 400, "anthropic-version: header is required"),
        ("anthropic", LINES[1], "x-api-key: k\r\n", 400, "anthropic-version: header is required"),
        ("gemini", "POST /v1beta/models/x:predict", HEADERS[2], 404, "not found"),
        ("gemini", "GET /v1beta/models/x:generateContent", HEADERS[2], 405, "not allowed"),
        ("gemini", LINES[2], json, 403, "unregistered callers"),
        ("gemini", LINES[2], HEADERS[0], 400, "another provider's `authorization`"),
        ("gemini", LINES[2], "x-goog-api-key: invalid\r\n", 400, "API key not valid"),
    ];
    for (provider, line, headers, status, words) in rows {
        let answer = world.send(provider, line, headers, "{}");
        assert_eq!(answer.status, *status, "{provider} {line}: {}", answer.body);
        assert!(answer.body.contains(words), "{provider} {line}: {}", answer.body);
        let id = if *provider == "gemini" { "x-goog-request-id" } else { "request-id: req_" };
        assert!(answer.head.contains(id), "{}", answer.head);
        let error = &answer.json()["error"];
        let shape = match *provider {
            "openai" => error["param"].is_null() && error["type"] == "invalid_request_error",
            "anthropic" => answer.json()["type"] == "error" && error["type"].is_string(),
            _ => error["code"] == *status && error["status"].is_string(),
        };
        assert!(shape, "{}", answer.body);
    }
}

/// What is changed in a plain body, and words of the refusal.
type Row = (Value, &'static str);

fn wrong_openai() -> Vec<Row> {
    let tool = |name: &str, schema: Value| {
        let function = json!({"name": name, "parameters": schema});
        json!([{"type": "function", "function": function}])
    };
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    let image = |url: &str| user(json!([{"type": "image_url", "image_url": {"url": url}}]));
    let call = json!({"role": "assistant", "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    let hi = json!({"role": "user", "content": "hi"});
    let fine = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    vec![
        (json!({"top_k": 3}), "Unrecognized request argument supplied: top_k"),
        (json!({"messages": []}), "empty array"),
        (json!({"messages": [{"role": "user", "content": "x", "a": 1}]}), "messages[0].a"),
        (json!({"temperature": "1"}), "Invalid type for 'temperature'"),
        (json!({"temperature": 2.5}), "Expected a value <= 2"),
        (json!({"stop": ["a", "b", "c", "d", "e"]}), "maximum length 4"),
        (json!({"max_tokens": 5, "max_completion_tokens": 5}), "at the same time"),
        (json!({"model": "o3", "max_tokens": 5}), "Use 'max_completion_tokens' instead"),
        (json!({"model": "gpt-5", "temperature": 0.2}), "Only the default (1) value"),
        (json!({"model": "gpt-4.1", "reasoning_effort": "low"}), "reasoning_effort"),
        (json!({"stream_options": {}}), "only allowed when 'stream' is enabled"),
        (json!({"tools": tool("a b", fine.clone()), "reasoning_effort": "none"}), "match pattern"),
        (
            json!({"tools": tool("f", json!({"type": "string"})), "reasoning_effort": "none"}),
            "invalid_function_para",
        ),
        (json!({"tool_choice": "auto"}), "only allowed when 'tools' are specified"),
        (json!({"messages": [hi, call]}), "did not have response messages: c1"),
        (
            json!({"messages": [hi, {"role": "tool", "tool_call_id": "c1", "content": "x"}]}),
            "must be a response to a preceeding message",
        ),
        (json!({"messages": image("data:image/png;base64,a")}), "invalid_base64"),
        (json!({"messages": image("data:image/bmp;base64,aaaa")}), "unsupported image"),
        (json!({"response_format": {"type": "json_object"}}), "must contain the word"),
        (json!({"model": "retired-1"}), "model_not_found"),
        (json!({"model": "gpt-4o", "max_tokens": 32000}), "at most 16384 completion tokens"),
        (json!({"model": "gpt-4o", "verbosity": "low"}), "Supported values are: 'medium'"),
        (json!({"model": "gpt-5", "reasoning_effort": "none"}), "does not support 'none'"),
        (json!({"model": "gpt-5.1", "reasoning_effort": "xhigh"}), "does not support 'xhigh'"),
        (json!({"model": "gpt-6-luna", "temperature": 0.2}), "Only the default (1) value"),
        (
            json!({"model": "gpt-5.6-sol", "tools": tool("f", fine.clone())}),
            "are not supported for gpt-5.6-sol",
        ),
        (
            json!({"model": "o3", "tools": tool("f", fine), "parallel_tool_calls": false}),
            "'parallel_tool_calls' is not supported with this model",
        ),
    ]
}

fn wrong_anthropic() -> Vec<Row> {
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    let block = |source: Value| user(json!([{"type": "image", "source": source}]));
    let used = json!({"role": "assistant", "content": [
        {"type": "tool_use", "id": "t1", "name": "f", "input": {}}]});
    let hi = json!({"role": "user", "content": "hi"});
    let result = json!({"type": "tool_result", "tool_use_id": "t1", "content": "ok"});
    let words = json!({"type": "text", "text": "so"});
    let thought = json!({"type": "thinking", "thinking": "hm", "signature": "forged"});
    vec![
        (json!({"n": 1}), "n: Extra inputs are not permitted"),
        (json!({"max_tokens": null}), "max_tokens: Input should be a valid integer"),
        (json!({"temperature": 1.5}), "less than or equal to 1"),
        (
            json!({"model": "claude-sonnet-4-5", "temperature": 1, "top_p": 0.5}),
            "cannot both be specified",
        ),
        (json!({"model": "claude-opus-5-5", "temperature": 1}), "deprecated"),
        (json!({"messages": [used]}), "first message must use the"),
        (json!({"messages": user(json!(""))}), "non-empty content"),
        (json!({"messages": user(json!([{"type": "text", "text": ""}]))}), "non-empty"),
        (json!({"messages": [hi, used]}), "without `tool_result` blocks"),
        (json!({"messages": user(json!([result]))}), "unexpected `tool_use_id`"),
        (
            json!({"messages": [hi, used, {"role": "user", "content": [words, result]}]}),
            "immediately after: t1",
        ),
        (
            json!({"messages": [hi, {"role": "assistant", "content": [thought]}, hi]}),
            "Invalid `signature` in `thinking` block",
        ),
        (
            json!({"model": "claude-sonnet-4-5",
                "thinking": {"type": "enabled", "budget_tokens": 1000}}),
            "greater than or equal to 1024",
        ),
        (
            json!({"model": "claude-sonnet-4-5",
                "thinking": {"type": "enabled", "budget_tokens": 2000}}),
            "must be greater than `thinking.budget_tokens`",
        ),
        (
            json!({"messages": block(json!({"type": "base64", "media_type": "image/bmp",
                "data": "aaaa"}))}),
            "media_type: Input should be",
        ),
        (
            json!({"tools": [{"name": "f", "input_schema": {"properties": {}}}]}),
            "tools.0.custom.input_schema.type: Field required",
        ),
        (json!({"tool_choice": {"type": "any"}}), "while providing tools"),
        (json!({"model": "retired"}), "not_found_error"),
        (json!({"model": "claude-sonnet-4-5", "max_tokens": 128_000}), "128000 > 64000"),
        (
            json!({"model": "claude-sonnet-4-5", "output_config": {"effort": "low"}}),
            "does not support the effort parameter",
        ),
        (
            json!({"model": "claude-opus-4-6", "output_config": {"effort": "xhigh"}}),
            "'xhigh' is not supported by this model",
        ),
        (
            json!({"model": "claude-sonnet-5-5", "thinking": {"type": "disabled"}}),
            "is not supported for this model",
        ),
        (
            json!({"model": "claude-opus-5-5", "tools": [{"name": "f",
                "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}}),
            "is not supported for this model",
        ),
    ]
}

fn wrong_gemini() -> Vec<Row> {
    let parts = |part: Value| json!([{"role": "user", "parts": [part]}]);
    let called = json!({"role": "model", "parts": [{
        "functionCall": {"name": "f", "args": {}},
        "thoughtSignature": "skip_thought_signature_validator",
    }]});
    let ask = json!({"role": "user", "parts": [{"text": "hi"}]});
    let config = |config: Value| json!({"generationConfig": config});
    let declared = |parameters: Value| {
        let function = json!({"name": "f", "parameters": parameters});
        json!({"tools": [{"functionDeclarations": [function]}]})
    };
    let inline = |media: &str, data: &str| {
        let inline = json!({"mimeType": media, "data": data});
        json!([{"role": "user", "parts": [{"inlineData": inline}]}])
    };
    vec![
        (json!({"user": "x"}), "Unknown name \\\"user\\\": Cannot find field."),
        (json!({"contents": []}), "contents is not specified"),
        (json!({"contents": parts(json!({}))}), "oneof field 'data'"),
        (json!({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}), "valid role"),
        (config(json!({"temperature": 3})), "must be in the range"),
        (config(json!({"stopSequences": ["1", "2", "3", "4", "5", "6"]})), "stop sequences"),
        (config(json!({"responseSchema": {"type": "STRING"}})), "only allowed"),
        (config(json!({"thinkingConfig": {"thinkingBudget": 99999}})), "is invalid"),
        (declared(json!({"type": "object", "properties": {}})), "non-empty for OBJECT"),
        (
            declared(json!({"type": "object", "additionalProperties": false})),
            "Unknown name \\\"additionalProperties\\\" at 'tools[0].function_declarations[0]",
        ),
        (json!({"contents": [ask, called]}), "number of function response parts"),
        (json!({"contents": [called, ask]}), "function call turn comes immediately after"),
        (json!({"contents": inline("image/gif", "aaaa")}), "Unsupported MIME type: image/gif"),
        (json!({"contents": inline("image/png", "a")}), "Base64 decoding failed"),
    ]
}

#[test]
fn bodies_that_are_refused() {
    let world = World::new();
    for provider in PROVIDERS {
        let answer = world.ask(provider, &plain(provider, "hi", &json!({})));
        assert_eq!(answer.status, 200, "a plain body: {}", answer.body);
        let line = LINES[place(provider)];
        let garbled = world.send(provider, line, HEADERS[place(provider)], "{\"model\": ");
        assert_eq!(garbled.status, 400, "{}", garbled.body);
    }
    let rows = [wrong_openai(), wrong_anthropic(), wrong_gemini()];
    let mut wrong = Vec::new();
    for (provider, rows) in PROVIDERS.into_iter().zip(rows) {
        for (change, words) in rows {
            let answer = world.ask(provider, &plain(provider, "hi", &change));
            let refused = matches!(answer.status, 400 | 404);
            if !refused || !answer.body.contains(words) {
                wrong.push(format!("{provider} {change}: {}", answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // An older one thinks by a budget alone.
    let line = LINES[2].replace("3.8-flash", "2.5-flash");
    let thinking = json!({"thinkingConfig": {"thinkingLevel": "low"}});
    let body = plain("gemini", "hi", &json!({"generationConfig": thinking})).to_string();
    let answer = world.send("gemini", &line, HEADERS[2], &body);
    assert!(answer.status == 400 && answer.body.contains("not supported"), "{}", answer.body);
}

/// What Claude Code and the SDKs send today.
#[test]
fn what_clients_send_is_taken() {
    let world = World::new();
    let thoughts = json!({"type": "clear_thinking_20251015", "keep": "all"});
    let edits = json!([thoughts, {"type": "clear_tool_uses_20250919"}]);
    let change = json!({"context_management": {"edits": edits}, "thinking": {"type": "adaptive"},
        "model": "claude-opus-4-8", "output_config": {"effort": "xhigh"}});
    let body = plain("anthropic", "hi", &change).to_string();
    let token = HEADERS[1].replace("x-api-key: k", "authorization: Bearer k");
    for headers in [HEADERS[1], &*token] {
        let answer = world.send("anthropic", LINES[1], headers, &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let call = json!({"role": "assistant", "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    let result = json!({"role": "tool", "tool_call_id": "c1", "name": "f", "content": "x"});
    let hi = json!({"role": "user", "content": "hi"});
    let answer =
        world.ask("openai", &plain("openai", "hi", &json!({"messages": [hi, call, result]})));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn thoughts_are_taken_out_only_of_a_request_that_thinks() {
    let world = World::new();
    let edits = json!([{"type": "clear_thinking_20251015", "keep": "all"}]);
    for (thinking, status) in [("disabled", 400), ("adaptive", 200)] {
        let change = json!({"context_management": {"edits": edits},
            "thinking": {"type": thinking}, "model": "claude-opus-4-8"});
        let answer = world.ask("anthropic", &plain("anthropic", "hi", &change));
        assert_eq!(answer.status, status, "{}", answer.body);
        let words = "strategy requires `thinking` to be enabled or adaptive";
        assert_eq!(answer.body.contains(words), status == 400, "{}", answer.body);
    }
}

#[test]
fn the_newest_anthropic_version_takes_no_sampling() {
    let world = World::new();
    let body = json!({"model": "claude-sonnet-4-6", "temperature": 1});
    let body = plain("anthropic", "hi", &body);
    assert_eq!(world.ask("anthropic", &body).status, 200);
    let headers = HEADERS[1].replace("2023-06-01", "2026-10-21");
    let answer = world.send("anthropic", LINES[1], &headers, &body.to_string());
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("temperature: Extra inputs"), "{}", answer.body);
}
