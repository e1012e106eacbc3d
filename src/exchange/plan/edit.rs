//! A change of the body, as a plan says it.
use crate::dialect::{Edit, Put};
use crate::layout::{Reader, Writer};

/// What is put into the body: one number for each kind.
const MODEL: u64 = 0;
const TEXT: u64 = 1;
const BOUND: u64 = 2;

pub(super) fn write(out: &mut Writer, edit: &Edit) {
    for offset in [edit.at.start, edit.at.end] {
        out.number(u64::try_from(offset).unwrap_or(u64::MAX));
    }
    match &edit.put {
        Put::Model => out.number(MODEL),
        Put::Text(text) => {
            out.number(TEXT);
            out.text(text);
        }
        Put::Bound { before, after, without } => {
            out.number(BOUND);
            [before, after, without].into_iter().for_each(|text| out.text(text));
        }
    }
}

pub(super) fn read(fields: &mut Reader<'_>) -> Option<Edit> {
    let mut offset = || usize::try_from(fields.number()?).ok();
    let at = offset()?..offset()?;
    let put = match fields.number()? {
        MODEL => Put::Model,
        TEXT => Put::Text(fields.text()?.to_owned()),
        BOUND => {
            let mut text = || fields.text().map(str::to_owned);
            Put::Bound { before: text()?, after: text()?, without: text()? }
        }
        _ => return None,
    };
    Some(Edit { at, put })
}
