//! Writes a request.
use super::model::traits;
use super::{config, contents, tools};
use crate::dialect::{Ask, Target};
use crate::json::Writer;

/// The body of a request to that model.
pub(super) fn write(ask: &Ask<'_>, target: &Target<'_>) -> Vec<u8> {
    let traits = traits(target.model);
    let mut out = Writer::new();
    out.object(|w| {
        let system = || ask.system.iter().map(AsRef::as_ref).filter(|text: &&str| !text.is_empty());
        // A request needs something to answer: instructions alone are said by the user instead.
        let alone = ask.turns.is_empty();
        if !alone && system().next().is_some() {
            w.key("systemInstruction").object(|w| texts(w, system()));
        }
        w.key("contents").array(|w| {
            if alone {
                w.object(|w| {
                    w.key("role").string("user");
                    texts(w, system().chain(system().next().is_none().then_some(contents::BLANK)));
                });
            }
            contents::write(w, &ask.turns, traits);
        });
        tools::write(w, ask);
        config::write(w, ask, target, traits);
    });
    out.finish()
}

fn texts<'t>(w: &mut Writer, texts: impl Iterator<Item = &'t str>) {
    w.key("parts").array(|w| {
        for text in texts {
            w.object(|w| w.key("text").string(text));
        }
    });
}
