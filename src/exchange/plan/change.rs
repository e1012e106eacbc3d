//! What changes in an app's body for a model of a provider of its own format.
use std::borrow::Cow;

use super::edit;
use crate::dialect::Edit;
use crate::layout::{Reader, Writer};

/// Changes of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change<'p> {
    /// The places that change, in order.
    pub edits: Vec<Edit>,
    /// The fields that are left out, as a header names them; empty where nothing is left out.
    pub dropped: Cow<'p, str>,
}

impl<'p> Change<'p> {
    pub(super) fn write(&self, out: &mut Writer) {
        out.list(&self.edits, edit::write);
        out.text(&self.dropped);
    }

    pub(super) fn read(fields: &mut Reader<'p>) -> Option<Self> {
        Some(Self { edits: fields.list(edit::read)?, dropped: fields.text()?.into() })
    }
}
