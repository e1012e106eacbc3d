//! `x-forwarded-client-cert`: what proxies say of the certificates of those who called them. Each
//! adds one element at the end, so the ends of the header are not alike: what stands first may be
//! anybody's text, what stands last is the word of the hop in front.

/// The header.
pub(super) const XFCC: &str = "x-forwarded-client-cert";

/// The elements of such a header, the last one first.
///
/// It is read from its end, where a hop that is trusted has written: whatever an app has put before
/// that, quotes that are never closed included, an element of a hop's is found whole.
pub(super) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    core::iter::from_fn(move || {
        let (before, last) = split(rest?, b',');
        rest = before;
        Some(last.trim_ascii())
    })
}

/// The first URI of an element; `None` where it has none.
pub(super) fn uri(element: &[u8]) -> Option<&str> {
    let mut found = None;
    let mut rest = Some(element);
    while let Some(whole) = rest {
        let (before, pair) = split(whole, b';');
        rest = before;
        let (key, value) = pair.split_at_checked("uri=".len()).unwrap_or_default();
        if key.eq_ignore_ascii_case(b"uri=") {
            found = Some(value);
        }
    }
    let value = found?;
    let bare = value.strip_prefix(b"\"").and_then(|own| own.strip_suffix(b"\"")).unwrap_or(value);
    core::str::from_utf8(bare).ok()
}

/// What stands behind the last mark that is not in quotes, and what stands before it.
#[inline(never)]
fn split(value: &[u8], mark: u8) -> (Option<&[u8]>, &[u8]) {
    let mut quoted = false;
    for (at, byte) in value.iter().enumerate().rev() {
        let before = value.get(..at).unwrap_or_default();
        if *byte == b'"' && !is_escaped(before) {
            quoted = !quoted;
        } else if *byte == mark && !quoted {
            return (Some(before), value.get(at.saturating_add(1)..).unwrap_or_default());
        }
    }
    (None, value)
}

/// Whether what stands behind these bytes is escaped by them.
fn is_escaped(before: &[u8]) -> bool {
    let slashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
    slashes % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::{elements, uri};

    fn uris(value: &str) -> Vec<Option<&str>> {
        elements(value.as_bytes()).map(uri).collect()
    }

    #[test]
    fn elements_are_read_from_the_end() {
        let value = "By=spiffe://hop;Hash=ab;Subject=\"CN=a,O=b;c\";URI=spiffe://first,\
                     Hash=cd;uri=\"spiffe://second\";DNS=x, Hash=ef";
        assert_eq!(uris(value), [None, Some("spiffe://second"), Some("spiffe://first")]);
        assert_eq!(uris("URI=spiffe://a;URI=spiffe://b"), [Some("spiffe://a")]);
        assert_eq!(uris(""), [None]);
    }

    /// An app in front of a hop that appends: whatever it writes, the last element is the hop's.
    #[test]
    fn nothing_before_an_element_changes_it() {
        let own = "Hash=ab;Subject=\"CN=x\\\"\\;URI=spiffe://victim\\\"\\,y\";URI=spiffe://real";
        for forged in [
            "URI=spiffe://victim",
            "Subject=\"x",
            "Subject=\"x\\",
            "Subject=\"x\\\"",
            "\"",
            "\\",
            "\"\"\"",
            "URI=\"spiffe://victim",
            ",,,",
            ";;;",
            "By=\"a\",URI=\"",
            "Subject=\"\\\\",
        ] {
            let value = format!("{forged},{own}");
            assert_eq!(uris(&value).first(), Some(&Some("spiffe://real")), "{forged}");
        }
    }
}
