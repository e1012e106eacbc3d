//! JSON read without copying: every value knows where it stands in the text.
//!
//! Routing needs three things that a deserialiser does not give: the span of a value, to splice a
//! model name into a body that otherwise stays as the app wrote it; the text of a value, to carry
//! a schema or a tool's arguments to another provider without rewriting its numbers; and the
//! place of whatever is wrong. So the text is scanned once into a flat table of nodes.
mod document;
mod effort;
pub mod number;
mod path;
mod plain;
mod scan;
mod schema;
mod text;
mod value;
mod write;

pub use document::{Document, Kind};
pub use effort::Effort;
pub use path::At;
pub use scan::{Limits, Syntax, VALUES_MAX};
pub use schema::conforms;
pub use value::Value;
pub use write::Writer;
