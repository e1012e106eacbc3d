//! Records that every worker of a proxy shares, in a fixed number of slots.
//!
//! Shared data cannot be deleted, so a record has its place by its name's hash, and a record that
//! nobody has touched for an hour gives way. A change is compared and set: two workers never lose
//! each other's.
use super::super::Envoy;

/// Slots of one kind.
const SLOTS: u64 = 1024;

/// Slots that a name may have: its own and those behind it.
const PROBES: u64 = 4;

/// How long a record that nobody touches keeps its slot, in milliseconds.
const STALE_MS: u64 = 3_600_000;

/// How often a change is tried when others are quicker.
const TRIES: u32 = 16;

/// A slot of one name.
struct Slot {
    key: String,
    cas: Option<u32>,
    /// The record's own part; none for a slot that is free.
    record: Option<String>,
}

/// The record of a name; none when there is none.
pub(super) fn read(envoy: &dyn Envoy, kind: &str, name: &str) -> Option<String> {
    find(envoy, kind, name)?.record
}

/// Changes the record of a name: `change` gives the new record and what to answer, or nothing to
/// leave it as it is. None also when there is no slot, or others were quicker each time.
pub(super) fn update<T>(
    envoy: &dyn Envoy,
    kind: &str,
    name: &str,
    mut change: impl FnMut(Option<&str>) -> Option<(String, T)>,
) -> Option<T> {
    for _ in 0..TRIES {
        let slot = find(envoy, kind, name)?;
        let (record, answer) = change(slot.record.as_deref())?;
        let value = format!("{name}\t{}\t{record}", envoy.now_ms());
        if envoy.share(&slot.key, value.as_bytes(), slot.cas) {
            return Some(answer);
        }
    }
    None
}

fn find(envoy: &dyn Envoy, kind: &str, name: &str) -> Option<Slot> {
    let home = hash(name);
    let mut free = None;
    for probe in 0..PROBES {
        let index = home.wrapping_add(probe) & SLOTS.wrapping_sub(1);
        let key = format!("tw.{kind}.{index}");
        let (value, cas) = envoy.shared(&key);
        let value = String::from_utf8(value).unwrap_or_default();
        let mut parts = value.splitn(3, '\t');
        let owner = parts.next().unwrap_or_default();
        let touched = parts.next().and_then(|at| at.parse().ok()).unwrap_or(0);
        if owner == name {
            let record = parts.next().map(str::to_owned);
            return Some(Slot { key, cas, record });
        }
        let stale = envoy.now_ms().saturating_sub(touched) > STALE_MS;
        if free.is_none() && (owner.is_empty() || stale) {
            free = Some(Slot { key, cas, record: None });
        }
        if cas.is_none() {
            // A name never stands behind a slot that was never used.
            break;
        }
    }
    free
}

/// FNV-1a, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>).
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
