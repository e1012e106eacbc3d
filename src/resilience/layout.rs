//! How a record's fields are laid out: numbers of eight bytes, texts by their length.

/// Writes a record's fields, one after the other.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// A number.
    pub fn number(&mut self, number: u64) {
        self.out.extend_from_slice(&number.to_le_bytes());
    }

    /// A number that may be below zero.
    pub fn signed(&mut self, number: i64) {
        self.out.extend_from_slice(&number.to_le_bytes());
    }

    /// A text; of one longer than 65,535 bytes nothing, which reads as none.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let (length, bytes) = u16::try_from(bytes.len()).map_or((0, &[][..]), |len| (len, bytes));
        self.out.extend_from_slice(&length.to_le_bytes());
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }
}

/// Reads them again, in the same order; none where they end.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'r> {
    rest: &'r [u8],
}

impl<'r> Reader<'r> {
    pub(super) const fn of(bytes: &'r [u8]) -> Self {
        Self { rest: bytes }
    }

    /// A number.
    pub fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u64::from_le_bytes(*number))
    }

    /// A number that may be below zero.
    pub fn signed(&mut self) -> Option<i64> {
        let (number, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(i64::from_le_bytes(*number))
    }

    /// A text.
    pub fn text(&mut self) -> Option<&'r str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    pub(super) fn bytes(&mut self) -> Option<&'r [u8]> {
        let (length, rest) = self.rest.split_first_chunk()?;
        let (bytes, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        self.rest = rest;
        Some(bytes)
    }
}
