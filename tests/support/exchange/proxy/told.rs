//! What is told of a request: what its app got, and what stands in the access log.
use tradewind::exchange::filter_state::LIMIT;

use super::super::play::Play;
use super::super::script::logged;

/// What stands in the access log of a request.
pub(super) fn told(play: &Play) -> Option<String> {
    let state = play.life.world.state.iter();
    let told = state.filter_map(|(key, own)| {
        Some(format!("limits.{}={}", key.strip_prefix(LIMIT)?, String::from_utf8_lossy(own)))
    });
    let log = logged(&play.life);
    let log = log.iter().map(|(name, value)| format!("{name} {value}"));
    let line: Vec<String> = told.chain(log).collect();
    (!line.is_empty()).then(|| format!("  {}", line.join(" ")))
}

/// What an app got: the status, what we say beside it, and of an error its words.
pub(super) fn heard(name: &str, play: &Play) -> String {
    let life = &play.life;
    let header = |wanted: &str| {
        let found = life.headers.iter().find(|(own, _)| own == wanted);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    let status = header(":status").unwrap_or_else(|| "nothing".to_owned());
    let mut line = format!("{name} gets {status}");
    for (own, value) in &life.headers {
        let ours = own.starts_with("x-tradewind-") && own != "x-tradewind-request-id";
        if ours || own.contains("ratelimit") || (own == "retry-after" && status == "429") {
            line.push_str(&format!(" {own}: {}", String::from_utf8_lossy(value)));
        }
    }
    if !status.starts_with('2') {
        line.push_str(&format!(" {}", String::from_utf8_lossy(&life.body)));
    }
    if life.reset {
        line.push_str(" and a reset");
    }
    line
}
