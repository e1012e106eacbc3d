//! Percent-encoding (RFC 3986, 2.1), as it stands in paths and queries.
use std::borrow::Cow;

/// A text out of its encoding. What is no encoding stays, as does what would be no UTF-8.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let said = (*first == b'%').then(|| byte(after)).flatten();
        let (next, after) = said.unwrap_or((*first, after));
        out.push(next);
        rest = after;
    }
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The byte that two hexadecimal digits say, and what follows them.
fn byte(digits: &[u8]) -> Option<(u8, &[u8])> {
    let (pair, after) = digits.split_at_checked(2)?;
    let pair = core::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'))?;
    Some((u8::from_str_radix(pair, 16).ok()?, after))
}

/// A parameter of a query, out of its encoding: the last of that name.
pub(super) fn parameter<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.rfind(|(own, _)| decoded(own) == name).map(|(_, value)| decoded(value))
}

#[cfg(test)]
mod tests {
    use super::{decoded, parameter};

    #[test]
    fn what_is_no_encoding_stays() {
        for (text, expected) in [
            ("a%20b%2Fc", "a b/c"),
            ("%c3%A9%F0%9F%98%80", "\u{e9}\u{1F600}"),
            ("100%", "100%"),
            ("%2", "%2"),
            ("%+1%-1%zz", "%+1%-1%zz"),
            ("%ff", "%ff"),
            ("a+b", "a+b"),
        ] {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }

    #[test]
    fn a_parameter_is_the_last_of_its_name() {
        let query = "beta=true&limit=1&after%5Fid=a%26b&limit=2&flag";
        assert_eq!(parameter(query, "limit").as_deref(), Some("2"));
        assert_eq!(parameter(query, "after_id").as_deref(), Some("a&b"));
        assert_eq!(parameter(query, "flag"), None);
        assert_eq!(parameter("", "limit"), None);
    }
}
