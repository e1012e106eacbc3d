//! What a kind of identity may know of a caller.

/// What the host knows of a caller. A fact is read when a kind of identity asks for it, and not
/// before.
pub trait CallerFacts {
    /// The value of a request header, by its name in lower case; of a header that stands several
    /// times the first.
    fn header(&self, name: &str) -> Option<&[u8]>;

    /// The same, of a header that stands several times the last.
    fn last_header(&self, name: &str) -> Option<&[u8]>;

    /// A property of the request, by its path: of the connection that it came by
    /// (`connection`, `uri_san_peer_certificate`), or what a filter in front has found (`metadata`,
    /// `filter_metadata`, the filter's name, a key of the filter's).
    fn property(&self, path: &[&str]) -> Option<Vec<u8>>;

    /// The time on the clock on the wall, in seconds since 1970.
    fn unix_seconds(&self) -> u64;
}
