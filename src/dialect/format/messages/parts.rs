//! Reads the parts that messages, results and documents are made of: words and images.
use std::borrow::Cow;

use super::check::{need, need_string, object, passthrough_only, rest};
use crate::dialect::{Ask, Fault, Image, stored};
use crate::json::{At, Value};

/// Reads words.
pub(super) fn text<'d>(
    ask: &mut Ask<'d>,
    item: Value<'d>,
    at: &At<'_>,
) -> Result<Cow<'d, str>, Fault> {
    rest(ask, item, &["type", "text"], at);
    need_string(item, "text", at)
}

/// Reads an image; `None` when only this format can say where it is.
pub(super) fn image<'d>(
    ask: &mut Ask<'d>,
    item: Value<'d>,
    at: &At<'_>,
) -> Result<Option<Image<'d>>, Fault> {
    rest(ask, item, &["type", "source"], at);
    let source = need(item, "source", at, "an object, where the image is")?;
    let at = at.key("source");
    let source = object(source, &at)?;
    match &*need_string(source, "type", &at)? {
        "base64" => {
            rest(ask, source, &["type", "media_type", "data"], &at);
            let media_type = need_string(source, "media_type", &at)?;
            Ok(Some(Image::Base64 { media_type, data: need_string(source, "data", &at)? }))
        }
        "url" => {
            rest(ask, source, &["type", "url"], &at);
            let url = need_string(source, "url", &at)?;
            stored::address(&mut ask.stored, &url, &at);
            Ok(Some(Image::Url(url)))
        }
        _ => {
            passthrough_only(ask, source, &at);
            Ok(None)
        }
    }
}
