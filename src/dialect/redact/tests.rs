//! What goes and what stays of a provider's words.
use super::{quotes_key, redact};

#[test]
fn keys_go() {
    let keys = [
        "sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7",
        "sk-ant-api03-abcDEF123_-xyz0987654321-AA",
        "sk-or-v1-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "sk-proj-********************************abcd",
        "sk-...wxyz1234",
        "sk_live_51H8x9z0abcdef",
        "AIzaSyAbm-_oW12aAAxNc8FEEh-84QT7o-9r1Ak",
        "xai-SJalqwertyuiop1234567890",
        "gsk_ABCdef1234567890abcdEFGH",
        "hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ",
        "pplx-0123456789abcdef",
        "nvapi-AbCdEf-0123_456789",
        "AKIAIOSFODNN7EXAMPLE",
        "ya29.a0AfH6SMBx-yZ123456",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.\
         dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "0123456789abcdef0123456789abcdef",
        "9fK2mN5pQ8sT1vW4yZ7aB3dE6gH9jK2mN5pQ8sT1vW4yZ7",
    ];
    for key in keys {
        for (before, after) in [
            ("Incorrect API key provided: ", ". You can find it at the console."),
            ("Permission denied: Consumer 'api_key:", "' has been suspended."),
            ("invalid header: Authorization: Bearer ", ""),
            ("{\"key\":\"", "\"}"),
            ("GET /v1beta/models?key=", "&alt=sse failed"),
            ("unknown ", ", sorry"),
        ] {
            let text = format!("{before}{key}{after}");
            let told = redact(&text);
            assert_eq!(told, format!("{before}[redacted]{after}"), "{text}");
        }
    }
}

/// Only what they are called tells that these are keys.
#[test]
fn a_short_one_goes_where_it_is_called_one() {
    for text in [
        "Incorrect API key provided: na***ys.",
        "invalid token a1b2c3d4e5f6a7b8",
        "wrong api-key: 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "Authorization: Bearer abc123def456ghi7",
        "Authorization: Bearer token-abc123",
        "Bearer 11111111-2222-3333-4444-555555555555 is unknown",
        "Bearer abcdefghijklmnop is unknown",
        "GET /v1/models?key=secretword failed",
        "Incorrect API key provided: mykey.",
        "x-api-key: abc123",
        "key = secretword",
        "API-Key (4f9d2c) is unknown",
        "Authorization: Basic dXNlcjpwYXNz",
        "x-api-key: correct-horse-battery-staple",
        "api-key: hunterhunter",
        "{\"authorization\":\"Bearer hunterhunter\"}",
        "authorization: Bearer hunter-two",
        "https://api.test/v1%3Fkey%3Dsk-ant-api03-Ab1_cD2-eF3 failed",
        "%3Fkey%3Dsecretword",
        "%253Fkey%253Dsecretword",
        "authorization%3A%20Bearer%20sk-proj-Ab1_cD2-eF3",
        "Bearer%20sk-proj-Ab1_cD2-eF3",
        "Bearer%20token-abc123",
        "sk%2Dproj%2DAb1%5FcD2%2DeF3",
        "%22sk-proj-Ab1_cD2-eF3%22",
    ] {
        assert!(redact(text).contains("[redacted]"), "{text}: {}", redact(text));
    }
}

#[test]
fn everything_else_stays() {
    for text in [
        "",
        "Your API key does not have access to model claude-sonnet-4-5-20250929.",
        "The model `gpt-4o-mini-2024-07-18` does not exist or you do not have access to it.",
        "invalid x-api-key",
        "API key not valid. Please pass a valid API key.",
        "the bearer token is missing",
        "Bearer authentication is required for this endpoint",
        "message msg_01XFDUDYJgAACzvnptvVoYEL of req_011CZLrUfBVkVHn5T6EqQaf7",
        "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT and resp_67ccd2bed1ec8190b14f964abc0542670bb6",
        "call_abcDEF123456 toolu_01A09q90qw90lq917835lq9",
        "Please quote the request ID 3de5c7f1b2a94e0d8c7b6a5f4e3d2c1b when you write to us",
        "trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "see https://platform.openai.com/docs/guides/error-codes/api-errors for the key points",
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8 is busy",
        "accounts/fireworks/models/llama-v3p1-405b-instruct",
        "This model's maximum context length is 8192 tokens. However, you asked for 9000 tokens.",
        "unknown key `max_completion_tokens` in messages[2].content[0].image_url",
        "the key `response_format.json_schema.additionalProperties` must be false",
        "sk-learn and pk-something are words, eyJ is a beginning",
        "anthropic-beta: interleaved-thinking-2025-05-14, context-1m-2025-08-07",
        "2026-04-01T00:00:00.000Z",
        "the header x-api-key: required",
        "authorization: Bearer token is missing",
        "at 100%25 of the quota, 5% over",
        "models/gpt-4o%2Dmini-2024-07-18 and %E2%82%AC%20a%2 %",
        "https://api.test/v1/models%3Fpage%3D2%26after%3Dgpt-4o",
        "ключ не подходит",
        "the most for max token: 128000 is 64000 (token: 1048576)",
        "Basic authentication is not supported, send a Bearer token (RFC 6750)",
    ] {
        assert_eq!(redact(text), text);
    }
}

/// Every stream of a worker waits while one provider's words are read: where each beginning of a
/// key was followed to the end of its text, these took hours.
#[test]
fn no_text_costs_more_than_its_length() {
    for part in [
        "sk-", "sk-a", "key_", "eyJ", "key=", "a*", "Bearer ", "-", "9a", "\u{20ac}", "%25",
        "%2525a",
    ] {
        let text = part.repeat((2 << 20) / part.len());
        let _ = quotes_key(&text);
        assert!(redact(&text).len() <= 2_000 * 4, "{part}");
    }
    assert!(quotes_key(&"sk-".repeat(1 << 20)));
    assert!(quotes_key(&format!("{}sk-aB3dE6gH9jK2mN5pQ8sT", "x ".repeat(1 << 20))));
}

#[test]
fn what_is_shown_is_short_and_whole() {
    assert_eq!(redact(&"word ".repeat(1_000)).len(), 2_000);
    assert_eq!(
        redact(&format!("{}\u{20ac}", "a ".repeat(999).trim_end())).chars().last(),
        Some('\u{20ac}')
    );
    assert_eq!(redact(&format!("{} \u{20ac}", "a ".repeat(999))).len(), 1_999);
}
