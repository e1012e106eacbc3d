//! Questions to a judge, through the gateway: some at once, each some times where it is busy.
use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::judge::{Verdict, quality, question, verdict};
use super::record::Said;

/// How long a judge may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is asked the same where it is busy, and what is waited at first: twice as long each
/// time, or what it says.
const TRIES: u32 = 4;
const WAIT: Duration = Duration::from_secs(1);
const WAIT_MOST: Duration = Duration::from_secs(60);

/// The largest answer, in bytes.
const LARGEST: usize = 1 << 20;

/// After so many pairs in a row that nobody could judge, the judge is asked no more.
const FAILED_MOST: usize = 5;

/// A judge.
#[derive(Debug)]
pub struct Judge {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: Uri,
    key: Option<String>,
    model: String,
}

/// A pair to be judged.
#[derive(Debug)]
pub struct Job {
    /// Its place among all.
    pub place: usize,
    pub request: String,
    pub premium: Said,
    pub budget: Said,
    /// Whether the premium answer stands first when it is asked for the first time.
    pub premium_first: bool,
}

/// What became of a pair.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// The quality of the budget model's answer.
    Quality(f64),
    /// The judge gave no verdict.
    NoVerdict,
    /// The judge does not take this question, or did not answer: why.
    Unanswered(String),
}

/// What the judge has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    pub requests: u64,
    pub input: u64,
    pub output: u64,
}

/// Why nobody is asked any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped(pub String);

/// Why one question has no answer.
enum Failure {
    /// The next one may have one.
    One(String),
    /// No other will, either.
    All(String),
}

impl Judge {
    /// A judge behind a gateway at this URL; `key` is what the gateway knows its caller by.
    ///
    /// # Errors
    /// Where that is no URL of a gateway.
    pub fn new(gateway: &str, key: Option<String>, model: &str) -> Result<Self, String> {
        let base = gateway.trim_end_matches('/');
        let base = base.strip_suffix("/v1").unwrap_or(base);
        let uri: Uri = format!("{base}/v1/chat/completions").parse().map_err(|_| {
            format!("expected a URL such as http://127.0.0.1:10000, got `{gateway}`")
        })?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            return Err(format!("expected a URL such as http://127.0.0.1:10000, got `{gateway}`"));
        }
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let client =
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Ok(Self { client, uri, key, model: model.to_owned() })
    }

    /// Judges one pair: twice, with the answers exchanged.
    async fn judge(&self, job: &Job, used: &mut Used) -> Result<Judged, Failure> {
        let mut said = [None, None];
        for (place, premium_first) in [job.premium_first, !job.premium_first].iter().enumerate() {
            let (first, second) = match premium_first {
                true => (&job.premium, &job.budget),
                false => (&job.budget, &job.premium),
            };
            let body = Bytes::from(question(&self.model, &job.request, first, second));
            let Some(verdict) = verdict(&self.answer(body, used).await?) else {
                return Ok(Judged::NoVerdict);
            };
            if let Some(place) = said.get_mut(place) {
                *place = Some(verdict);
            }
        }
        let [Some(one), Some(two)] = said else { return Ok(Judged::NoVerdict) };
        let (first, second): (Verdict, Verdict) =
            if job.premium_first { (one, two) } else { (two, one) };
        Ok(Judged::Quality(quality(first, second)))
    }

    /// A judge's answer to one question.
    async fn answer(&self, body: Bytes, used: &mut Used) -> Result<String, Failure> {
        let mut wait = WAIT;
        let mut why = String::new();
        for tried in 1..=TRIES {
            let mut hinted = None;
            match timeout(PATIENCE, self.ask(body.clone())).await {
                Err(_) => why = format!("no answer within {} s", PATIENCE.as_secs()),
                Ok(Err(error)) => why = error,
                Ok(Ok((200, _, body))) => return read(&body, used),
                Ok(Ok((status, headers, body))) => {
                    why = format!("{status}: {}", told(&body));
                    match status {
                        401..=404 => return Err(Failure::All(why)),
                        408 | 425 | 429 | 500.. => hinted = hint(&headers),
                        _ => return Err(Failure::One(why)),
                    }
                }
            }
            if tried < TRIES {
                sleep(hinted.unwrap_or(wait).min(WAIT_MOST)).await;
                wait = wait.saturating_mul(2);
            }
        }
        Err(Failure::One(why))
    }

    async fn ask(&self, body: Bytes) -> Result<(u16, HeaderMap, Bytes), String> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.uri.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("tradewind-label/", env!("CARGO_PKG_VERSION")));
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        let request = request.body(Full::new(body)).map_err(|why| why.to_string())?;
        let answer = self.client.request(request).await.map_err(|why| chain(&why))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|why| why.to_string())?;
        Ok((head.status.as_u16(), head.headers, body.to_bytes()))
    }
}

/// Judges pairs, some at once, and tells each as it is judged. What was used is told as well where
/// it stops.
pub async fn judge_all(
    judge: Judge,
    jobs: Vec<Job>,
    at_once: usize,
    mut told: impl FnMut(usize, Judged),
) -> (Used, Result<(), Stopped>) {
    let (judge, mut jobs) = (Arc::new(judge), VecDeque::from(jobs));
    let (mut running, mut used, mut failed) = (JoinSet::new(), Used::default(), 0_usize);
    let mut stopped = None;
    loop {
        while stopped.is_none()
            && running.len() < at_once.max(1)
            && let Some(job) = jobs.pop_front()
        {
            let judge = Arc::clone(&judge);
            running.spawn(async move {
                let mut used = Used::default();
                let judged = judge.judge(&job, &mut used).await;
                (job.place, judged, used)
            });
        }
        let Some(done) = running.join_next().await else { break };
        let Ok((place, judged, own)) = done else {
            stopped = Some(Stopped("a question to the judge broke off".to_owned()));
            continue;
        };
        used = used.and(own);
        match judged {
            Ok(judged) => {
                failed = 0;
                told(place, judged);
            }
            Err(Failure::One(why)) => {
                failed = failed.saturating_add(1);
                if failed >= FAILED_MOST {
                    let message = format!("{failed} pairs in a row could not be judged: {why}");
                    stopped = stopped.or(Some(Stopped(message)));
                }
                told(place, Judged::Unanswered(why));
            }
            Err(Failure::All(why)) => stopped = stopped.or(Some(Stopped(why))),
        }
    }
    (used, stopped.map_or(Ok(()), Err))
}

impl Used {
    const fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
        }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads an answer.
fn read(body: &[u8], used: &mut Used) -> Result<String, Failure> {
    let answer: Value = serde_json::from_slice(body)
        .map_err(|error| Failure::All(format!("the gateway answers with no JSON: {error}")))?;
    let tokens = |name: &str| answer.pointer(name).and_then(Value::as_u64).unwrap_or_default();
    let own = Used {
        requests: 1,
        input: tokens("/usage/prompt_tokens"),
        output: tokens("/usage/completion_tokens"),
    };
    *used = used.and(own);
    let text = answer.pointer("/choices/0/message/content").and_then(Value::as_str);
    Ok(text.unwrap_or_default().to_owned())
}

/// What an error's body says.
fn told(body: &[u8]) -> String {
    let error: Option<Value> = serde_json::from_slice(body).ok();
    let message = error.as_ref().and_then(|own| own.pointer("/error/message")?.as_str());
    let text = message.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    text.chars().take(300).collect()
}

fn hint(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// An error and its causes.
fn chain(error: &dyn core::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
