//! The hop: what stands between a stream's attempt and its provider where the policy finishes
//! streams that are cut.
//!
//! Of a cut Envoy tells no filter: it resets the app's stream. But where an answer ends with its
//! connection, as in HTTP/1.0, a cut is an end like any other. So a stream's cluster leads to a
//! listener within Envoy (`companion/render/hop.rs`), which speaks HTTP/1.0 and asks the provider:
//! whatever ends the answer behind it (a reset, a connection that closes, silence) reaches the
//! provider role in front of it as the answer's end, and that role knows whether it was whole.
//!
//! Envoy speaks no HTTP/1.0 to a cluster: the hop's own listener reads it into the request's first
//! line ([`Line`]). And what the provider role sees of the way to a provider is the way to the hop:
//! what it has to know of the other, the hop tells it in a header ([`TELLS`]).

/// The response header that the hop tells it in. The hop writes it over whatever a provider sends
/// under that name, and it goes no further than to the provider role.
pub const TELLS: &str = "x-tradewind-hop";

/// What the hop tells with a provider's answer, in Envoy's words: the connection that it came on.
pub const ANSWERED: &str = "%UPSTREAM_LOCAL_ADDRESS%";

/// What it tells where the provider gave none: why, the connection, and why there is none.
pub const LOST: &str =
    "lost %RESPONSE_FLAGS% %UPSTREAM_LOCAL_ADDRESS% %UPSTREAM_TRANSPORT_FAILURE_REASON%";

/// What stands before the name of a thing, cluster or next model, that is a stream's. No name in a
/// policy has a `/`.
const STREAM: &str = "stream/";

/// The name of a stream's own: of its cluster, by its provider, and of what the route's matcher
/// reads, by its model.
#[must_use]
pub fn of_streams(name: &str) -> String {
    [STREAM, name].concat()
}

/// The model that the route's matcher reads, whichever cluster it is sent to.
#[must_use]
pub fn model(next: &str) -> &str {
    next.strip_prefix(STREAM).unwrap_or(next)
}

/// What the hop tells of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told<'t> {
    /// The provider answers, on this connection.
    Answered(&'t str),
    /// It does not.
    Lost {
        /// It has said nothing for as long as a provider may be silent.
        silent: bool,
        /// The connection that was made to it; empty where none could be.
        connection: &'t str,
        /// Why none could be; empty where Envoy does not say.
        why: &'t str,
    },
}

/// Envoy's flag for a stream of which nothing has come for too long.
const SILENT: &str = "SI";

/// Envoy's word where there is nothing to be said.
const NOTHING: &str = "-";

impl<'t> Told<'t> {
    /// Reads the header.
    pub(super) fn read(value: &'t str) -> Self {
        let said = |text: &'t str| if text == NOTHING { "" } else { text };
        let mut words = value.splitn(4, ' ');
        if words.next() != Some("lost") {
            return Self::Answered(said(value));
        }
        let mut word = || words.next().map_or("", said);
        let silent = word().split(',').any(|flag| flag == SILENT);
        Self::Lost { silent, connection: word(), why: word() }
    }
}

/// The first line of a request, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// It has not ended yet.
    Begun,
    /// It is one of HTTP/1.1: so long, and this in its place.
    Older(usize, Vec<u8>),
    /// It is none: nothing is to be done with it.
    Other,
}

/// Longest line that is read, in bytes: 8 KiB, and its path is an endpoint's of the policy.
pub const LINE_MAX: usize = 8 << 10;

/// How a line of HTTP/1.1 ends.
const NEWER: &[u8] = b" HTTP/1.1\r\n";

impl Line {
    /// Reads what has come of a request.
    #[must_use]
    pub fn read(begun: &[u8]) -> Self {
        let Some(end) = begun.iter().position(|byte| *byte == b'\n') else {
            return if begun.len() < LINE_MAX { Self::Begun } else { Self::Other };
        };
        let size = end.saturating_add(1);
        let line = begun.get(..size).unwrap_or_default();
        match line.strip_suffix(NEWER) {
            Some(asked) => Self::Older(size, [asked, b" HTTP/1.0\r\n"].concat()),
            None => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE_MAX, Line, Told};

    #[test]
    fn a_line_of_http_1_1_becomes_one_of_1_0_wherever_it_is_cut() {
        let request = b"POST /v1/messages HTTP/1.1\r\nhost: a\r\n\r\n{} HTTP/1.1\r\n";
        let size = 28;
        for cut in 0..request.len() {
            let expected = match cut < size {
                true => Line::Begun,
                false => Line::Older(size, b"POST /v1/messages HTTP/1.0\r\n".to_vec()),
            };
            assert_eq!(Line::read(&request[..cut]), expected, "{cut}");
        }
    }

    #[test]
    fn any_other_line_stays_as_it_is() {
        for other in ["GET / HTTP/1.0\r\n", "GET / HTTP/1.1\n", "\n", "PRI * HTTP/2.0\r\n\r\n"] {
            assert_eq!(Line::read(other.as_bytes()), Line::Other, "{other:?}");
        }
        assert_eq!(Line::read(&[b'a'; LINE_MAX - 1]), Line::Begun);
        assert_eq!(Line::read(&[b'a'; LINE_MAX]), Line::Other);
    }

    #[test]
    fn the_hop_tells_what_became_of_the_way_to_the_provider() {
        let lost = |silent, connection, why| Told::Lost { silent, connection, why };
        for (value, expected) in [
            ("10.0.0.1:4711", Told::Answered("10.0.0.1:4711")),
            ("-", Told::Answered("")),
            ("", Told::Answered("")),
            ("lost UC 10.0.0.1:4711 -", lost(false, "10.0.0.1:4711", "")),
            (
                "lost UF,URX - delayed connect error: 111",
                lost(false, "", "delayed connect error: 111"),
            ),
            ("lost SI 10.0.0.1:4711 -", lost(true, "10.0.0.1:4711", "")),
            ("lost", lost(false, "", "")),
        ] {
            assert_eq!(Told::read(value), expected, "{value}");
        }
    }
}
