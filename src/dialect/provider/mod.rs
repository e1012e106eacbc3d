//! Providers: where a vendor's API is called, with what key and headers, and what it makes of its
//! format. One file per provider, one row per file in [`ALL`].
mod anthropic;
mod gemini;
mod openai;

use std::borrow::Cow;

use super::format::{Format, Target};
use super::framing::Framing;
use super::unsupported::{Field, Reason, UnsupportedField};
use super::{Ask, Operation};

/// A vendor's API, or any server that is called like it.
#[derive(Debug)]
pub struct Provider {
    /// What a policy says for it in `dialect`.
    pub name: &'static str,
    /// Where it is asked.
    pub endpoints: &'static [Endpoint],
    /// Where the provider's key goes.
    pub credential: Credential,
    /// Request headers that every request carries, unless the app's own value is forwarded.
    pub headers: &'static [(&'static str, &'static str)],
}

/// Where and how a provider is asked for one operation.
#[derive(Debug)]
pub struct Endpoint {
    /// What is asked for there. No other endpoint of the provider has the same operation.
    pub operation: Operation,
    /// The path, after the prefix of the endpoint in the policy.
    pub path: Path,
    /// How requests are written and answers are read.
    pub format: &'static Format,
    /// How streams are cut into events.
    pub framing: Framing,
    /// What the provider does otherwise than the format says.
    pub quirks: Quirks,
}

/// A path, the same for all models or not.
#[derive(Debug)]
pub enum Path {
    /// This path, for every model.
    Fixed(&'static str),
    /// A path made of the provider's name of the model, and whether the answer is streamed.
    Of(fn(model: &str, stream: bool) -> String),
}

/// The request header that carries a key.
#[derive(Debug)]
pub struct Credential {
    /// The name of the header, in lower case.
    pub header: &'static str,
    /// What stands before the key in the header's value.
    pub prefix: &'static str,
}

/// What a provider does otherwise than its format.
#[derive(Debug)]
pub struct Quirks {
    /// Members of a whole answer that nobody reads, and that have as many values as the answer has
    /// tokens, or more.
    pub unread_members: &'static [&'static str],
    /// [`Ask::user`] is left out and named, like any of [`Ask::best_effort`].
    pub omits_user: bool,
}

impl Quirks {
    /// Of a provider that does just as its format says.
    pub const NONE: Self = Self { unread_members: &[], omits_user: false };
}

/// Every provider, in alphabetical order.
pub static ALL: &[&Provider] = &[&anthropic::PROVIDER, &gemini::PROVIDER, &openai::PROVIDER];

/// What a policy may say in `dialect`.
#[must_use]
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|provider| provider.name).collect()
}

/// The provider of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Provider> {
    ALL.iter().copied().find(|provider| provider.name == name)
}

impl Provider {
    /// Where an operation is asked for, where this provider has the operation.
    #[must_use]
    pub fn endpoint(&self, operation: Operation) -> Option<&'static Endpoint> {
        self.endpoints.iter().find(|own| own.operation == operation)
    }

    /// Whether requests for that operation, in that format, may go to this provider as they are.
    #[must_use]
    pub fn speaks(&self, operation: Operation, format: &Format) -> bool {
        self.endpoint(operation).is_some_and(|own| own.format == format)
    }
}

impl Endpoint {
    /// The path for the provider's name of a model.
    #[must_use]
    pub fn path(&self, model: &str, stream: bool) -> Cow<'static, str> {
        match self.path {
            Path::Fixed(path) => Cow::Borrowed(path),
            Path::Of(path) => Cow::Owned(path(model, stream)),
        }
    }

    /// Every field of a request of another format that is a reason to pass this model over: the
    /// provider cannot be told, and the app did not say that it may be left out.
    #[must_use]
    pub fn unsupported(&self, ask: &Ask<'_>, target: &Target<'_>) -> Vec<UnsupportedField> {
        let mut fields = Vec::new();
        (self.format.unsupported)(ask, target, &mut fields);
        fields.retain(|field| !ask.is_best_effort(field));
        let own = Reason::demand("can be said to providers of the app's own dialect only");
        fields.extend(ask.passthrough_only.iter().map(|field| own.of(field.clone())));
        fields
    }

    /// The fields of a request of another format that [`Endpoint::write_request`] leaves out.
    ///
    /// `drops` says whether that includes [`Endpoint::unsupported`] fields: a model that does not
    /// drop them has been passed over if there are any.
    #[must_use]
    pub fn left_out(&self, ask: &Ask<'_>, target: &Target<'_>, drops: bool) -> Vec<Field> {
        let mut left_out = ask.best_effort.clone();
        let user = ask.user.as_ref().filter(|_| self.quirks.omits_user);
        left_out.extend(user.map(|given| Field::Borrowed(given.field)));
        if drops {
            left_out.extend(ask.passthrough_only.iter().cloned());
        }
        let mut fields = Vec::new();
        (self.format.unsupported)(ask, target, &mut fields);
        fields.retain(|field| drops || ask.is_best_effort(field));
        for UnsupportedField { field, .. } in fields {
            if !left_out.contains(&field) {
                left_out.push(field);
            }
        }
        left_out
    }

    /// Writes the body of a request of another format.
    #[must_use]
    pub fn write_request(&self, mut ask: Ask<'_>, target: &Target<'_>) -> Vec<u8> {
        if self.quirks.omits_user {
            ask.user = None;
        }
        (self.format.write_request)(&ask, target)
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Endpoint};
    use crate::dialect::{Ask, Given, Operation, Target};

    fn chat() -> impl Iterator<Item = (&'static str, &'static Endpoint)> {
        ALL.iter().map(|own| (own.name, own.endpoint(Operation::CHAT).unwrap()))
    }

    #[test]
    fn what_a_provider_omits_is_named_and_not_written() {
        let target = Target { model: "m", max_output_tokens: 9 };
        for (name, endpoint) in chat() {
            let user = Some(Given { value: "somebody".into(), field: "user" });
            let ask = Ask { user, ..Ask::default() };
            let named = endpoint.left_out(&ask, &target, false).iter().any(|f| f == "user");
            let body = String::from_utf8(endpoint.write_request(ask, &target)).unwrap();
            assert_ne!(named, body.contains("somebody"), "{name}: {body}");
            assert_eq!(named, endpoint.quirks.omits_user, "{name}");
        }
    }

    #[test]
    fn every_provider_serves_chats_and_no_list_of_models() {
        assert!(chat().all(|(_, endpoint)| endpoint.path("m", true).starts_with('/')));
        let listing = ALL.iter().find(|own| own.endpoint(Operation::LIST_MODELS).is_some());
        assert!(listing.is_none(), "{listing:?}");
    }

    #[test]
    fn a_provider_speaks_a_format_for_the_operations_that_it_has_in_that_format() {
        for own in ALL {
            for (name, endpoint) in chat() {
                let same =
                    own.endpoint(Operation::CHAT).unwrap().format.name == endpoint.format.name;
                assert_eq!(own.speaks(Operation::CHAT, endpoint.format), same, "{name}");
                assert!(!own.speaks(Operation::LIST_MODELS, endpoint.format), "{name}");
            }
        }
    }
}
