//! Values as they mean the same, however they are written: the order of members, spaces, escapes
//! and the zeros of numbers make no difference, and whatever else differs does.
use crate::json::number::plain;
use crate::json::{Kind, Value};
use crate::order;

/// Gives `take` the pieces of a form that two values have in common just where they are the same
/// but for the members of the outermost object that `left_out` names.
pub fn canonical(value: Value<'_>, left_out: &[&str], take: &mut impl FnMut(&[u8])) {
    write(value, left_out, &mut Vec::new(), take);
}

/// `pairs` is empty but for the members of the objects around this value.
fn write<'d>(
    value: Value<'d>,
    left_out: &[&str],
    pairs: &mut Vec<(Value<'d>, Value<'d>)>,
    take: &mut impl FnMut(&[u8]),
) {
    match value.kind() {
        Kind::Null => take(b"n"),
        Kind::True => take(b"t"),
        Kind::False => take(b"f"),
        // One that is too long to be compared is what its digits are.
        Kind::Number => match plain(value) {
            Some(digits) => text(b'd', digits.as_bytes(), take),
            None => text(b'e', value.raw().as_bytes(), take),
        },
        Kind::String => string(value, take),
        Kind::Array => {
            take(b"[");
            value.items().for_each(|item| write(item, &[], pairs, take));
            take(b"]");
        }
        Kind::Object => {
            take(b"{");
            let from = pairs.len();
            let is_in = |key: &Value<'_>| !left_out.iter().any(|name| key.is(name));
            pairs.extend(value.pairs().filter(|(key, _)| is_in(key)));
            if let Some(own) = pairs.get_mut(from..) {
                order::sort_by_key(own, |(key, _)| key.as_str());
            }
            let mut at = from;
            while let Some((key, value)) = pairs.get(at).copied() {
                string(key, take);
                write(value, &[], pairs, take);
                at = at.saturating_add(1);
            }
            pairs.truncate(from);
            take(b"}");
        }
    }
}

fn string(value: Value<'_>, take: &mut impl FnMut(&[u8])) {
    text(b's', value.as_str().unwrap_or_default().as_bytes(), take);
}

/// A text, told from what stands before and behind it.
fn text(kind: u8, text: &[u8], take: &mut impl FnMut(&[u8])) {
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    take(&(length << 8 | u64::from(kind)).to_le_bytes());
    take(text);
}

#[cfg(test)]
mod tests {
    use super::canonical;
    use crate::json::{Document, Limits};

    fn form(text: &str) -> Vec<u8> {
        let document = Document::parse(text.as_bytes(), Limits::default()).unwrap();
        let mut out = Vec::new();
        canonical(document.root(), &["stream"], &mut |bytes| out.extend_from_slice(bytes));
        out
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        for [one, other] in [
            [r#"{"a":1,"b":[true,null]}"#, "{ \"b\" : [ true , null ] , \"a\" : 1 }"],
            [r#"{"a":"\u0041\/"}"#, r#"{"a":"A/"}"#],
            [r#"{"\u0061":1}"#, r#"{"a":1}"#],
            [r#"{"t":0.0,"n":1e1}"#, r#"{"t":0,"n":10}"#],
            [r#"{"a":{"x":1,"y":{"p":1,"q":2}}}"#, r#"{"a":{"y":{"q":2,"p":1},"x":1}}"#],
            [r#"{"a":1,"stream":true}"#, r#"{"a":1}"#],
        ] {
            assert_eq!(form(one), form(other), "{one} {other}");
        }
    }

    #[test]
    fn what_differs_differs() {
        let long = |last: u8| format!(r#"{{"a":{}{last}}}"#, "1234567890".repeat(8));
        let (one, other) = (long(0), long(1));
        let all = [
            one.as_str(),
            other.as_str(),
            r#"{}"#,
            r#"[]"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":null}"#,
            r#"{"a":false}"#,
            r#"{"a":true}"#,
            r#"{"a":0}"#,
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":"true"}"#,
            r#"{"a":1.5}"#,
            r#"{"a":15}"#,
            r#"{"a":-1}"#,
            r#"{"a":9007199254740993}"#,
            r#"{"a":9007199254740992}"#,
            r#"{"a":"x","b":"y"}"#,
            r#"{"a":"xsb","c":"y"}"#,
            r#"{"a":["x","y"]}"#,
            r#"{"a":["xy"]}"#,
            r#"{"a":["y","x"]}"#,
            r#"{"a":[["x"],"y"]}"#,
            r#"{"a":["x",["y"]]}"#,
            r#"{"a":{"b":1},"c":2}"#,
            r#"{"a":{"b":1,"c":2}}"#,
            r#"{"a":{"stream":true}}"#,
            r#"{"A":1}"#,
            r#"{"a":"é"}"#,
            r#"{"a":"e\u0301"}"#,
        ];
        for (at, one) in all.iter().enumerate() {
            for other in &all[at + 1..] {
                assert_ne!(form(one), form(other), "{one} {other}");
            }
        }
    }
}
