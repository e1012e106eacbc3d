//! What the operator's collector is told of a request: what was asked, and what was answered.
use std::rc::Rc;

use super::super::line::Line;
use super::super::{Call, CallId, Purpose, Report};
use super::Parcel;
use crate::json::Writer;
use crate::policy::Collector;

/// How long a collector may take, in milliseconds.
const TIMEOUT_MS: u64 = 10_000;

/// What is known of a request before it runs.
#[derive(Debug)]
pub(in super::super) struct Record {
    pub(in super::super) collector: Rc<Collector>,
    pub(in super::super) request_id: String,
    /// The id of the request that it is a copy of.
    pub(in super::super) copy_of: Option<String>,
    /// The name of a route that the app asks for, without the choice that it may have behind it.
    pub(in super::super) route: String,
    /// Who is charged.
    pub(in super::super) tenant: String,
    pub(in super::super) client: &'static str,
}

impl Record {
    /// The record of an answered request, to be sent; `request` is the app's body, for its own
    /// request alone.
    pub(super) fn parcel(
        &self,
        experiment: &Rc<str>,
        request: Option<&[u8]>,
        answered: &Report,
        line: &Line,
    ) -> Parcel {
        let endpoint = &self.collector.endpoint;
        let path = if endpoint.prefix.is_empty() { "/" } else { &endpoint.prefix };
        let call = Call {
            id: CallId { purpose: Purpose::Record, number: 0 },
            cluster: self.collector.cluster.clone(),
            authority: endpoint.authority(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: self.json(experiment, request, answered, line.credits()),
            timeout_ms: TIMEOUT_MS,
        };
        Parcel { call, experiment: Rc::clone(experiment), load: None }
    }

    fn json(
        &self,
        experiment: &str,
        request: Option<&[u8]>,
        answered: &Report,
        credits: Option<&str>,
    ) -> Vec<u8> {
        let mut json = Writer::after(Vec::with_capacity(1024));
        json.object(|json| {
            json.key("request_id").string(&self.request_id);
            self.copy_of.iter().for_each(|of| json.key("shadow_of").string(of));
            json.key("experiment").string(experiment);
            json.key("route").string(&self.route);
            json.key("tenant").string(&self.tenant);
            json.key("model").string(&answered.model);
            json.key("client").string(self.client);
            // It has been read, so it is a JSON text.
            let request = request.and_then(|body| core::str::from_utf8(body).ok());
            request.iter().for_each(|body| json.key("request").raw(body));
            json.key("answer").object(|json| answer(json, answered));
            if let Some(usage) = answered.used.reported {
                json.key("usage").object(|json| {
                    json.key("input").number(usage.input_total());
                    json.key("output").number(usage.output);
                });
            }
            credits.iter().for_each(|credits| json.key("credits").string(credits));
        });
        json.finish()
    }
}

/// The answer; its words where there are not too many to be kept.
fn answer(json: &mut Writer, answered: &Report) {
    let Some(said) = &answered.said else { return };
    match &said.words {
        Some(words) => {
            json.key("text").string(&words.text);
            json.key("calls").array(|json| {
                for (name, arguments) in &words.calls {
                    json.object(|json| {
                        json.key("name").string(name);
                        json.key("arguments").string(arguments);
                    });
                }
            });
        }
        None => json.key("truncated").boolean(true),
    }
    json.key("finish").string(&said.finish);
}
