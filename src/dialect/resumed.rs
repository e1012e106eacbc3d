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

/// The white space at the end of what was said, of which a model that goes on was not told: it may
/// say that again.
#[derive(Debug, Default)]
pub struct Seam {
    tail: String,
    /// So many bytes of it have been said again, or will not be.
    at: usize,
}

impl Seam {
    /// The seam behind what was said.
    #[must_use]
    pub fn of(said: &str) -> Self {
        let tail = said.get(said.trim_end().len()..).unwrap_or_default();
        Self { tail: tail.to_owned(), at: 0 }
    }

    /// What the next piece says beyond it.
    pub fn after<'m>(&mut self, piece: &'m str) -> &'m str {
        let mut rest = piece;
        while !rest.is_empty()
            && let Some(own) = self.tail.get(self.at..).and_then(|tail| tail.chars().next())
        {
            match rest.strip_prefix(own) {
                Some(shorter) => {
                    rest = shorter;
                    self.at = self.at.saturating_add(own.len_utf8());
                }
                None => self.at = self.tail.len(),
            }
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::{Seam, with_said};

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
            ("one \n", " \ntwo", "two"),
            ("one \n", "\ntwo", "\ntwo"),
            ("one\n  ", "\n  two", "two"),
            ("one\u{a0}", "\u{a0}\u{a0}two", "\u{a0}two"),
            ("", "one", "one"),
            ("one ", "", ""),
        ] {
            // However the model cuts it into pieces.
            let chars: Vec<String> = more.chars().map(String::from).collect();
            for pieces in [vec![more.to_owned()], chars] {
                let mut seam = Seam::of(said);
                let found: String = pieces.iter().map(|piece| seam.after(piece)).collect();
                assert_eq!(found, rest, "{said:?} {pieces:?}");
            }
        }
    }
}
