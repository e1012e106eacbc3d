//! Envoy's filter behind the edge role, which asks a service about each request.
use super::super::service::Service;
use super::{Play, Reply};

impl Play {
    /// Whether a request goes on to the router. Where it does not, Envoy answers it: the body is
    /// what the rendered configuration makes of the status.
    pub(super) fn is_let_through(&mut self) -> bool {
        let (status, details, mut headers) = match self.life.world.common.limits.get() {
            Service::Fair => return true,
            Service::Away => (503, "rate_limiter_error", Vec::new()),
            Service::Full(seconds) => {
                let left = ("x-ratelimit-limit", "20, 20;w=60".to_owned());
                let none = ("x-ratelimit-remaining", "0".to_owned());
                let reset = ("x-ratelimit-reset", seconds.to_string());
                (429, "request_rate_limited", vec![left, none, reset])
            }
        };
        headers.push(("content-type", "application/json".to_owned()));
        self.life.world.details = details.to_owned();
        self.reply(Reply { status, headers, body: b"{}".to_vec() });
        false
    }
}
