//! Ways to be known that stop working soon, or take in more callers than somebody may have meant.
use super::super::{Jwks, Policy, Spiffe};

/// How long before it expires a key is warned of, in seconds: 30 days.
const SOON: u64 = 30 * 86_400;

pub(super) fn of_callers(policy: &Policy, now: u64, doubts: &mut Vec<String>) {
    for own in policy.identity() {
        for key in own.expiring().filter(|key| key.at < now.saturating_add(SOON)) {
            let name = key.tenant.key.as_ref().map(|name| format!(" `{name}`"));
            let verb = if key.at <= now { "has expired: it was" } else { "expires soon: it is" };
            doubts.push(format!(
                "identity: the key{} of `{}` {verb} good until {}",
                name.unwrap_or_default(),
                key.tenant.tenant,
                key.said
            ));
        }
        let loose = own.tokens().filter(|own| own.keys.is_some() && own.audiences.is_empty());
        if let Some(tokens) = loose {
            doubts.push(format!(
                "identity: without `audiences` every token of `{}` is taken, also one that was \
                 issued for another service",
                tokens.issuer
            ));
        }
        let clear = own.tokens().and_then(|own| match own.keys.as_ref()? {
            Jwks::At(at) if !at.tls && !at.is_near() => Some((&own.issuer, at)),
            _ => None,
        });
        if let Some((issuer, at)) = clear {
            doubts.push(format!(
                "identity: the keys of `{issuer}` come in clear text from `{}`: whoever stands on \
                 the way can put other keys there, and be everybody; use `https`",
                at.host
            ));
        }
        let certificates = own.certificates();
        if certificates.and_then(Spiffe::trusts) == Some(true) {
            let doubt = "identity: with `xfcc: trusted` whoever reaches the listener without a \
                         certificate is whoever it says it is: let nobody but the hop reach it, \
                         or say in `xfcc` what the hop's certificate looks like";
            doubts.push(doubt.to_owned());
        }
        if certificates.is_some_and(Spiffe::takes_all_for_hops) {
            let doubt = "identity: each certificate that looks like the `pattern` of `spiffe` \
                         looks like that of its `xfcc` as well: such callers are taken for hops, \
                         and are nobody; say in `xfcc` what only the hop's looks like";
            doubts.push(doubt.to_owned());
        }
        let anywhere = own.certificates().is_some_and(|own| own.is_of_any_domain());
        if anywhere {
            let doubt = "identity: with `*` as its trust domain the pattern of `spiffe` takes a \
                         certificate of every domain that the authorities issue for";
            doubts.push(doubt.to_owned());
        }
    }
}
