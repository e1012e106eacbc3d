//! What a request is one of: a conversation, a user's, a key's.
use super::world::mixed;
use super::{Conversation, Opening, Request};
use crate::dialect::{Block, Role};

/// How much of each of a conversation's first texts tells it from others, in bytes.
const TOLD_APART_BY: usize = 64 << 10;

/// How Claude Code begins a text among its instructions that differs from request to request.
const PASSING: &str = "x-anthropic-billing-header";

/// A conversation by its opening; `None` where that is no text. It stays the same as the
/// conversation grows, whatever is marked in it, and is the same in all proxies: experiments draw
/// by it.
pub(super) fn conversation(request: &Request<'_>) -> Option<u64> {
    Some(opening(request)?.fold(0, digest))
}

/// The same under the proxy's secret, for what is remembered of it: no app can make another
/// conversation that is taken for this one.
pub(super) fn remembered(request: &Request<'_>) -> Option<u64> {
    let mut own = request.world.digest();
    opening(request)?.for_each(|text| {
        own.number(u64::try_from(text.len()).unwrap_or(u64::MAX));
        own.write(told_apart_by(text));
    });
    let [half, _] = own.finish();
    Some(half)
}

/// Both, for whoever decides on another body than the app's.
pub(super) fn opened(request: &Request<'_>) -> Conversation {
    Some(Opening { own: remembered(request)?, shared: conversation(request)? })
}

/// The instructions before a conversation and what the user says first.
fn opening<'r>(request: &'r Request<'_>) -> Option<impl Iterator<Item = &'r str>> {
    let ask = request.ask;
    let first = ask.turns.iter().find(|turn| turn.role == Role::User);
    let blocks = first.into_iter().flat_map(|turn| &turn.blocks);
    let mut said = blocks.filter_map(|block| match block {
        Block::Text(text) => Some(text.as_ref()),
        _ => None,
    });
    let first = said.next()?;
    let opening = ask.opening.unwrap_or(ask.system.len());
    let system = ask.system.iter().take(opening).map(AsRef::as_ref);
    // Some SDKs send an empty one where nothing is said.
    let system = system.filter(|text: &&str| !text.is_empty() && !text.starts_with(PASSING));
    Some(system.chain([first]).chain(said))
}

/// Something of a tenant's own: users, keys and conversations of two tenants may be alike.
pub(super) fn of_tenant(tenant: &str, own: &[u8]) -> Vec<u8> {
    [tenant.as_bytes(), b"\x1f", own].concat()
}

fn told_apart_by(text: &str) -> &[u8] {
    let bytes = text.as_bytes();
    bytes.get(..TOLD_APART_BY).unwrap_or(bytes)
}

/// A text, after those before it.
pub(super) fn digest(before: u64, text: &str) -> u64 {
    let bytes = told_apart_by(text);
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
