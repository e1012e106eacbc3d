//! What a request says of the answer that it goes on with: one header, as JSON.
use super::super::whose;
use super::origin;
use crate::decide::Resumed;
use crate::json::{Document, Limits, Writer};
use crate::policy::Tenant;

/// The header. It counts on the listener for the rest of answers alone: there nobody but this
/// gateway calls.
pub(in super::super) const HEADER: &str = "x-tradewind-resume";

/// The name of that listener's filter chain, by which a request is known to have come there: Envoy
/// says it, and no app can.
pub const FILTER_CHAIN: &str = "tradewind-resume";

/// What it goes on with, and for whom.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Resumption {
    /// The id of the app's own request.
    pub(in super::super) of: String,
    /// Whose that is.
    pub(in super::super) tenant: Tenant,
    /// What is left of its way.
    pub(in super::super) resumed: Resumed,
}

impl Resumption {
    /// Writes the header's value.
    pub(in super::super) fn write(&self) -> String {
        let Resumed { chain, models, said, origin } = &self.resumed;
        let mut json = Writer::new();
        json.object(|json| {
            json.key("of").string(&self.of);
            whose::write(json, &self.tenant);
            json.key("chain").string(chain);
            json.key("models").array(|json| models.iter().for_each(|model| json.string(model)));
            json.key("said").number(*said);
            origin::write(json, origin);
        });
        String::from_utf8(json.finish()).unwrap_or_default()
    }

    /// Reads it; `None` for what nobody wrote with [`Resumption::write`].
    pub(in super::super) fn read(header: &[u8]) -> Option<Self> {
        let document = Document::parse(header, Limits::default()).ok()?;
        let root = document.root();
        let models = root.get("models")?.items();
        let models = models.map(|name| Some(name.as_str()?.into_owned()));
        let resumed = Resumed {
            chain: root.str_of("chain")?.into_owned(),
            models: models.collect::<Option<_>>()?,
            said: root.get("said")?.as_u64()?,
            origin: origin::read(root)?,
        };
        Some(Self { of: root.str_of("of")?.into_owned(), tenant: whose::read(root)?, resumed })
    }
}

#[cfg(test)]
mod tests {
    use super::{Resumed, Resumption};
    use crate::decide::{Conversation, Opening, Origin};
    use crate::policy::Tenant;

    #[test]
    fn it_is_read_as_it_was_written() {
        for class in [None, Some("simple".to_owned())] {
            for conversation in [None, Some(None), Some(Some(Opening { own: u64::MAX, shared: 0 }))]
            {
                is_read_as_it_was_written(class.clone(), conversation);
            }
        }
    }

    fn is_read_as_it_was_written(class: Option<String>, conversation: Option<Conversation>) {
        let own = Resumption {
            of: "r".to_owned(),
            tenant: Tenant { tenant: "acme".to_owned(), ..Tenant::default() },
            resumed: Resumed {
                chain: "c".to_owned(),
                models: vec!["m \"\n".to_owned()],
                said: 7,
                origin: Origin { class, conversation, examples: 2 },
            },
        };
        let written = own.write();
        assert!(!written.contains('\n'), "{written}");
        assert_eq!(Resumption::read(written.as_bytes()), Some(own));
        assert_eq!(Resumption::read(b"{}"), None);
    }
}
