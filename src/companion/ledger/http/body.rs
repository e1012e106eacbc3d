//! A request's body: JSON, bounded in size and in time.
use core::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use super::problem::ProblemDetails;
use crate::json::{Document, Limits};

/// The largest body that is read, in bytes: a thousand settlements take less than half of it.
pub(super) const LARGEST: usize = 1 << 20;

/// How many bytes of a larger body are read and dropped, so that its sender gets the refusal
/// instead of a connection reset.
const SWALLOWED: usize = 16 << 20;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A body with the content type of JSON.
///
/// The content type is required: a web page can make a browser send a body to another site
/// without asking first, but not one of this type.
#[derive(Debug)]
pub(super) struct Json(Bytes);

impl Json {
    pub(super) fn document(&self) -> Result<Document<'_>, ProblemDetails> {
        Document::parse(&self.0, Limits::default())
            .map_err(|syntax| ProblemDetails::syntax(&syntax))
    }
}

impl<S: Sync> FromRequest<S> for Json {
    type Rejection = ProblemDetails;

    async fn from_request(request: Request, _: &S) -> Result<Self, ProblemDetails> {
        let typed = is_json(request.headers());
        let bytes = match timeout(BODY_TIMEOUT, gather(request)).await {
            Ok(bytes) => bytes?,
            Err(_) => return Err(ProblemDetails::timeout()),
        };
        if typed { Ok(Self(bytes)) } else { Err(ProblemDetails::unsupported_media_type()) }
    }
}

async fn gather(request: Request) -> Result<Bytes, ProblemDetails> {
    let mut body = request.into_body();
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ProblemDetails::bad("the body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= LARGEST {
            bytes.extend_from_slice(&data);
        } else if length > SWALLOWED {
            break;
        }
    }
    if length > LARGEST { Err(ProblemDetails::too_large(LARGEST)) } else { Ok(bytes.into()) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
