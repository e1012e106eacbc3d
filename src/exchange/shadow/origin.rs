//! What a copy says of the request that it is a copy of: one header, as JSON.
use super::super::whose;
use crate::json::{Document, Limits, Writer};
use crate::policy::Tenant;

/// The header. It counts on the listener for copies alone: there nobody but this gateway calls.
pub(in super::super) const HEADER: &str = "x-tradewind-shadow";

/// The name of that listener's filter chain, by which a request is known to have come there: Envoy
/// says it, and no app can.
pub const FILTER_CHAIN: &str = "tradewind-shadow";

/// Where a copy comes from.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Origin {
    /// The experiment, by its name.
    pub(in super::super) experiment: String,
    /// The id of the app's own request.
    pub(in super::super) of: String,
    /// Whose that was: by it a copy has its class and its prompts.
    pub(in super::super) tenant: Tenant,
}

impl Origin {
    /// Writes the header's value.
    pub(super) fn write(&self) -> String {
        let mut json = Writer::new();
        json.object(|json| {
            json.key("experiment").string(&self.experiment);
            json.key("of").string(&self.of);
            whose::write(json, &self.tenant);
        });
        String::from_utf8(json.finish()).unwrap_or_default()
    }

    /// Reads it; `None` for what nobody wrote with [`Origin::write`].
    pub(in super::super) fn read(header: &[u8]) -> Option<Self> {
        let document = Document::parse(header, Limits::default()).ok()?;
        let root = document.root();
        let text = |name: &str| root.str_of(name).map(|text| text.into_owned());
        Some(Self { experiment: text("experiment")?, of: text("of")?, tenant: whose::read(root)? })
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;
    use crate::policy::{Tags, Tenant};

    #[test]
    fn whose_it_was_is_read_as_it_was_written() {
        let tags = |name: &str, value: &str| Tags::from(vec![(name.to_owned(), value.to_owned())]);
        for tenant in [
            Tenant { tenant: "acme".to_owned(), ..Tenant::default() },
            Tenant {
                tenant: "acme".to_owned(),
                user: Some("ann \"the\" user\n".to_owned()),
                key: Some("k".to_owned()),
                labels: tags("team", "search"),
                require: tags("region", "eu"),
                models: None,
            },
        ] {
            let own = Origin { experiment: "e".to_owned(), of: "r".to_owned(), tenant };
            let written = own.write();
            assert!(!written.contains('\n'), "{written}");
            assert_eq!(Origin::read(written.as_bytes()), Some(own));
        }
        assert_eq!(Origin::read(b"e"), None);
        assert_eq!(Origin::read(br#"{"experiment":"e","of":"r"}"#), None);
    }
}
