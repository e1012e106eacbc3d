//! The fields that an attempt leaves out, as `x-tradewind-dropped` names them.
use crate::dialect::Field;

/// Longest path of a field that is named in a header, in characters.
const FIELD: usize = 100;

/// Longest list of such fields, in bytes, but for its last one.
const LIST: usize = 2_000;

/// Paths of fields as one header's value.
///
/// An app chooses its own keys: a line break in one would begin another header, and a long one
/// would be more than clients take.
pub(super) fn listed(fields: &[Field]) -> String {
    let plain = |c: char| if c.is_ascii_graphic() { c } else { '?' };
    let mut list = String::new();
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            list.push_str(", ");
        }
        if list.len() > LIST {
            let more = fields.len().saturating_sub(index);
            list.push_str(&format!("and {more} more"));
            break;
        }
        list.extend(field.chars().take(FIELD).map(plain));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::{FIELD, Field, LIST, listed};

    #[test]
    fn so_many_fields_are_listed_as_a_header_may_hold() {
        let names = |names: &[&str]| {
            names.iter().map(|name| Field::Owned((*name).to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(listed(&[]), "");
        assert_eq!(listed(&names(&["a"])), "a");
        assert_eq!(listed(&names(&["a", "b\r\nc", "é"])), "a, b??c, ?");
        let (long, longer) = ("x".repeat(FIELD), "x".repeat(FIELD + 1));
        assert_eq!(listed(&names(&[&long, &longer])), format!("{long}, {long}"));
        // Each takes 20 bytes: a list that is just as long as may be goes on, a longer one ends.
        let mut many = vec![Field::Owned("x".repeat(18)); LIST / 20];
        many.extend(names(&["y", "z"]));
        assert!(listed(&many).ends_with("x, y, and 1 more"), "{}", listed(&many));
        many.remove(0);
        assert!(listed(&many).ends_with("x, y, z"), "{}", listed(&many));
    }
}
