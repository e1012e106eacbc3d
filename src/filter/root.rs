//! A plugin's life: configured once, then a context for every stream.
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use super::http::Http;
use super::metrics;
use crate::exchange::Plugin;

/// One configured plugin in one VM.
#[derive(Debug, Default)]
pub(super) struct Root {
    plugin: Option<Plugin>,
}

impl Context for Root {}

impl RootContext for Root {
    /// Answers whether the configuration holds. Envoy keeps the last one that did.
    fn on_configure(&mut self, _size: usize) -> bool {
        let configuration = self.get_plugin_configuration().unwrap_or_default();
        match Plugin::configure(&configuration) {
            Ok(plugin) => {
                self.plugin = Some(plugin);
                self.set_tick_period(metrics::PERIOD);
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
        metrics::flush();
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http::new(self.plugin.as_ref())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
