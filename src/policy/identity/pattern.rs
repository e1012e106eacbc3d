//! What SPIFFE ids look like, and where in one the tenant and the user stand.
use super::super::field::{Kind, Read, Shape, Spot, Text, shown};

/// The beginning of every id.
pub(super) const SCHEME: &str = "spiffe://";

/// The longest id, in bytes, as SPIFFE has it.
pub(super) const LONGEST: usize = 2048;

/// What ids look like: part by part, between slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Box<[Part]>);

/// What one part is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// This text.
    Is(Box<str>),
    /// `*`: any.
    Any,
    /// `{tenant}`.
    Tenant,
    /// `{user}`.
    User,
}

/// What an id says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Named<'i> {
    pub(super) tenant: Option<&'i str>,
    pub(super) user: Option<&'i str>,
}

impl Pattern {
    /// What an id says; `None` for one that looks otherwise. It must look like it from its
    /// beginning to its end, and no part may be empty.
    #[inline(never)]
    pub(super) fn read<'i>(&self, id: &'i str) -> Option<Named<'i>> {
        let mut parts = id.strip_prefix(SCHEME)?.split('/');
        let mut named = Named::default();
        for own in &self.0 {
            let part = parts.next().filter(|part| !part.is_empty())?;
            match own {
                Part::Is(text) => (**text == *part).then_some(())?,
                Part::Any => {}
                Part::Tenant => named.tenant = Some(part),
                Part::User => named.user = Some(part),
            }
        }
        parts.next().is_none().then_some(named)
    }

    /// Whether it says the tenant.
    pub(super) fn says_tenant(&self) -> bool {
        self.0.contains(&Part::Tenant)
    }

    /// Whether it says the user.
    pub(super) fn says_user(&self) -> bool {
        self.0.contains(&Part::User)
    }

    /// Whether it says anything.
    pub(super) fn says_nothing(&self) -> bool {
        !self.says_tenant() && !self.says_user()
    }

    /// Whether every id that looks like another pattern looks like this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let any = |part: &Part| !matches!(part, Part::Is(_));
        let all = self.0.iter().zip(&other.0).all(|(own, other)| any(own) || own == other);
        all && self.0.len() == other.0.len()
    }

    /// Whether the trust domain may be any.
    pub(super) fn is_of_any_domain(&self) -> bool {
        self.0.first() == Some(&Part::Any)
    }

    /// An id that looks like it.
    pub(super) fn example(&self, tenant: &str, user: &str) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Is(text) => text,
            Part::Any => "any",
            Part::Tenant => tenant,
            Part::User => user,
        });
        format!("{SCHEME}{}", parts.collect::<Vec<_>>().join("/"))
    }
}

/// A pattern in a policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct PatternKind;

impl Read for PatternKind {
    type Value = Pattern;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<Pattern> {
        let text = spot.text("a pattern such as `spiffe://*/ns/{tenant}/sa/{user}`")?;
        match parse(text) {
            Ok(pattern) => Some(pattern),
            Err(wrong) => {
                spot.problem(format!(
                    "{wrong}; expected `{SCHEME}`, the trust domain and parts with `/` between \
                     them, each a text, `*`, `{{tenant}}` or `{{user}}`, such as \
                     `spiffe://*/ns/{{tenant}}/sa/{{user}}`, found `{}`",
                    shown(text)
                ));
                None
            }
        }
    }
}

impl Kind for PatternKind {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a pattern of SPIFFE ids",
            pattern: concat!(
                r"^spiffe://([0-9A-Za-z._-]+|\*|\{tenant\}|\{user\})",
                r"(/([0-9A-Za-z._-]+|\*|\{tenant\}|\{user\}))*$"
            ),
            longest: Some(LONGEST),
            example: "spiffe://*/ns/{tenant}/sa/{user}",
            ..Text::default()
        })
    }
}

fn parse(text: &str) -> Result<Pattern, &'static str> {
    let rest = text.strip_prefix(SCHEME).filter(|_| text.len() <= LONGEST);
    let mut parts: Vec<Part> = Vec::new();
    for part in rest.ok_or("this is not a pattern of SPIFFE ids")?.split('/') {
        let part = match part {
            "*" => Part::Any,
            "{tenant}" => Part::Tenant,
            "{user}" => Part::User,
            "" => return Err("a part is empty"),
            text => {
                let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
                if !text.bytes().all(legal) {
                    return Err("a part has characters that SPIFFE ids do not have");
                }
                Part::Is(text.into())
            }
        };
        if matches!(part, Part::Tenant | Part::User) && parts.contains(&part) {
            return Err("a name stands in it twice");
        }
        parts.push(part);
    }
    Ok(Pattern(parts.into()))
}

#[cfg(test)]
mod tests {
    use super::{Named, parse};

    fn named<'i>(pattern: &str, id: &'i str) -> Option<(Option<&'i str>, Option<&'i str>)> {
        let Named { tenant, user } = parse(pattern).unwrap().read(id)?;
        Some((tenant, user))
    }

    #[test]
    fn an_id_looks_like_its_pattern_from_beginning_to_end() {
        let usual = "spiffe://*/ns/{tenant}/sa/{user}";
        let found = Some((Some("acme"), Some("shop")));
        assert_eq!(named(usual, "spiffe://cluster.local/ns/acme/sa/shop"), found);
        for other in [
            "",
            "spiffe://",
            "spiffe://cluster.local",
            "spiffe://cluster.local/ns/acme",
            "spiffe://cluster.local/ns/acme/sa/",
            "spiffe://cluster.local/ns//sa/shop",
            "spiffe://cluster.local/ns/acme/sa/shop/",
            "spiffe://cluster.local/ns/acme/sa/shop/x",
            "spiffe:///ns/acme/sa/shop",
            "spiffe://cluster.local/NS/acme/sa/shop",
            "https://cluster.local/ns/acme/sa/shop",
            " spiffe://cluster.local/ns/acme/sa/shop",
            "SPIFFE://cluster.local/ns/acme/sa/shop",
        ] {
            assert_eq!(named(usual, other), None, "{other}");
        }
        let own = "spiffe://acme.example/{user}";
        assert_eq!(named(own, "spiffe://acme.example/x"), Some((None, Some("x"))));
        assert_eq!(named(own, "spiffe://evil.example/x"), None);
        assert_eq!(named(own, "spiffe://acme.example.evil/x"), None);
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for text in [
            "",
            "spiffe://",
            "http://a/{tenant}",
            "spiffe://a//{tenant}",
            "spiffe://a/{tenant}/",
            "spiffe://a/x-{tenant}",
            "spiffe://a/{team}",
            "spiffe://a/{tenant}/{tenant}",
            "spiffe://a/b c",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
