//! `limits`: bounds on one request.
use super::read::Spot;

/// The largest body that may be allowed, in bytes: 64 MiB. Envoy buffers it whole.
const MOST_BYTES: u64 = 64 << 20;

/// `limits.request`: bounds on one request.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimits {
    /// Largest body, in bytes.
    pub max_body_bytes: u64,
    /// Most messages.
    pub max_messages: u64,
    /// Most output tokens a request may ask for; none for the model's own bound alone.
    pub max_output_tokens: Option<u64>,
}

impl Default for RequestLimits {
    /// 4 MiB and 1000 messages.
    fn default() -> Self {
        Self { max_body_bytes: 4 << 20, max_messages: 1000, max_output_tokens: None }
    }
}

/// Reads the section; what is wrong in it is reported and reads as the default.
pub(super) fn read(section: Option<Spot<'_>>) -> RequestLimits {
    let request = section.and_then(|spot| {
        let mut fields = spot.object("an object with `request`")?;
        let request = fields.optional("request");
        fields.finish();
        request
    });
    request.and_then(|spot| limits(&spot)).unwrap_or_default()
}

fn limits(spot: &Spot<'_>) -> Option<RequestLimits> {
    let mut fields = spot.object("an object of limits")?;
    let max_body_bytes = fields
        .optional("max_body_bytes")
        .and_then(|spot| spot.bytes(1..=MOST_BYTES, "1 byte to 64MiB"));
    let max_messages =
        fields.optional("max_messages").and_then(|spot| spot.whole("messages", 1..=100_000));
    let max_output_tokens =
        fields.optional("max_output_tokens").and_then(|spot| spot.whole("tokens", 1..=100_000_000));
    fields.finish();
    let default = RequestLimits::default();
    Some(RequestLimits {
        max_body_bytes: max_body_bytes.unwrap_or(default.max_body_bytes),
        max_messages: max_messages.unwrap_or(default.max_messages),
        max_output_tokens,
    })
}
