//! Step `experiment`: the arm that the request is in, of each experiment that is for it.
use std::borrow::Cow;

use super::known::Known;
use super::world::mixed;
use super::{Decision, Entry, Request, Step, Verdict};
use crate::dialect::{Block, Fault, Role};
use crate::policy::{Draw, HOLDOUT, Unit};

const NAME: &str = "experiment";

pub(super) const STEP: Step = Step { name: NAME, run };

/// How much of each of a conversation's first texts tells it from others, in bytes.
const TOLD_APART_BY: usize = 64 << 10;

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    // With what was added to it, the app's own request keeps its arms.
    // A copy is in none.
    if request.assembled.is_some() || request.copied.is_some() {
        return Ok(());
    }
    let Decision { asked, class, arm, trace, .. } = decision;
    let known = Known { request, asked };
    // Whoever decides first on the chain decides alone.
    let mut decided = asked.chain.is_some();
    for (index, experiment) in request.policy.experiments().iter().enumerate() {
        let changes_chain = experiment.changes_chain();
        if (decided && changes_chain) || !experiment.takes(&known, *class) {
            continue;
        }
        let Some(unit) = unit(request, &experiment.unit) else { continue };
        let name = match experiment.draw(&unit) {
            Draw::Out => continue,
            Draw::HeldOut => HOLDOUT,
            Draw::In(own) => {
                if changes_chain {
                    *arm = Some((index, own));
                }
                experiment.arms.get(own).map_or(HOLDOUT, |arm| &arm.name)
            }
        };
        decided |= changes_chain;
        trace.add(Entry {
            step: NAME,
            chain: None,
            verdict: Verdict::Assigned,
            subject: format!("{}={name}", experiment.name),
            reason: Cow::Borrowed(match experiment.unit {
                Unit::Request => "drawn for this request alone",
                Unit::User => "drawn by its user",
                Unit::Key => "drawn by its key",
                Unit::Tenant => "drawn by its tenant",
                Unit::Conversation => "drawn by its conversation",
                Unit::Header(_) => "drawn by a header of its own",
            }),
        });
    }
    Ok(())
}

/// What keeps its arm; `None` where the request has no such thing.
fn unit(request: &Request<'_>, unit: &Unit) -> Option<Vec<u8>> {
    let tenant = request.tenant;
    // Users and keys of two tenants may have one name.
    let of_tenant = |own: &[u8]| [tenant.tenant.as_bytes(), b"\x1f", own].concat();
    match unit {
        Unit::Request => Some(request.world.chance(NAME).to_be_bytes().to_vec()),
        Unit::User => tenant.user.as_ref().map(|user| of_tenant(user.as_bytes())),
        Unit::Key => tenant.key.as_ref().map(|key| of_tenant(key.as_bytes())),
        Unit::Tenant => Some(tenant.tenant.as_bytes().to_vec()),
        Unit::Conversation => conversation(request).map(|own| of_tenant(&own.to_be_bytes())),
        Unit::Header(name) => request.header(name).map(|value| value.as_bytes().to_vec()),
    }
}

/// A conversation by its instructions and what the user says first; `None` where that is no text.
fn conversation(request: &Request<'_>) -> Option<u64> {
    let ask = request.ask;
    let first = ask.turns.iter().find(|turn| turn.role == Role::User);
    let blocks = first.into_iter().flat_map(|turn| &turn.blocks);
    let mut said = blocks.filter_map(|block| match block {
        Block::Text(text) => Some(text.as_ref()),
        _ => None,
    });
    let first = said.next()?;
    let system = ask.system.iter().map(AsRef::as_ref);
    Some(system.chain([first]).chain(said).fold(0, digest))
}

/// A text, after those before it.
fn digest(before: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let bytes = bytes.get(..TOLD_APART_BY).unwrap_or(bytes);
    let digest = bytes.chunks(8).fold(before, |digest, chunk| {
        let mut word = [0; 8];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        mixed(digest ^ u64::from_le_bytes(word))
    });
    mixed(digest ^ u64::try_from(bytes.len()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn texts_are_told_apart_by_their_bytes_and_their_borders() {
        let of = |texts: &[&str]| texts.iter().fold(0, |before, text| digest(before, text));
        let all = [&["ab", "c"][..], &["a", "bc"], &["abc"], &["abc", ""], &["ABC"], &["abc\0"]];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(of(one), of(one));
            assert!(all.iter().skip(at + 1).all(|other| of(other) != of(one)), "{one:?}");
        }
    }
}
