//! What Envoy does when an attempt fails, or an app goes.
use super::{Attempt, Play, Reply, Sent, Stage};

impl Play {
    pub(super) fn retry(&mut self, mut attempt: Attempt) {
        attempt.filter.done(&mut self.life.world);
        let Sent { body, retries } = attempt.sent;
        self.stage = Stage::Routing(Sent { body, retries: retries.saturating_sub(1) });
    }

    pub(super) fn unreached(&mut self, attempt: Attempt) {
        let details = "upstream_reset_before_response_started{remote_connection_failure}";
        let said = "upstream connect error or disconnect/reset before headers";
        self.failed(attempt, 503, details, said);
    }

    pub(super) fn failed(&mut self, mut attempt: Attempt, status: u16, details: &str, said: &str) {
        if attempt.sent.retries > 0 {
            return self.retry(attempt);
        }
        self.local(status, details, said);
        attempt.filter.done(&mut self.life.world);
    }

    /// An answer that had begun breaks off.
    pub(super) fn broken_off(&mut self) {
        self.life.reset = true;
        let details = "upstream_reset_after_response_started{remote_reset}";
        self.life.world.details = details.to_owned();
    }

    /// Envoy ends, and cuts the app's connection as it does.
    pub(crate) fn cut(&mut self) {
        self.life.world.details = "downstream_local_disconnect(draining)".to_owned();
        self.over();
    }

    /// The app has gone.
    pub(crate) fn leave(&mut self) {
        self.life.world.details = "downstream_remote_disconnect".to_owned();
        self.over();
    }

    /// An answer that Envoy makes: only the edge role meets it.
    pub(super) fn local(&mut self, status: u16, details: &str, said: &str) {
        self.life.world.details = details.to_owned();
        let headers = vec![("content-type", "text/plain".to_owned())];
        self.reply(Reply { status, headers, body: said.as_bytes().to_vec() });
    }
}
