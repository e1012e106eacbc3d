//! What a plan says of a body that the edge role has written for the first leg.
use std::borrow::Cow;

use crate::layout::{Reader, Writer};

/// The body of the first attempt, as the edge role has written it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First<'p> {
    /// The name of the format that the body is in. Where the provider role expects another format,
    /// the two roles have different policies.
    pub format: Cow<'p, str>,
    /// Length of the body, in bytes.
    pub length: u64,
    /// Whether the body fits into the stream's buffer, so that the request has it. Where it does
    /// not, the request has the app's own body, and the attempt is refused.
    pub fits: bool,
    /// The fields that were left out, as a header names them; empty where nothing was left out.
    pub dropped: Cow<'p, str>,
    /// Whether the app's own body stands in filter state ([`super::super::ORIGINAL`]): later legs
    /// are written from that. Otherwise they are written from the first attempt's body, which is in
    /// the app's format; [`super::Plan::edits`] say where.
    pub keeps_original: bool,
}

impl<'p> First<'p> {
    pub(super) fn write(&self, out: &mut Writer) {
        out.text(&self.format);
        out.number(self.length);
        out.flag(self.fits);
        out.text(&self.dropped);
        out.flag(self.keeps_original);
    }

    pub(super) fn read(fields: &mut Reader<'p>) -> Option<Self> {
        Some(Self {
            format: fields.text()?.into(),
            length: fields.number()?,
            fits: fields.flag()?,
            dropped: fields.text()?.into(),
            keeps_original: fields.flag()?,
        })
    }
}
