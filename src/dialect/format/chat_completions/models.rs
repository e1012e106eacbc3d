//! The answer to `GET /v1/models`.
use crate::json::Writer;

/// Writes the list. When a name came to be is not known, and no SDK minds a zero.
pub(in crate::dialect) fn write(names: &[&str]) -> Vec<u8> {
    let mut out = Writer::new();
    out.object(|list| {
        list.key("object").string("list");
        list.key("data").array(|data| {
            for name in names {
                data.object(|model| {
                    model.key("id").string(name);
                    model.key("object").string("model");
                    model.key("created").number(0);
                    model.key("owned_by").string("tradewind");
                });
            }
        });
    });
    out.finish()
}
