//! Whether a value conforms to a JSON Schema, as far as that is cheap to say.
//!
//! These keywords are asked, in whatever draft: `type`, `enum`, `const`, `properties`, `required`,
//! `additionalProperties`, `prefixItems`, `items`, `minItems`, `maxItems`, `minLength`,
//! `maxLength`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `anyOf`, `oneOf`,
//! `allOf` and a `$ref` into the schema itself. All others hold of everything (`pattern`, `format`,
//! `if`, …).
//!
//! A schema that asks too much ([`Effort`]), or refers to itself without end, holds of nothing.
use std::borrow::Cow;

use super::effort::Effort;
use super::number::plain;
use super::{Kind, Value};

/// Most schemas inside one another, each `$ref` among them.
const DEPTH_MAX: u32 = 64;

/// Whether a value conforms to a schema, as far as the effort goes: where it does not suffice the
/// answer is no, and it is spent.
#[must_use]
pub fn conforms(value: Value<'_>, schema: Value<'_>, effort: &Effort) -> bool {
    // What is found when it is spent says nothing.
    Check { root: schema, effort }.holds(schema, value, DEPTH_MAX) && !effort.is_spent()
}

/// A keyword: the part of a schema that it stands before, and whether that holds of a value.
type Keyword = fn(&Check<'_>, Value<'_>, Value<'_>, Value<'_>, u32) -> bool;

/// Every keyword that is asked: with its own value, the schema that it stands in, and the value.
const KEYWORDS: [(&str, Keyword); 20] = [
    ("type", |check, own, _, value, _| check.is_of_type(own, value)),
    ("enum", |check, own, _, value, _| own.items().any(|one| check.same(one, value))),
    ("const", |check, own, _, value, _| check.same(own, value)),
    ("required", |check, own, _, value, _| check.required(own, value)),
    ("properties", properties),
    ("additionalProperties", additional),
    ("prefixItems", |check, own, _, value, depth| {
        own.items().zip(value.items()).all(|(own, item)| check.holds(own, item, depth))
    }),
    ("items", |check, own, schema, value, depth| {
        // It is of what follows those that have a schema each.
        let before = check.find(schema, "prefixItems").map_or(0, |own| check.count(own));
        let items = value.items().enumerate();
        items.filter(|(at, _)| *at >= before).all(|(_, item)| check.holds(own, item, depth))
    }),
    ("minItems", |check, own, _, value, _| {
        !value.is_array() || wide(check.count(value)) >= bound(own, 0)
    }),
    ("maxItems", |check, own, _, value, _| wide(check.count(value)) <= bound(own, u64::MAX)),
    ("minLength", |_, own, _, value, _| length(value).is_none_or(|long| long >= bound(own, 0))),
    ("maxLength", |_, own, _, value, _| {
        length(value).is_none_or(|long| long <= bound(own, u64::MAX))
    }),
    ("minimum", |_, own, _, value, _| compare(value, own, |value, least| value >= least)),
    ("maximum", |_, own, _, value, _| compare(value, own, |value, most| value <= most)),
    ("exclusiveMinimum", |_, own, _, value, _| compare(value, own, |value, least| value > least)),
    ("exclusiveMaximum", |_, own, _, value, _| compare(value, own, |value, most| value < most)),
    ("anyOf", |check, own, _, value, depth| own.items().any(|one| check.holds(one, value, depth))),
    ("oneOf", |check, own, _, value, depth| {
        own.items().filter(|one| check.holds(*one, value, depth)).count() == 1
    }),
    ("allOf", |check, own, _, value, depth| own.items().all(|one| check.holds(one, value, depth))),
    ("$ref", |check, own, _, value, depth| match check.referred(own) {
        Ref::To(schema) => check.holds(schema, value, depth),
        Ref::Elsewhere => true,
        Ref::Nowhere => false,
    }),
];

struct Check<'s> {
    /// The whole schema, which a `$ref` points into.
    root: Value<'s>,
    /// What may be looked at yet.
    effort: &'s Effort,
}

/// What a `$ref` names.
enum Ref<'s> {
    To(Value<'s>),
    /// Another document, which nobody has, or a place by a name that is not looked for.
    Elsewhere,
    /// A place of this document where nothing stands.
    Nowhere,
}

impl<'s> Check<'s> {
    /// Whether a schema holds of a value.
    fn holds(&self, schema: Value<'_>, value: Value<'_>, depth: u32) -> bool {
        let (Some(depth), true) = (depth.checked_sub(1), self.effort.take(1)) else { return false };
        match schema.kind() {
            Kind::False => false,
            Kind::Object => schema.pairs().all(|(name, own)| {
                let Some((_, keyword)) = KEYWORDS.iter().find(|(known, _)| name.is(known)) else {
                    return self.effort.take(1);
                };
                self.looks_at(own)
                    && self.looks_at(value)
                    && keyword(self, own, schema, value, depth)
            }),
            _ => true,
        }
    }

    /// Takes what it costs to read a value: of one that has others inside, itself alone.
    fn looks_at(&self, value: Value<'_>) -> bool {
        match value.kind() {
            Kind::String | Kind::Number => self.effort.take_text(value.raw()),
            _ => self.effort.take(1),
        }
    }

    /// An object's member of that name, as [`Value::get`] finds it; none where effort is spent.
    fn find<'v>(&self, object: Value<'v>, key: &str) -> Option<Value<'v>> {
        let mut found = None;
        for (own, value) in object.pairs() {
            if !self.effort.take(1) {
                return None;
            }
            if own.is(key) {
                found = Some(value);
            }
        }
        found
    }

    /// How many items an array has.
    fn count(&self, value: Value<'_>) -> usize {
        value.items().take_while(|_| self.effort.take(1)).count()
    }

    /// Whether two values are the same, however they are written.
    fn same(&self, one: Value<'_>, other: Value<'_>) -> bool {
        let is_read = self.looks_at(one) && self.looks_at(other);
        if !is_read || one.kind() != other.kind() {
            return false;
        }
        match one.kind() {
            Kind::Null | Kind::True | Kind::False => true,
            Kind::Number => one.raw() == other.raw() || same_number(one, other),
            Kind::String => one.as_str() == other.as_str(),
            Kind::Array => {
                self.count(one) == self.count(other)
                    && one.items().zip(other.items()).all(|(one, other)| self.same(one, other))
            }
            Kind::Object => {
                let members =
                    |of: Value<'_>| of.pairs().take_while(|_| self.effort.take(1)).count();
                members(one) == members(other)
                    && one.pairs().all(|(key, one)| {
                        let other = self.name(key).and_then(|key| self.find(other, &key));
                        other.is_some_and(|other| self.same(one, other))
                    })
            }
        }
    }

    /// A name; none where effort is spent.
    fn name<'v>(&self, key: Value<'v>) -> Option<Cow<'v, str>> {
        if self.looks_at(key) { key.as_str() } else { None }
    }

    fn is_of_type(&self, own: Value<'_>, value: Value<'_>) -> bool {
        let names = own.items().chain((!own.is_array()).then_some(own));
        let mut names = names.take_while(|_| self.effort.take(1));
        names.any(|name| match value.kind() {
            Kind::Null => name.is("null"),
            Kind::True | Kind::False => name.is("boolean"),
            Kind::Number => name.is("number") || (name.is("integer") && is_whole(value)),
            Kind::String => name.is("string"),
            Kind::Array => name.is("array"),
            Kind::Object => name.is("object"),
        })
    }

    fn required(&self, own: Value<'_>, value: Value<'_>) -> bool {
        let has = |key| self.name(key).is_none_or(|key| self.find(value, &key).is_some());
        !value.is_object() || own.items().all(has)
    }

    /// What a `$ref` of the schema itself stands for.
    fn referred(&self, own: Value<'_>) -> Ref<'s> {
        let Some(text) = own.as_str() else { return Ref::Nowhere };
        let Some(pointer) = text.strip_prefix('#') else { return Ref::Elsewhere };
        let is_pointer = pointer.is_empty() || pointer.starts_with('/');
        if !is_pointer || pointer.contains('%') {
            return Ref::Elsewhere;
        }
        let mut at = Some(self.root);
        for key in pointer.split('/').skip(1) {
            let key = key.replace("~1", "/").replace("~0", "~");
            at = at.and_then(|at| match key.parse::<usize>() {
                Ok(index) if at.is_array() => {
                    at.items().take_while(|_| self.effort.take(1)).nth(index)
                }
                _ => self.find(at, &key),
            });
        }
        at.map_or(Ref::Nowhere, Ref::To)
    }
}

fn properties(
    check: &Check<'_>,
    own: Value<'_>,
    _: Value<'_>,
    value: Value<'_>,
    depth: u32,
) -> bool {
    !value.is_object()
        || own.pairs().all(|(key, schema)| {
            let member = check.name(key).and_then(|key| check.find(value, &key));
            member.is_none_or(|member| check.holds(schema, member, depth))
        })
}

fn additional(
    check: &Check<'_>,
    own: Value<'_>,
    schema: Value<'_>,
    value: Value<'_>,
    depth: u32,
) -> bool {
    // What a pattern of names would allow, nobody asks here.
    if own.kind() == Kind::True || check.find(schema, "patternProperties").is_some() {
        return true;
    }
    let known = check.find(schema, "properties");
    let is_known = |key: &str| known.is_some_and(|known| check.find(known, key).is_some());
    value.pairs().all(|(key, member)| {
        check.name(key).is_some_and(|key| is_known(&key)) || check.holds(own, member, depth)
    })
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A text's length, in characters; `None` for any other value.
fn length(value: Value<'_>) -> Option<u64> {
    let text = value.as_str()?;
    Some(u64::try_from(text.chars().count()).unwrap_or(u64::MAX))
}

/// A bound of the schema's, or this one where it says no whole number.
fn bound(own: Value<'_>, otherwise: u64) -> u64 {
    super::number::whole(own).unwrap_or(otherwise)
}

fn compare(value: Value<'_>, own: Value<'_>, holds: fn(f64, f64) -> bool) -> bool {
    // A boolean is what an old draft says here of the bound beside it.
    let (Some(value), Some(own)) = (value.as_f64(), own.as_f64()) else { return true };
    holds(value, own)
}

fn is_whole(value: Value<'_>) -> bool {
    match plain(value) {
        Some(digits) => !digits.contains('.'),
        // More digits than any number that is meant: whole where nothing says that it is not.
        None => !value.raw().contains(['.', 'e', 'E']),
    }
}

fn same_number(one: Value<'_>, other: Value<'_>) -> bool {
    plain(one).is_some_and(|digits| plain(other).as_ref() == Some(&digits))
}

#[cfg(test)]
mod tests {
    use super::conforms;
    use crate::json::{Document, Effort, Limits};

    fn holds(schema: &str, value: &str) -> bool {
        let schema = Document::parse(schema.as_bytes(), Limits::default()).unwrap();
        let value = Document::parse(value.as_bytes(), Limits::default()).unwrap();
        conforms(value.root(), schema.root(), &Effort::default())
    }

    /// Each keyword, with what it holds of and what it does not.
    #[test]
    fn each_keyword_holds_of_some_and_not_of_others() {
        for (schema, good, bad) in [
            (r#"{"type":"string"}"#, r#""a""#, "1"),
            (r#"{"type":["string","null"]}"#, "null", "true"),
            (r#"{"type":"integer"}"#, "2.0", "2.5"),
            (r#"{"type":"integer"}"#, "123456789012345678901234567890", "1e-3"),
            (r#"{"type":"number"}"#, "2.5", r#""2.5""#),
            (r#"{"type":"boolean"}"#, "false", "0"),
            (r#"{"type":"object"}"#, "{}", "[]"),
            (r#"{"type":"array"}"#, "[]", "{}"),
            (r#"{"enum":["a",1,{"b":[2]}]}"#, r#"{"b":[2.0]}"#, r#"{"b":[3]}"#),
            (r#"{"enum":["a",1]}"#, r#""\u0061""#, r#""b""#),
            (r#"{"const":{"a":1,"b":2}}"#, r#"{"b":2,"a":1}"#, r#"{"a":1}"#),
            (r#"{"required":["a"]}"#, r#"{"a":null}"#, r#"{"b":1}"#),
            (r#"{"required":["a"]}"#, "3", "{}"),
            (r#"{"properties":{"a":{"type":"string"}}}"#, r#"{"a":"x","b":1}"#, r#"{"a":1}"#),
            (
                r#"{"properties":{"a":{}},"additionalProperties":false}"#,
                r#"{"a":1}"#,
                r#"{"a":1,"b":2}"#,
            ),
            (r#"{"additionalProperties":{"type":"number"}}"#, r#"{"x":1}"#, r#"{"x":"1"}"#),
            (r#"{"items":{"type":"number"}}"#, "[1,2]", r#"[1,"2"]"#),
            (r#"{"minItems":2}"#, "[1,2]", "[1]"),
            (r#"{"maxItems":1}"#, "[1]", "[1,2]"),
            (r#"{"minLength":2}"#, r#""é世""#, r#""é""#),
            (r#"{"maxLength":1}"#, r#""世""#, r#""ab""#),
            (r#"{"minimum":1}"#, "1", "0.9"),
            (r#"{"maximum":1}"#, "1", "1.1"),
            (r#"{"exclusiveMinimum":1}"#, "1.1", "1"),
            (r#"{"exclusiveMaximum":1}"#, "0.9", "1"),
            (r#"{"anyOf":[{"type":"string"},{"minimum":5}]}"#, "6", "4"),
            (r#"{"oneOf":[{"type":"number"},{"minimum":5}]}"#, "4", "6"),
            (r#"{"allOf":[{"type":"number"},{"minimum":5}]}"#, "6", "4"),
            (
                r##"{"$defs":{"a/b":{"type":"string"}},"items":{"$ref":"#/$defs/a~1b"}}"##,
                r#"["x"]"#,
                "[1]",
            ),
            (
                r##"{"properties":{"next":{"$ref":"#"}},"required":["v"]}"##,
                r#"{"v":1,"next":{"v":2}}"#,
                r#"{"v":1,"next":{}}"#,
            ),
            (r##"{"items":{"$ref":"#/$defs/gone"}}"##, "[]", "[1]"),
            (r#"{"items":false}"#, "[]", "[1]"),
            (r#"{"prefixItems":[{"type":"string"}]}"#, r#"["a",1]"#, "[1]"),
            (r#"{"prefixItems":[{},{}],"items":false}"#, "[1,2]", "[1,2,3]"),
        ] {
            assert!(holds(schema, good), "{schema} holds of {good}");
            assert!(!holds(schema, bad), "{schema} does not hold of {bad}");
        }
    }

    #[test]
    fn what_is_not_asked_holds_of_everything() {
        for (schema, value) in [
            ("true", "1"),
            ("{}", "null"),
            (r#"{"pattern":"^a"}"#, r#""b""#),
            (r#"{"$ref":"https://example.com/schema"}"#, "1"),
            (r##"{"$defs":{"c":{"$anchor":"C","type":"string"}},"$ref":"#C"}"##, "1"),
            (r##"{"$ref":"#/$defs/My%20C"}"##, "1"),
            (r#"{"patternProperties":{"^x":{}},"additionalProperties":false}"#, r#"{"y":1}"#),
            (r#"{"exclusiveMinimum":true,"minimum":0}"#, "0"),
        ] {
            assert!(holds(schema, value), "{schema} {value}");
        }
    }

    #[test]
    fn a_schema_without_end_holds_of_nothing() {
        assert!(!holds(r##"{"$ref":"#"}"##, "1"));
        let twice = r##"{"allOf":[{"$ref":"#"},{"$ref":"#"}]}"##;
        assert!(!holds(twice, "1"));
        // Twenty members of a name in a thousand objects are not much.
        let names: Vec<String> = (0..20).map(|at| format!(r#""name{at}""#)).collect();
        let object = format!("{{{}:1}}", names.join(":1,"));
        let usual = format!("[{}{object}]", format!("{object},").repeat(999));
        let strict = format!(
            r#"{{"items":{{"type":"object","properties":{{{}:{{"type":"integer"}}}},"required":[{}],
            "additionalProperties":false}}}}"#,
            names.join(r#":{"type":"integer"},"#),
            names.join(",")
        );
        assert!(holds(&strict, &usual));
    }

    /// What a schema asks of each value is counted, whatever that is, and not what holds of them.
    #[test]
    fn a_schema_that_asks_too_much_holds_of_nothing_and_ends() {
        let listed =
            |of: &str, n: usize, last: &str| format!("[{}{last}]", format!("{of},").repeat(n));
        let named =
            |of: &dyn Fn(u32) -> String, n: u32| (0..n).map(of).collect::<Vec<_>>().join(",");
        let properties = named(&|at| format!(r#""{at:x}":{{}}"#), 6500);
        let members = format!("{{{}}}", named(&|at| format!(r#""z{at}":1"#), 20_000));
        let many = listed("{}", 60_000, "{}");
        let long = format!(r#""{}""#, "x".repeat(100_000));
        let each = |own: &str| listed(own, 6500, own);
        for (schema, value) in [
            (format!(r#"{{"items":{{"properties":{{{properties}}}}}}}"#), &many),
            (format!(r#"{{"properties":{{{properties}}}}}"#), &members),
            (format!(r#"{{"properties":{{{properties}}},"additionalProperties":{{}}}}"#), &members),
            (format!(r#"{{"required":{}}}"#, each(r#""z1""#)), &members),
            (format!(r#"{{"items":{{"type":{}}}}}"#, listed(r#""x""#, 6500, r#""object""#)), &many),
            (format!(r#"{{"items":{{"enum":{}}}}}"#, listed(r#"{"a":1}"#, 6500, "{}")), &many),
            (format!(r#"{{"allOf":{}}}"#, each(r#"{"minItems":1}"#)), &many),
            (format!(r#"{{"allOf":{}}}"#, each(r#"{"minLength":1}"#)), &long),
            (format!(r#"{{"oneOf":[{{}},{{"items":{{"properties":{{{properties}}}}}}}]}}"#), &many),
        ] {
            assert!(!holds(&schema, value), "{}", schema.split_at(30).0);
        }
        assert!(holds(r#"{"items":{"type":"object"}}"#, &many));
    }
}
