//! A document: a PDF by its bytes. Of other files, and of those that were sent before, only their
//! own provider knows.
use super::image::image;
use super::{fields, passthrough_only, string, unknown};
use crate::dialect::file::PDF;
use crate::dialect::{Ask, Block, Fault, File, FileSource, Image, stored};
use crate::json::{At, Value};

/// Reads a `file` part; `None` for one that no other format can say.
pub(super) fn file<'d>(
    ask: &mut Ask<'d>,
    at: &At<'_>,
    item: Value<'d>,
) -> Result<Option<Block<'d>>, Fault> {
    let at_file = at.key("file");
    let Some(value) = item.get("file") else {
        return Err(Fault::field(at_file, "is missing"));
    };
    fields::object(at_file, value)?;
    let source = match value.given("file_data") {
        Some(data) if value.given("file_id").is_none() => {
            let at_data = at_file.key("file_data");
            source(ask, &at_data, string(at_data, data)?)
        }
        _ => None,
    };
    let Some(source) = source else {
        stored::within(&mut ask.stored, value, &at_file);
        passthrough_only(ask, at);
        return Ok(None);
    };
    for (key, value) in value.members() {
        if !matches!(&*key, "file_data" | "file_id" | "filename") {
            unknown(ask, &at_file, &key, value);
        }
    }
    let name = value.given("filename").map(|name| string(at_file.key("filename"), name));
    Ok(Some(Block::File(File { name: name.transpose()?, source })))
}

/// Where the bytes are. OpenAI takes them in a `data:` URL alone, its like an address too.
fn source<'d>(
    ask: &mut Ask<'d>,
    at: &At<'_>,
    data: std::borrow::Cow<'d, str>,
) -> Option<FileSource<'d>> {
    match image(at, data).ok().flatten()? {
        Image::Url(url) => {
            stored::address(&mut ask.stored, &url, at);
            Some(FileSource::Url(url))
        }
        Image::Base64 { media_type, data } if media_type.eq_ignore_ascii_case(PDF) => {
            Some(FileSource::Pdf(data))
        }
        Image::Base64 { .. } => None,
    }
}
