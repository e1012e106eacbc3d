//! A binary layout of fields one after the other, for records in shared data and filter state.
//!
//! A number takes eight bytes; a text four bytes of length, then its own; a list eight bytes of
//! length, then its items. Neither names nor types are written: a reader has to know the layout.
//! So each kind of record has a version in its name or in its first field.

/// Appends fields to a record.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// A writer with space for that many bytes before it has to allocate again.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes) }
    }

    /// An unsigned number, little-endian.
    pub fn number(&mut self, number: u64) {
        self.out.extend_from_slice(&number.to_le_bytes());
    }

    /// A number that may be negative.
    pub fn signed(&mut self, number: i64) {
        self.out.extend_from_slice(&number.to_le_bytes());
    }

    /// A flag: one byte, 0 or 1.
    pub fn flag(&mut self, flag: bool) {
        self.out.push(u8::from(flag));
    }

    /// A text in UTF-8, under the rule of [`Writer::bytes`].
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Bytes, which read as empty where they are 4 GiB or more.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let (length, bytes) = u32::try_from(bytes.len()).map_or((0, &[][..]), |len| (len, bytes));
        self.out.extend_from_slice(&length.to_le_bytes());
        self.out.extend_from_slice(bytes);
    }

    /// A value that may be `None`.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// The items of a list.
    pub fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.number(u64::try_from(items.len()).unwrap_or(u64::MAX));
        for item in items {
            write(self, item);
        }
    }

    /// The record's bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.out
    }
}

/// Reads fields in the order in which they were written. A field that is not there is `None`.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'r> {
    rest: &'r [u8],
}

impl<'r> Reader<'r> {
    /// A reader of what [`Writer::finish`] gave.
    #[must_use]
    pub const fn of(bytes: &'r [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read yet.
    #[must_use]
    pub const fn rest(&self) -> &'r [u8] {
        self.rest
    }

    /// An unsigned number, little-endian.
    pub fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u64::from_le_bytes(*number))
    }

    /// A number that may be negative.
    pub fn signed(&mut self) -> Option<i64> {
        let (number, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(i64::from_le_bytes(*number))
    }

    /// A flag; `None` for a byte that is neither 0 nor 1.
    pub fn flag(&mut self) -> Option<bool> {
        let (flag, rest) = self.rest.split_first()?;
        self.rest = rest;
        match flag {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A text; `None` where its bytes are not UTF-8.
    pub fn text(&mut self) -> Option<&'r str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    /// Bytes, borrowed from the record.
    pub fn bytes(&mut self) -> Option<&'r [u8]> {
        let (length, rest) = self.rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (bytes, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    /// A value that may be `None`; the outer `None` says that it cannot be read.
    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Some(None) }
    }

    /// The items of a list. Memory is allocated for items that were read, not for the count.
    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        for _ in 0..self.number()? {
            items.push(read(self)?);
        }
        Some(items)
    }

    /// Whether all bytes have been read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use crate::layout::{Reader, Writer};

    #[test]
    fn fields_are_read_as_they_were_written() {
        let mut out = Writer::with_capacity(64);
        out.number(7);
        out.signed(-7);
        out.flag(true);
        out.text("a");
        out.bytes(b"");
        out.option(Some("b"), Writer::text);
        out.option(None, Writer::text);
        out.list(&[1, 2], |out, number| out.number(*number));
        let bytes = out.finish();
        let mut fields = Reader::of(&bytes);
        assert_eq!((fields.number(), fields.signed()), (Some(7), Some(-7)));
        assert_eq!((fields.flag(), fields.text()), (Some(true), Some("a")));
        assert_eq!(fields.bytes(), Some(&[][..]));
        assert_eq!(fields.option(Reader::text), Some(Some("b")));
        assert_eq!(fields.option(Reader::text), Some(None));
        assert_eq!(fields.list(Reader::number), Some(vec![1, 2]));
        assert!(fields.is_empty());
        // Cut anywhere, the rest of it is missing and nothing is made up.
        for cut in 0..bytes.len() {
            let mut fields = Reader::of(bytes.get(..cut).unwrap_or_default());
            let all = (|| {
                fields.number()?;
                fields.signed()?;
                fields.flag()?;
                fields.text()?;
                fields.bytes()?;
                fields.option(Reader::text)?;
                fields.option(Reader::text)?;
                fields.list(Reader::number)
            })();
            assert_eq!(all, None, "{cut}");
        }
    }

    #[test]
    fn what_nobody_wrote_is_nothing() {
        assert_eq!(Reader::of(&[2]).flag(), None);
        assert_eq!(Reader::of(&[1, 0, 0, 0, 0xFF]).text(), None);
        let endless = [0xFF; 16];
        assert_eq!(Reader::of(&endless).list(Reader::number), None);
    }
}
