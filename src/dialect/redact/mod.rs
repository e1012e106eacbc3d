//! What a provider says may quote the key that it refuses. No key goes to an app or into a log.
#[cfg(test)]
mod tests;

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

/// Most bytes of a provider's words that an app or a log is shown. The rest is not read.
const SHOWN: usize = 2_000;

/// Most bytes of a name that begins as a key does: what is longer is a key.
const LONGEST_NAME: usize = 64;

/// The beginning of a provider's words, without what looks like a key in it.
#[must_use]
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    without_keys(text.get(..text.floor_char_boundary(SHOWN)).unwrap_or_default())
}

/// How often a text is taken out of its percent escapes: a key may stand in a URL within a URL.
const ESCAPED: u32 = 2;

fn without_keys(text: &str) -> Cow<'_, str> {
    without(text, ESCAPED)
}

/// Providers choose what stands here, so no text may cost more than its length.
fn without(text: &str, escaped: u32) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut kept = 0_usize;
    let (mut named, mut labelled) = (REACH, REACH);
    let (mut before, mut end) = (String::new(), 0_usize);
    for (start, token) in tokens(text) {
        // The end of a sentence, and of a part of one.
        let token = token.trim_end_matches(['.', '-', '/', '~']);
        let between = text.get(end..start).unwrap_or_default();
        let handed = named < REACH && handed(&before, between, token);
        let key = handed || secret(token, named < REACH, labelled < REACH);
        if key || escapes_key(token, escaped) {
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
        end = start.saturating_add(token.len());
        let scheme = before.ends_with("authorization") && matches!(last, "bearer" | "basic");
        before = if scheme { CREDENTIAL.to_owned() } else { word };
    }
    match out {
        Some(mut out) => {
            out.push_str(text.get(kept..).unwrap_or_default());
            Cow::Owned(out)
        }
        None => Cow::Borrowed(text),
    }
}

/// What stands for the scheme of a whole header, `Authorization: Bearer`.
const CREDENTIAL: &str = "authorization:bearer";

/// How the names of headers that carry a key end.
const HEADERS: [&str; 4] = ["api-key", "api_key", "apikey", "authorization"];

/// Whether a token is percent-encoded words with a key in them.
fn escapes_key(token: &str, escaped: u32) -> bool {
    let Some(left) = escaped.checked_sub(1) else { return false };
    let Some(plain) = unescaped(token) else { return false };
    matches!(without(&plain, left), Cow::Owned(_))
}

/// A text without its percent escapes, where it has any. Of bytes that are no ASCII no key is made:
/// a space stands for each.
fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = parts.next().map(str::to_owned)?;
    let mut any = false;
    for part in parts {
        let digits = part.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                any = true;
                out.push(if byte.is_ascii() { char::from(byte) } else { ' ' });
                out.push_str(part.get(2..).unwrap_or_default());
            }
            None => {
                out.push('%');
                out.push_str(part);
            }
        }
    }
    any.then_some(out)
}

/// Whether a token stands where a key is handed over, so that it is one however it looks:
/// `key=abc`, `Bearer abc-1`, `API key provided: abc`, `api_key: abc123`, `API key (abc123)`.
fn handed(label: &str, between: &str, token: &str) -> bool {
    let before = label.rsplit(['_', '-', '.']).next().unwrap_or_default();
    let digits = token.contains(|c: char| c.is_ascii_digit());
    let letters = token.contains(|c: char| c.is_ascii_alphabetic());
    let mixed = token.get(1..).is_some_and(|rest| rest.contains(|c: char| c.is_ascii_uppercase()));
    let named = NAMES.contains(&before) || before.ends_with("apikey");
    let header = between.contains(':') && HEADERS.iter().any(|name| label.ends_with(name));
    match before {
        "provided" | "supplied" | "given" => between.contains(':') && token.len() >= 4,
        "bearer" | "basic" => {
            digits || mixed || token.contains(['-', '_', '+', '=']) || token.len() >= 16
        }
        _ if label == CREDENTIAL => token.len() >= 8,
        _ if !named => false,
        // No word of a sentence, `x-api-key: required`, and no name of a scheme.
        _ if header && (token.len() >= 12 || token.contains(['-', '_']) && token.len() >= 6) => {
            true
        }
        _ if between.trim_start().starts_with('=') => !token.is_empty(),
        // A number after the word is how many tokens there are.
        _ => between.contains([':', '(']) && digits && letters && token.len() >= 6,
    }
}

/// Whether a provider's own words have what looks like a key in them.
#[must_use]
pub fn quotes_key(text: &str) -> bool {
    matches!(without_keys(text), Cow::Owned(_))
}

/// Runs of what keys are made of, and where they begin. Keys that are masked hold asterisks.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let part = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '_' | '-' | '+' | '/' | '.' | '~' | '*' | '%' | '…' | '•')
    };
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
    if prefixed(token) {
        return true;
    }
    if IDS.iter().any(|id| token.starts_with(id)) {
        return false;
    }
    let least = if named { 12 } else { 32 };
    let masked = named && token.len() >= 4 && token.contains(['*', '…', '•']);
    masked || (!labelled && token.split(['-', '_', '.', '/', '+', '%']).any(|s| random(s, least)))
}

/// Whether one of the prefixes stands in a token, where a word begins, and a key after it.
fn prefixed(token: &str) -> bool {
    let mut inside = false;
    token.char_indices().any(|(at, c)| {
        let begins = !core::mem::replace(&mut inside, c.is_ascii_alphanumeric());
        let key = |rest: &str| PREFIXES.iter().any(|p| rest.strip_prefix(p).is_some_and(key_like));
        begins && token.get(at..).is_some_and(key)
    })
}

/// Whether what follows a prefix is a key and no word: long, and not of small letters alone.
fn key_like(rest: &str) -> bool {
    if rest.len() > LONGEST_NAME {
        return true;
    }
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
