//! `resilience`: what happens when a model fails.
use super::read::Spot;

/// `resilience`: what happens when a model fails.
#[derive(Debug, Clone, Copy)]
pub struct Resilience {
    /// Most models tried for one request, from 1 to 10.
    pub attempts: u32,
    /// Longest silence of a provider, before or within an answer, in milliseconds. Bytes that are
    /// held back count for nothing: a whole answer has to be there by then.
    pub idle_timeout_ms: u64,
}

impl Default for Resilience {
    /// 4 attempts, and a minute of silence.
    fn default() -> Self {
        Self { attempts: 4, idle_timeout_ms: 60_000 }
    }
}

/// Reads the section. None, and a report, when `attempts` cannot be known.
pub(super) fn read(section: Option<Spot<'_>>) -> Option<Resilience> {
    let default = Resilience::default();
    let Some(spot) = section else {
        return Some(default);
    };
    let mut fields = spot.object("an object of settings")?;
    let attempts = fields.optional("attempts").map(|spot| spot.whole("attempts", 1..=10));
    let idle_timeout_ms = fields
        .optional("idle_timeout")
        .and_then(|spot| spot.duration(1..=3_600_000, "a duration from 1ms to 1h"));
    fields.finish();
    Some(Resilience {
        attempts: match attempts {
            Some(attempts) => u32::try_from(attempts?).ok()?,
            None => default.attempts,
        },
        idle_timeout_ms: idle_timeout_ms.unwrap_or(default.idle_timeout_ms),
    })
}
