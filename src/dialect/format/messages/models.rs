//! The answers to `GET /v1/models` and `GET /v1/models/{id}`, in pages where an app asks for them
//! (<https://platform.claude.com/docs/en/api/models-list>).
use crate::dialect::Fault;
use crate::dialect::client::Known;
use crate::dialect::percent::parameter;
use crate::json::Writer;

/// The most models of a page.
const MOST: usize = 1000;

/// Writes the list, or the page of it that the query asks for. Without a `limit` all that there is
/// is one page: the API's own default of 20 is known to no app that would mind more.
pub(in crate::dialect) fn write(known: &Known<'_>) -> Result<Vec<u8>, Fault> {
    let (page, more) = page(known.models, known.query)?;
    let mut w = Writer::new();
    let end = |w: &mut Writer, name: Option<&&str>| match name {
        Some(name) => w.string(name),
        None => w.null(),
    };
    w.object(|w| {
        w.key("data").array(|w| page.iter().for_each(|name| w.object(|w| members(name, w))));
        w.key("has_more").boolean(more);
        end(w.key("first_id"), page.first());
        end(w.key("last_id"), page.last());
    });
    Ok(w.finish())
}

/// The part of the list that a query asks for, and whether more comes after it, or before it where
/// it is read backwards.
fn page<'k, 'm>(models: &'k [&'m str], query: &str) -> Result<(&'k [&'m str], bool), Fault> {
    let place = |key: &'static str| {
        let id = parameter(query, key).filter(|id| !id.is_empty());
        let find = |id: &str| models.iter().position(|own| *own == id);
        let unknown = || Fault::field(key, "there is no such model here");
        id.map(|id| find(&id).ok_or_else(unknown)).transpose()
    };
    let limit = match parameter(query, "limit") {
        None => usize::MAX,
        Some(limit) => {
            let limit = limit.parse().ok().filter(|limit| (1..=MOST).contains(limit));
            let wrong =
                || Fault::field("limit", format!("expected a whole number from 1 to {MOST}"));
            limit.ok_or_else(wrong)?
        }
    };
    let after = place("after_id")?.map_or(0, |last| last.saturating_add(1));
    let before = place("before_id")?;
    let part = models.get(after..before.unwrap_or(models.len())).unwrap_or_default();
    let beyond = part.len().saturating_sub(limit);
    let from = if before.is_some() { beyond } else { 0 };
    let to = part.len().saturating_sub(beyond).saturating_add(from);
    Ok((part.get(from..to).unwrap_or_default(), beyond > 0))
}

/// Writes one of it.
pub(in crate::dialect) fn write_one(name: &str) -> Vec<u8> {
    let mut w = Writer::new();
    w.object(|w| members(name, w));
    w.finish()
}

/// No date is known of a route: the API itself says the epoch then.
fn members(name: &str, w: &mut Writer) {
    w.key("type").string("model");
    w.key("id").string(name);
    w.key("display_name").string(name);
    w.key("created_at").string("1970-01-01T00:00:00Z");
}

/// Writes how many tokens a request has.
pub(in crate::dialect) fn write_count(tokens: u64) -> Vec<u8> {
    let mut w = Writer::new();
    w.object(|w| w.key("input_tokens").number(tokens));
    w.finish()
}

#[cfg(test)]
mod tests {
    use super::{page, write, write_one};
    use crate::dialect::client::Known;

    #[test]
    fn lists_models() {
        let text = |models: &[&str], query: &str| {
            let known = Known { models, id: "", query };
            String::from_utf8(write(&known).unwrap()).unwrap()
        };
        let row = |name: &str| {
            let date = "1970-01-01T00:00:00Z";
            format!(
                r#"{{"type":"model","id":"{name}","display_name":"{name}","created_at":"{date}"}}"#
            )
        };
        let rows = format!("[{},{}]", row("auto"), row("gpt-4o"));
        let end = r#""has_more":false,"first_id":"auto","last_id":"gpt-4o""#;
        assert_eq!(text(&["auto", "gpt-4o"], ""), format!(r#"{{"data":{rows},{end}}}"#));
        let first = r#""has_more":true,"first_id":"auto","last_id":"auto""#;
        let page = format!(r#"{{"data":[{}],{first}}}"#, row("auto"));
        assert_eq!(text(&["auto", "gpt-4o"], "limit=1"), page);
        let none = r#"{"data":[],"has_more":false,"first_id":null,"last_id":null}"#;
        assert_eq!(text(&[], ""), none);
        assert_eq!(String::from_utf8(write_one("auto")).unwrap(), row("auto"));
    }

    #[test]
    fn a_list_comes_in_pages() {
        let models = ["a", "b", "c/d", "e"];
        for (query, expected, more) in [
            ("", models.as_slice(), false),
            ("limit=4", &models, false),
            ("limit=3", &models[..3], true),
            ("limit=1000&after_id=", &models, false),
            ("limit=2&after_id=a", &models[1..3], true),
            ("limit=2&after_id=b", &models[2..], false),
            ("after_id=c%2Fd", &models[3..], false),
            ("after_id=e", &[], false),
            ("before_id=e", &models[..3], false),
            ("before_id=e&limit=2", &models[1..3], true),
            ("before_id=a&limit=2", &[], false),
            ("after_id=a&before_id=e", &models[1..3], false),
            ("after_id=e&before_id=a", &[], false),
        ] {
            assert_eq!(page(&models, query), Ok((expected, more)), "{query}");
        }
        for (query, param) in [
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("limit=-1", "limit"),
            ("limit=", "limit"),
            ("after_id=z", "after_id"),
            ("before_id=A", "before_id"),
        ] {
            let fault = page(&models, query).unwrap_err();
            assert_eq!((fault.status, fault.param.as_deref()), (400, Some(param)), "{query}");
        }
    }
}
