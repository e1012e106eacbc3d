//! An image's address: on the web, or its bytes in a `data:` URL.
use std::borrow::Cow;

use crate::dialect::{Fault, Image};
use crate::json::At;

/// Reads an address; `None` for one that only its own provider can follow (a file's id, a bucket).
pub(super) fn image<'d>(at: &At<'_>, url: Cow<'d, str>) -> Result<Option<Image<'d>>, Fault> {
    let has = |scheme: &str| {
        url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    if has("http://") || has("https://") {
        return Ok(Some(Image::Url(url)));
    }
    if !has("data:") {
        return Ok(None);
    }
    let image = match url {
        Cow::Borrowed(url) => data(url).map(|(media_type, data)| Image::Base64 {
            media_type: Cow::Borrowed(media_type),
            data: Cow::Borrowed(data),
        }),
        Cow::Owned(url) => data(&url).map(|(media_type, data)| Image::Base64 {
            media_type: Cow::Owned(media_type.to_owned()),
            data: Cow::Owned(data.to_owned()),
        }),
    };
    match image {
        Some(image) => Ok(Some(image)),
        None => Err(Fault::field(at, "expected `data:`, a media type, `;base64,` and the bytes")),
    }
}

/// The media type and the base64 of a `data:` URL (RFC 2397), whose scheme has been checked.
fn data(url: &str) -> Option<(&str, &str)> {
    let (head, data) = url.get("data:".len()..)?.split_once(',')?;
    let mut parts = head.split(';').map(str::trim);
    let media_type = parts.next().filter(|media_type| media_type.contains('/'))?;
    let base64 = parts.next_back()?.eq_ignore_ascii_case("base64");
    base64.then_some((media_type, data))
}
