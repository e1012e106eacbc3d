//! A request whose answer has broken off, and is to go on.
use super::assemble::{Speaker, message};
use super::splice::{Edit, Put, splice};
use crate::json::{Document, Limits};

/// The body of a request with this as what the assistant has said last, without the white space
/// that it ends with: no provider takes that there. Both formats of apps say it alike. `None` where
/// there is no conversation.
#[must_use]
pub fn with_said(body: &[u8], said: &str) -> Option<Vec<u8>> {
    let document = Document::parse(body, Limits::default()).ok()?;
    let at = document.root().get("messages")?.items().last()?.span().end;
    let put = Put::Text(format!(",{}", message(Speaker::Assistant, said.trim_end())));
    splice(body, &[Edit { at: at..at, put }], "", None)
}

/// What a model goes on with, where it may say again the white space that it was not told of.
#[must_use]
pub fn after<'m>(said: &str, more: &'m str) -> &'m str {
    let (mut rest, tail) = (more, said.get(said.trim_end().len()..).unwrap_or_default());
    for own in tail.chars() {
        match rest.strip_prefix(own) {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::{after, with_said};

    #[test]
    fn what_was_said_stands_last() {
        let body = br#"{"messages":[ {"role":"user","content":"Hi"} ],"stream":true}"#;
        let found = with_said(body, "He said \"so\" \n").map(String::from_utf8);
        let last = r#"{"role":"assistant","content":"He said \"so\""}"#;
        let expected =
            format!(r#"{{"messages":[ {{"role":"user","content":"Hi"}},{last} ],"stream":true}}"#);
        assert_eq!(found, Some(Ok(expected)));
        for none in [&b"{}"[..], b"[]", br#"{"messages":[]}"#, b"{"] {
            assert_eq!(with_said(none, "so"), None);
        }
    }

    #[test]
    fn white_space_is_said_once() {
        for (said, more, rest) in [
            ("one ", "two", "two"),
            ("one ", " two", "two"),
            ("one", " two", " two"),
            ("one\n", "\n\ntwo", "\ntwo"),
            ("one \n", "\ntwo", "\ntwo"),
            ("", "one", "one"),
            ("one ", "", ""),
        ] {
            assert_eq!(after(said, more), rest, "{said:?} {more:?}");
        }
    }
}
