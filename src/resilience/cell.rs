//! Typed records that all workers of a proxy share, in bounded memory.
//!
//! Shared data cannot be deleted, so its keys are fixed: [`Record::BUCKETS`] buckets for each kind
//! of record, each of which holds up to [`Record::RECORDS_MAX`] records in up to
//! [`Record::BYTES_MAX`] bytes. A kind that chooses no numbers of its own can hold 65,536 records
//! in at most 16 MiB; 10,000 leave two or three in each bucket. A record is found by one read of
//! its bucket. A change is written by compare-and-set, so that two workers never overwrite each
//! other's.
//!
//! Where a bucket is full, the least recently changed record is dropped, but never one that is
//! pinned ([`Record::is_pinned`]: it holds credits), unless it is older than [`Record::STALE_MS`].
//! Where all records are pinned, the new one is not written ([`UpdateError::Full`]), and its caller
//! does without.
use core::fmt;

use crate::layout::{Reader, Writer};
use crate::port::Shared;

/// A kind of record.
pub trait Record: Sized {
    /// The name of the kind, with the version of its layout. Shared data outlives the module that
    /// wrote it, so another layout needs another name.
    const KIND: &'static str;

    /// Buckets of the kind: a power of two, since the bucket is taken from the bits of a hash.
    const BUCKETS: u64 = 4096;

    /// Most records of a bucket.
    const RECORDS_MAX: usize = 16;

    /// Most bytes of a bucket.
    const BYTES_MAX: usize = 4096;

    /// How long after its last change a pinned record may be dropped all the same, in milliseconds:
    /// longer than a record of the kind has to be kept.
    const STALE_MS: u64 = 7_200_000;

    /// How often a change is tried while other workers change the same bucket.
    const TRIES: u32 = 16;

    /// Writes the record's fields in the order in which [`Record::read`] reads them.
    fn write(&self, out: &mut Writer);

    /// Reads the fields; `None` for bytes that [`Record::write`] has not written.
    fn read(fields: &mut Reader<'_>) -> Option<Self>;

    /// Whether a full bucket has to keep the record, at that time of the proxy's clock.
    fn is_pinned(&self, now_ms: u64) -> bool;
}

/// Why a record was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateError {
    /// The caller wanted no change.
    Declined,
    /// The bucket is full of pinned records.
    Full,
    /// Other workers changed the bucket at each try.
    Contended,
}

/// The records that a proxy's workers share, to be read and changed at one moment.
#[derive(Clone, Copy)]
pub struct Records<'s> {
    shared: &'s dyn Shared,
    now_ms: u64,
}

impl<'s> Records<'s> {
    /// At that time by the proxy's clock, in milliseconds.
    #[must_use]
    pub const fn at(shared: &'s dyn Shared, now_ms: u64) -> Self {
        Self { shared, now_ms }
    }

    /// The time by the proxy's clock, in milliseconds.
    #[must_use]
    pub const fn now_ms(self) -> u64 {
        self.now_ms
    }

    /// The record of that name; `None` where nobody has written one.
    #[must_use]
    pub fn read<R: Record>(self, name: &str) -> Option<R> {
        let (bucket, _) = self.shared.shared_data(&key::<R>(name));
        find(&bucket, name)
    }

    /// Changes the record of that name. `change` is given the record, and gives the new one and
    /// what to answer, or `None` to leave the record as it is. It is called again for each try.
    ///
    /// # Errors
    /// Why the record was not changed.
    pub fn update<R: Record, T>(
        self,
        name: &str,
        mut change: impl FnMut(Option<R>) -> Option<(R, T)>,
    ) -> Result<T, UpdateError> {
        let key = key::<R>(name);
        for _ in 0..R::TRIES {
            let (value, cas) = self.shared.shared_data(&key);
            let (record, answer) = change(find(&value, name)).ok_or(UpdateError::Declined)?;
            let value = with::<R>(&value, name, &record, self.now_ms).ok_or(UpdateError::Full)?;
            if self.shared.set_shared_data(&key, &value, cas) {
                return Ok(answer);
            }
        }
        Err(UpdateError::Contended)
    }
}

impl fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("now_ms", &self.now_ms).finish_non_exhaustive()
    }
}

/// The record of a name in its bucket.
pub(super) fn find<R: Record>(bucket: &[u8], name: &str) -> Option<R> {
    let found = entries(bucket).find(|entry| entry.name == name.as_bytes())?;
    R::read(&mut Reader::of(found.record))
}

/// Whether that holds of all records of a bucket, and their names.
pub(super) fn all<R: Record>(bucket: &[u8], holds: impl Fn(&[u8], &R) -> bool) -> bool {
    let read = |entry: Entry<'_>| R::read(&mut Reader::of(entry.record));
    entries(bucket).all(|entry| read(entry).is_none_or(|record| holds(entry.name, &record)))
}

/// A record as it stands in a bucket, with its name and the time of its last change.
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

    /// The bytes that the entry takes in its bucket.
    const fn size(&self) -> usize {
        self.name.len().saturating_add(self.record.len()).saturating_add(16)
    }

    fn is_pinned<R: Record>(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.touched_ms) <= R::STALE_MS
            && R::read(&mut Reader::of(self.record)).is_some_and(|record| record.is_pinned(now_ms))
    }
}

fn entries(bucket: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let mut fields = Reader::of(bucket);
    core::iter::from_fn(move || {
        Some(Entry { touched_ms: fields.number()?, name: fields.bytes()?, record: fields.bytes()? })
    })
}

/// The bucket with that record written or replaced; `None` where there is no place for it.
fn with<R: Record>(bucket: &[u8], name: &str, record: &R, now_ms: u64) -> Option<Vec<u8>> {
    let mut own = Writer::default();
    record.write(&mut own);
    let own = own.finish();
    let own = Entry { touched_ms: now_ms, name: name.as_bytes(), record: &own };
    let mut kept: Vec<Entry<'_>> =
        entries(bucket).filter(|entry| entry.name != own.name).take(R::RECORDS_MAX).collect();
    let full = |kept: &[Entry<'_>]| {
        let bytes = kept.iter().map(Entry::size).fold(own.size(), usize::saturating_add);
        kept.len() >= R::RECORDS_MAX || bytes > R::BYTES_MAX
    };
    while full(&kept) {
        let may_go = kept.iter().enumerate().filter(|(_, entry)| !entry.is_pinned::<R>(now_ms));
        let (oldest, _) = may_go.min_by_key(|(_, entry)| entry.touched_ms)?;
        kept.swap_remove(oldest);
    }
    let mut out = Writer::default();
    kept.push(own);
    kept.iter().for_each(|entry| entry.write(&mut out));
    Some(out.finish())
}

/// The key of the bucket that holds a record.
pub(super) fn key<R: Record>(name: &str) -> String {
    const { assert!(R::BUCKETS.is_power_of_two()) };
    let hash = digest(name);
    let bucket = (hash ^ (hash >> 32)) & R::BUCKETS.wrapping_sub(1);
    format!("tw.{}.{bucket}", R::KIND)
}

/// The FNV-1a hash of a text, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>).
#[must_use]
pub fn digest(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
