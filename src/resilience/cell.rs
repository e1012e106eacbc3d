//! Typed records that every worker of a proxy shares, in bounded memory.
//!
//! Shared data cannot be deleted, so there is a fixed number of places: [`BUCKETS`] for each kind
//! of record, each of which holds up to [`RECORDS_MAX`] records in up to [`BYTES_MAX`] bytes. A
//! kind can hold 65,536 records in at most 16 MiB; 10,000 leave two or three in each bucket. A
//! record is found by one read of its bucket. A change is compared and set: two workers never
//! lose each other's.
//!
//! Where a bucket is full the least recently touched record gives way, but never one that has to
//! stay ([`Record::stays`]: there are credits in it), unless nobody has touched it for two hours.
//! Where all have to stay the new record is not written ([`Missed::Full`]), and whoever wanted it
//! does without.
use crate::layout::{Reader, Writer};
use crate::port::Shared;

/// Buckets of one kind.
const BUCKETS: u64 = 4096;

/// Most records of a bucket.
const RECORDS_MAX: usize = 16;

/// Most bytes of a bucket.
const BYTES_MAX: usize = 4096;

/// After so long a record that nobody touches gives way whatever is in it, in milliseconds: longer
/// than any lease and any grace.
const STALE_MS: u64 = 7_200_000;

/// How often a change is tried when others are quicker.
const TRIES: u32 = 16;

/// A kind of record.
pub trait Record: Sized {
    /// What the kind is called, with the version of its layout. Shared data outlives the module
    /// that wrote it: another layout needs another name.
    const KIND: &'static str;

    /// Writes its fields.
    fn write(&self, out: &mut Writer);

    /// Reads its fields; `None` for what [`Record::write`] has not written.
    fn read(fields: &mut Reader<'_>) -> Option<Self>;

    /// Whether it may not give way to another, at that time by the proxy's clock in milliseconds.
    fn stays(&self, now_ms: u64) -> bool;
}

/// Why a record was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// It was left as it was.
    Declined,
    /// There is no place for it.
    Full,
    /// Others were quicker each time.
    Contended,
}

/// The record of a name; `None` where nobody has written one.
pub fn read<R: Record>(shared: &dyn Shared, name: &str) -> Option<R> {
    let (bucket, _) = shared.shared(&key(R::KIND, name));
    find(&bucket, name)
}

/// The record of a name in its bucket.
pub(super) fn find<R: Record>(bucket: &[u8], name: &str) -> Option<R> {
    let found = entries(bucket).find(|entry| entry.name == name.as_bytes())?;
    R::read(&mut Reader::of(found.record))
}

/// Changes the record of a name: `change` gives the new record and what to answer, or nothing to
/// leave it as it is. It may be asked several times.
///
/// # Errors
/// Why the record is as it was.
pub fn update<R: Record, T>(
    shared: &dyn Shared,
    now_ms: u64,
    name: &str,
    mut change: impl FnMut(Option<R>) -> Option<(R, T)>,
) -> Result<T, Missed> {
    let key = key(R::KIND, name);
    for _ in 0..TRIES {
        let (value, cas) = shared.shared(&key);
        let (record, answer) = change(find(&value, name)).ok_or(Missed::Declined)?;
        let value = with::<R>(&value, name, &record, now_ms).ok_or(Missed::Full)?;
        if shared.share(&key, &value, cas) {
            return Ok(answer);
        }
    }
    Err(Missed::Contended)
}

/// A record and its name, as they stand in a bucket.
#[derive(Debug, Clone, Copy)]
struct Entry<'b> {
    touched_ms: u64,
    name: &'b [u8],
    record: &'b [u8],
}

impl Entry<'_> {
    fn write(&self, out: &mut Writer) {
        out.number(self.touched_ms);
        out.bytes(self.name);
        out.bytes(self.record);
    }

    /// How many bytes it takes in its bucket.
    const fn size(&self) -> usize {
        self.name.len().saturating_add(self.record.len()).saturating_add(16)
    }

    fn stays<R: Record>(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.touched_ms) <= STALE_MS
            && R::read(&mut Reader::of(self.record)).is_some_and(|record| record.stays(now_ms))
    }
}

fn entries(bucket: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut fields = Reader::of(bucket);
    core::iter::from_fn(move || {
        Some(Entry { touched_ms: fields.number()?, name: fields.bytes()?, record: fields.bytes()? })
    })
}

/// A bucket with a record of that name; `None` where there is no place for it.
fn with<R: Record>(bucket: &[u8], name: &str, record: &R, now_ms: u64) -> Option<Vec<u8>> {
    let mut own = Writer::default();
    record.write(&mut own);
    let own = own.finish();
    let own = Entry { touched_ms: now_ms, name: name.as_bytes(), record: &own };
    let mut kept: Vec<Entry<'_>> =
        entries(bucket).filter(|entry| entry.name != own.name).take(RECORDS_MAX).collect();
    let full = |kept: &[Entry<'_>]| {
        let bytes = kept.iter().map(Entry::size).fold(own.size(), usize::saturating_add);
        kept.len() >= RECORDS_MAX || bytes > BYTES_MAX
    };
    while full(&kept) {
        let may_go = kept.iter().enumerate().filter(|(_, entry)| !entry.stays::<R>(now_ms));
        let (oldest, _) = may_go.min_by_key(|(_, entry)| entry.touched_ms)?;
        kept.swap_remove(oldest);
    }
    let mut out = Writer::default();
    kept.push(own);
    kept.iter().for_each(|entry| entry.write(&mut out));
    Some(out.finish())
}

/// The key of the bucket that holds a record.
pub(super) fn key(kind: &str, name: &str) -> String {
    let hash = digest(name);
    let bucket = (hash ^ (hash >> 32)) & BUCKETS.wrapping_sub(1);
    format!("tw.{kind}.{bucket}")
}

/// A short number for a text: FNV-1a, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>).
#[must_use]
pub fn digest(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
