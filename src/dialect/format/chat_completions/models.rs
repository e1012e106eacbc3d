//! The answers to `GET /v1/models` and `GET /v1/models/{id}`.
use crate::json::Writer;

/// Writes the list.
pub(in crate::dialect) fn write(names: &[&str]) -> Vec<u8> {
    let mut out = Writer::new();
    out.object(|list| {
        list.key("object").string("list");
        list.key("data").array(|data| {
            for name in names {
                data.object(|model| members(name, model));
            }
        });
    });
    out.finish()
}

/// Writes one of it.
pub(in crate::dialect) fn write_one(name: &str) -> Vec<u8> {
    let mut out = Writer::new();
    out.object(|model| members(name, model));
    out.finish()
}

/// When a name came to be is not known, and no SDK minds a zero.
fn members(name: &str, model: &mut Writer) {
    model.key("id").string(name);
    model.key("object").string("model");
    model.key("created").number(0);
    model.key("owned_by").string("tradewind");
}
