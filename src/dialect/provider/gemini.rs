//! Google's Gemini API. The model and the method are in the path.
use super::{Credential, Endpoint, Path, Provider, Quirks};
use crate::dialect::format::generate_content;
use crate::dialect::{Framing, Operation};

pub(super) static PROVIDER: Provider = Provider {
    name: "gemini",
    endpoints: &[Endpoint {
        operation: Operation::CHAT,
        path: Path::Of(path),
        format: &generate_content::FORMAT,
        framing: Framing::ServerSentEvents,
        quirks: Quirks { unread_members: &["logprobsResult"], omits_user: true },
    }],
    credential: Credential { header: "x-goog-api-key", prefix: "" },
    headers: &[],
};

/// The path after the endpoint's prefix.
///
/// A model's name fills one segment and no more: all but letters, digits, `-`, `.`, `_` and `~`
/// is percent-encoded, so no name can reach another path or method, or begin a query.
fn path(model: &str, stream: bool) -> String {
    let method = if stream { ":streamGenerateContent?alt=sse" } else { ":generateContent" };
    let mut path = String::with_capacity(model.len().saturating_add(48));
    path.push_str("/v1beta/models/");
    // A segment of dots alone would mean another folder.
    let dots = model.bytes().all(|b| b == b'.');
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) || (byte == b'.' && !dots) {
            path.push(char::from(byte));
        } else {
            path.push('%');
            path.push(digit(byte >> 4));
            path.push(digit(byte & 15));
        }
    }
    path.push_str(method);
    path
}

fn digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn a_model_name_cannot_choose_the_path() {
        for (name, stream, want) in [
            ("gemini-2.5-flash", false, "/v1beta/models/gemini-2.5-flash:generateContent"),
            ("gemini-2.5-pro", true, "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"),
            ("../files?x#y", false, "/v1beta/models/..%2Ffiles%3Fx%23y:generateContent"),
            ("..", false, "/v1beta/models/%2E%2E:generateContent"),
            ("a:b c%é", false, "/v1beta/models/a%3Ab%20c%25%C3%A9:generateContent"),
        ] {
            assert_eq!(path(name, stream), want);
        }
    }
}
