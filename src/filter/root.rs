//! A plugin's life: configured once, then a context for every stream.
use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use super::http::Http;
use super::{keep, metrics};
use crate::exchange::{Memory, Plugin};

thread_local! {
    /// What the streams of this VM may hold, whatever plugin they belong to.
    static MEMORY: Memory = Memory::default();
}

/// One configured plugin in one VM.
#[derive(Debug, Default)]
pub(super) struct Root {
    plugin: Option<Plugin>,
    ticks: u32,
}

/// How often settlements are sent.
const PERIOD: Duration = Duration::from_millis(100);

/// So many of them are the time that a count may wait.
const TICKS: u32 = 10;

impl Context for Root {
    fn on_http_call_response(&mut self, _token: u32, _headers: usize, size: usize, _: usize) {
        keep::answered(size);
    }
}

impl RootContext for Root {
    /// Answers whether the configuration holds. Envoy keeps the last one that did.
    fn on_configure(&mut self, _size: usize) -> bool {
        let configuration = self.get_plugin_configuration().unwrap_or_default();
        match Plugin::configure(&configuration, &MEMORY.with(Memory::clone)) {
            Ok(plugin) => {
                let credits = plugin.credits().is_some();
                self.set_tick_period(if credits { PERIOD } else { metrics::PERIOD });
                self.plugin = Some(plugin);
                true
            }
            Err(problems) => {
                metrics::count("tradewind_policy_refused_total");
                metrics::flush();
                log::error!(
                    "the policy is refused, and the last good one keeps serving where there is \
                     one; {} problem(s), as `tradewind check` lists them:",
                    problems.len()
                );
                for problem in problems {
                    log::error!("{problem}");
                }
                false
            }
        }
    }

    fn on_tick(&mut self) {
        self.ticks = self.ticks.wrapping_add(1);
        let Some(policy) = self.plugin.as_ref().and_then(Plugin::credits) else {
            return metrics::flush();
        };
        keep::tick(policy);
        if self.ticks.is_multiple_of(TICKS) {
            metrics::flush();
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http::new(self.plugin.as_ref())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
