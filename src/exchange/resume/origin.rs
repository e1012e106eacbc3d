//! What was found of a request whose answer has broken off, as JSON.
use crate::decide::{Opening, Origin};
use crate::json::{Value, Writer};

/// Writes it as members of an object.
pub(super) fn write(json: &mut Writer, origin: &Origin) {
    let Origin { class, conversation, examples } = origin;
    class.iter().for_each(|class| json.key("class").string(class));
    // Nothing where the body tells, and an empty one where nothing does. JSON's numbers are no
    // place for all of 64 bits.
    if let Some(conversation) = conversation {
        let both = |Opening { own, shared }| format!("{own} {shared}");
        let text = conversation.map_or_else(String::new, both);
        json.key("conversation").string(&text);
    }
    json.key("examples").number(u64::try_from(*examples).unwrap_or(u64::MAX));
}

/// Reads it; `None` for what nobody wrote with [`write`].
pub(super) fn read(root: Value<'_>) -> Option<Origin> {
    let conversation = match root.str_of("conversation") {
        None => None,
        Some(text) if text.is_empty() => Some(None),
        Some(text) => {
            let (own, shared) = text.split_once(' ')?;
            Some(Some(Opening { own: own.parse().ok()?, shared: shared.parse().ok()? }))
        }
    };
    Some(Origin {
        class: root.str_of("class").map(|class| class.into_owned()),
        conversation,
        examples: usize::try_from(root.get("examples")?.as_u64()?).ok()?,
    })
}
