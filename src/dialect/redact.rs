//! What a provider says may quote the key that it refuses. No key goes to an app or into a log.
use std::borrow::Cow;

/// What stands where a key stood.
const GONE: &str = "[redacted]";

/// How keys of providers, clouds and forges begin.
const PREFIXES: [&str; 28] = [
    "sk-",
    "sk_",
    "pk-",
    "pk_",
    "rk_",
    "AIza",
    "AQ.",
    "ya29.",
    "GOCSPX-",
    "xai-",
    "gsk_",
    "hf_",
    "r8_",
    "pplx-",
    "fw_",
    "nvapi-",
    "tgp_",
    "csk-",
    "dsk-",
    "ark-",
    "AKIA",
    "ASIA",
    "ABSK",
    "eyJ",
    "ghp_",
    "github_pat_",
    "glpat-",
    "key_",
];

/// How identifiers begin that operators look for in a log.
const IDS: [&str; 16] = [
    "msg_",
    "req_",
    "req-",
    "chatcmpl-",
    "cmpl-",
    "resp_",
    "call_",
    "toolu_",
    "gen-",
    "run_",
    "file-",
    "batch_",
    "proj_",
    "org-",
    "projects/",
    "srvtoolu_",
];

/// Words after which a value is a key, as long as it looks like one.
const NAMES: [&str; 9] = [
    "key",
    "keys",
    "token",
    "secret",
    "bearer",
    "password",
    "credential",
    "credentials",
    "authorization",
];

/// Words after which a value is an identifier.
const LABELS: [&str; 5] = ["id", "request", "trace", "hash", "fingerprint"];

/// How many words a name reaches: `API key provided: abc…`.
const REACH: usize = 4;

/// A text without what looks like a key in it.
#[must_use]
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut kept = 0_usize;
    let (mut named, mut labelled) = (REACH, REACH);
    for (start, token) in tokens(text) {
        // The end of a sentence, and of a part of one.
        let token = token.trim_end_matches(['.', '-', '/', '~']);
        if secret(token, named < REACH, labelled < REACH) {
            let out = out.get_or_insert_default();
            out.push_str(text.get(kept..start).unwrap_or_default());
            out.push_str(GONE);
            kept = start.saturating_add(token.len());
        }
        (named, labelled) = (named.saturating_add(1), labelled.saturating_add(1));
        let word = token.to_ascii_lowercase();
        let last = word.rsplit(['_', '-', '.']).next().unwrap_or_default();
        if NAMES.contains(&last) || word.ends_with("apikey") {
            (named, labelled) = (0, REACH);
        } else if LABELS.contains(&last) {
            (named, labelled) = (REACH, 0);
        }
    }
    match out {
        Some(mut out) => {
            out.push_str(text.get(kept..).unwrap_or_default());
            Cow::Owned(out)
        }
        None => Cow::Borrowed(text),
    }
}

/// Runs of what keys are made of, and where they begin. Keys that are masked hold asterisks.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let part = |c: char| c.is_ascii_alphanumeric() || "_-+/.~*%…•".contains(c);
    let mut from = 0_usize;
    core::iter::from_fn(move || {
        let rest = text.get(from..)?;
        let start = from.saturating_add(rest.find(part)?);
        let token = text.get(start..)?;
        let end = token.find(|c| !part(c)).unwrap_or(token.len());
        from = start.saturating_add(end);
        Some((start, token.get(..end)?))
    })
}

fn secret(token: &str, named: bool, labelled: bool) -> bool {
    let prefixed = PREFIXES.iter().any(|prefix| {
        token.match_indices(prefix).any(|(at, _)| {
            let (before, rest) = (token.get(..at), token.get(at.saturating_add(prefix.len())..));
            let begins = before.is_none_or(|b| !b.ends_with(|c: char| c.is_ascii_alphanumeric()));
            begins && rest.is_some_and(key_like)
        })
    });
    if prefixed {
        return true;
    }
    if IDS.iter().any(|id| token.starts_with(id)) {
        return false;
    }
    let least = if named { 12 } else { 32 };
    let masked = named && token.len() >= 4 && token.contains(['*', '…', '•']);
    masked || (!labelled && token.split(['-', '_', '.', '/', '+', '%']).any(|s| random(s, least)))
}

/// Whether what follows a prefix is a key and no word: long, and not of small letters alone.
fn key_like(rest: &str) -> bool {
    let words = rest.chars().all(|c| c.is_ascii_lowercase() || "-_./".contains(c));
    let masked = rest.contains(['*', '…', '•']);
    masked
        || (rest.len() >= 8 && (!words || rest.split(['-', '_', '.', '/']).any(|s| s.len() > 19)))
}

/// Whether letters are thrown together: digits among letters, or small ones among capitals, and as
/// many as no name has in one piece.
fn random(segment: &str, least: usize) -> bool {
    let has = |kind: fn(&char) -> bool| segment.chars().any(|c| kind(&c));
    let digits = has(char::is_ascii_digit);
    let (small, large) = (has(char::is_ascii_lowercase), has(char::is_ascii_uppercase));
    segment.len() >= least && ((digits && (small || large)) || (small && large && least > 16))
}

#[cfg(test)]
mod tests {
    use super::redact;

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
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
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
            "ключ не подходит",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
