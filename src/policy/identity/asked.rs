//! What a caller may ask for, and for whom: rows that several kinds of identity have.
use std::rc::Rc;

use super::super::app_header::AppHeader;
use super::super::field::{Field, Label, List, Object, Optional, Spot, unknown};
use super::{Caller, Reading, Refusal};
use crate::dialect::{Fault, FaultKind};

pub(super) const MODELS: Optional<List> = Field::optional(
    "models",
    List::of("names of routes", &ROUTE).unique(),
    "all that there are",
    "The names that this caller may ask for, as `routes[].models` has them. Another one is refused \
     with a list of these, and `GET /v1/models` shows no others.",
);

const ROUTE: Label = Label("a name of a route");

pub(super) const USER_HEADER: Optional<AppHeader> = Field::optional(
    "user_header",
    AppHeader::User,
    "nobody is believed",
    "The request header in which this caller says who of its users it asks for, such as `x-user`: \
     a service that many people use. What stands there is the user, in the place of `user` or of \
     the one that is known otherwise. Of callers without this field the header means nothing, and \
     it goes to no provider.",
);

/// Reads the names that a caller may ask for, of those that there are.
#[inline(never)]
pub(super) fn models(spot: &Spot<'_>, routes: &[(&str, usize)]) -> Option<Rc<[String]>> {
    let items = MODELS.kind.items(spot)?;
    let mut names: Vec<String> = Vec::new();
    for item in &items {
        let name = ROUTE.text(item)?;
        if !routes.iter().any(|(own, _)| *own == name) {
            let known: Vec<&str> = routes.iter().map(|(own, _)| *own).collect();
            item.problem(unknown("name of a route", name, &known));
        } else if names.iter().any(|own| own == name) {
            item.problem("this name stands in this list before");
        }
        names.push(name.to_owned());
    }
    Some(names.into())
}

/// Reads the header in which a caller is believed: what stands there is logged, so that it is none
/// in which a credential is looked for.
#[inline(never)]
pub(super) fn user_header(
    fields: &mut Object<'_>,
    reading: &Reading<'_>,
) -> Option<Option<String>> {
    let (name, place) = (fields.read(&USER_HEADER), fields.place(&USER_HEADER));
    if let Some(Some(name)) = &name
        && reading.credentials.contains(name)
    {
        AppHeader::User.refuse(&place, name, "it carries a credential");
    }
    name
}

/// The user that a caller who is trusted to say so names in that header.
#[inline(never)]
pub(super) fn user_in(
    header: Option<&str>,
    caller: &Caller<'_>,
) -> Result<Option<String>, Refusal> {
    let Some(name) = header else { return Ok(None) };
    let Some(value) = caller.facts.header(name) else { return Ok(None) };
    // A header that stands twice may be an app's own before its service's: then nobody is believed.
    let alone = caller.facts.last_header(name).is_some_and(|last| core::ptr::eq(last, value));
    if let Some(user) = label(value).filter(|_| alone) {
        return Ok(Some(user.to_owned()));
    }
    let message = format!(
        "`{name}`: expected the name of one user: 1 to {} visible ASCII characters without spaces",
        super::LABEL_MOST
    );
    Err(Box::new(Fault::new(FaultKind::InvalidRequest, message)))
}

/// A text that is right as the name of a user or the value of a label.
#[inline(never)]
pub(super) fn label(bytes: &[u8]) -> Option<&str> {
    let visible = bytes.iter().all(u8::is_ascii_graphic);
    let right = visible && (1..=super::LABEL_MOST).contains(&bytes.len());
    core::str::from_utf8(bytes).ok().filter(|_| right)
}
