//! The fields of a policy, declared once. A row says a field's key, its kind with its bounds, what
//! holds where the field is left out, and what it means: the reader asks the row, and the JSON
//! Schema and the reference page (`companion/schema`) are made of the same rows.
//!
//! A section's file declares its rows as constants, lists them in a [`Section`], and reads them by
//! [`Object::read`]. Kinds that need nothing but the value implement [`Read`]; the others (names of
//! other entries, nested sections, lists) are read by the section itself.
mod amount;
mod choice;
mod doc_only;
mod fraction;
mod list;
mod moment;
mod number;
mod object;
mod quantity;
mod section;
mod share;
mod spot;
mod text;
mod words;

pub use doc_only::DocOnly;
pub use number::DecimalText;
pub use quantity::byte_size;
pub use section::shape::{Kind, Quantity, Shape, Text};
pub use section::{Absent, Holds, Is, Row, Rule, Section, SectionDoc};
pub use text::metric_label;
pub use words::shown;

pub(super) use amount::Amount;
pub(super) use choice::{Word, Words};
pub(super) use fraction::Fraction;
pub(super) use list::{Entries, List, NameOf};
pub(super) use moment::Moment;
pub(super) use number::{Boolean, Decimal, Whole};
pub(super) use object::Object;
pub(super) use quantity::{Bytes, Duration};
pub(super) use section::shape::{Defaults, Read};
pub(super) use section::{Defaulted, Field, Nested, Optional, Required};
pub(super) use share::Shares;
pub(super) use spot::{Report, Spot};
pub(super) use text::{Constant, LONGEST, Label, Name, PATTERN, unsafe_name};
pub(super) use words::listed;
pub use words::unknown;
